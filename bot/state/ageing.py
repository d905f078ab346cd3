"""How far it is believed who may see a document, by when its source was last read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.core.access import OPEN, PUB
from bot.core.model import LiveDocument
from bot.state.schema import Clock

LONGEST: Final = timedelta(days=7)
"""After that a source of which rights age is not used at all."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """For how long after a source was read whole its rights count, source by source.

    After that only what is open inside is used, and after a week, or that time if it
    is longer, nothing. The rights of other sources do not age.
    """

    valid: Mapping[str, timedelta] = field(default_factory=dict)
    clock: Clock = _now

    def seen(
        self, document: LiveDocument, read: datetime | None, /
    ) -> LiveDocument | None:
        """Return a document as it may be seen now; None where nobody may."""
        valid = self.valid.get(document.source)
        if valid is None:
            return document
        # What was never read whole is told to who is inside, as what was long ago.
        age = valid if read is None else self.clock() - read
        if read is not None and age <= valid:
            return document
        if age > max(valid, LONGEST) or not document.access.permits(frozenset({PUB})):
            return None
        return replace(document, access=OPEN)
