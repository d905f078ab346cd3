"""Remembers the date of the last export, so that an older one is noticed."""

import json
from datetime import datetime

from connectors.errors import SourceUnavailable

_FORMAT = 1


def checkpoint_of(written_at: datetime | None, before: str | None, /) -> str | None:
    """Return what to remember; an export without a date leaves it as it was."""
    if written_at is None:
        last = _date_in(before)
        return before if last else None
    return json.dumps({"format": _FORMAT, "written_at": written_at.isoformat()})


def check_age(written_at: datetime | None, checkpoint: str | None, /) -> None:
    """Raise `SourceUnavailable` for an export that is older than the last one."""
    last = _date_in(checkpoint)
    if written_at and last and written_at < last:
        raise SourceUnavailable(
            f"the export of {written_at} is older than the one of {last} that was "
            "read before; put the newer one in its place, or set "
            "options.allow_older = true"
        )


def _date_in(checkpoint: str | None) -> datetime | None:
    try:
        stored = json.loads(checkpoint or "{}")
        if stored["format"] != _FORMAT:
            return None
        return datetime.fromisoformat(stored["written_at"]).replace(tzinfo=None)
    except (ValueError, TypeError, KeyError):
        return None
