"""What a sync will do: the pure difference between a listing and the ledger."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.access import DENY, NOBODY, PUB, Access, principal
from bot.core.model import DocumentId, document_id
from bot.core.sync import Failure, Known
from connectors.api import Entry, Failed, Layers

GUARD_FLOOR = 20
GUARD_SHARE = 0.10
"""A run may remove, or open to everybody, max(20, 10 %) of a source unasked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything a source listed; `complete` only if nothing can be missing."""

    entries: Mapping[DocumentId, Entry]
    failures: tuple[Failure, ...]
    complete: bool
    detail: str | None = None
    warnings: "Counter[str]" = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """The work of one run. A document can be fetched and change its access too.

    `tighten` is applied before anything else and `widen` after everything else;
    `reindex` holds accesses that the catalogue has and the index lacks.
    """

    fetch: tuple[tuple[DocumentId, Entry], ...]
    resume: Mapping[DocumentId, int]
    tighten: Mapping[DocumentId, Access]
    widen: Mapping[DocumentId, Access]
    reindex: Mapping[DocumentId, Access]
    remove: tuple[DocumentId, ...]
    added: frozenset[DocumentId]
    unchanged: int
    waiting: int
    live: int


def listing(
    source: str, listed: Iterable[Entry | Failed], *, error: str | None = None
) -> Listing:
    """Sort what was listed; `error` says why the listing broke off, if it did."""
    entries: dict[DocumentId, Entry] = {}
    failures: list[Failure] = []
    warnings: Counter[str] = Counter()
    placeless = False
    for item in listed:
        if isinstance(item, Failed):
            failures.append(failure(source, item))
            placeless = placeless or item.id is None
            continue
        key = document_id(source, item.id)
        if key in entries:
            warnings["duplicate_id"] += 1
        entries.setdefault(key, item)
    if placeless and error is None:
        error = "some of the source could not be listed, so nothing is removed"
    return Listing(
        entries=entries,
        failures=tuple(failures),
        complete=error is None,
        detail=error,
        warnings=warnings,
    )


def failure(source: str, failed: Failed, *, version: str | None = None) -> Failure:
    """Return a connector's failure in the words of the ledger."""
    return Failure(
        what=failed.what,
        reason=failed.reason,
        detail=failed.detail,
        document=None if failed.id is None else document_id(source, failed.id),
        version=version,
    )


def access_of(layers: Layers) -> Access:
    """Return the access that a connector's layers mean; unknown is nobody."""
    if not layers:
        return NOBODY
    try:
        return Access(
            layers=tuple(
                frozenset(DENY if name == DENY else principal(name) for name in layer)
                for layer in layers
            )
        )
    except ValueError:
        return NOBODY


def plan(
    listed: Listing, known: Mapping[DocumentId, Known], *, now: datetime
) -> SyncPlan:
    """Return what is to do. Without a complete listing nothing is removed."""
    fetch: list[tuple[DocumentId, Entry]] = []
    resume: dict[DocumentId, int] = {}
    unchanged = waiting = 0
    for key, entry in listed.entries.items():
        row = known.get(key)
        if row is None:
            fetch.append((key, entry))
        elif row.revision is not None and row.version == entry.version:
            unchanged += 1
        elif row.staged is not None and row.staged_version == entry.version:
            resume[key] = row.staged
        elif _must_wait(row, entry, now):
            waiting += 1
        else:
            fetch.append((key, entry))
    live = {key: row for key, row in known.items() if row.revision is not None}
    tighten, widen, reindex = _accesses(listed.entries, live)
    return SyncPlan(
        fetch=tuple(fetch),
        resume=resume,
        tighten=tighten,
        widen=widen,
        reindex=reindex,
        remove=_removals(listed, known) if listed.complete else (),
        added=frozenset(key for key in listed.entries if key not in live),
        unchanged=unchanged,
        waiting=waiting,
        live=len(live),
    )


def exceeds_guard(count: int, live: int) -> bool:
    """Whether so many of `live` documents may not change without being asked for."""
    return count > max(GUARD_FLOOR, GUARD_SHARE * live)


def held_removals(
    remove: Sequence[DocumentId],
    *,
    live: int,
    listed: int,
    moved: Collection[DocumentId] = (),
) -> str | None:
    """Say why removals must be approved, or return None.

    Documents whose content appeared elsewhere in the same run do not count.
    """
    lost = [key for key in remove if key not in moved]
    if remove and listed == 0:
        return f"the source is empty, {live} documents would be removed"
    if exceeds_guard(len(lost), live):
        return f"{len(lost)} of {live} documents would be removed"
    return None


def opened(widen: Mapping[DocumentId, Access]) -> frozenset[DocumentId]:
    """Return those of the widenings that end in everybody inside seeing them."""
    return frozenset(key for key, access in widen.items() if access.permits({PUB}))


def _must_wait(row: Known, entry: Entry, now: datetime) -> bool:
    return (
        row.failed_version == entry.version
        and row.retry_at is not None
        and now < row.retry_at
    )


def _removals(
    listed: Listing, known: Mapping[DocumentId, Known]
) -> tuple[DocumentId, ...]:
    unreadable = {failed.document for failed in listed.failures}
    return tuple(
        key for key in known if key not in listed.entries and key not in unreadable
    )


def _accesses(
    entries: Mapping[DocumentId, Entry], live: Mapping[DocumentId, Known]
) -> tuple[
    dict[DocumentId, Access], dict[DocumentId, Access], dict[DocumentId, Access]
]:
    tighten: dict[DocumentId, Access] = {}
    widen: dict[DocumentId, Access] = {}
    reindex: dict[DocumentId, Access] = {}
    for key, row in live.items():
        entry = entries.get(key)
        wanted = row.access if entry is None else access_of(entry.layers)
        # Whoever loses the right loses it now; whoever gains it waits until the
        # content that was meant for them is live.
        narrowed = row.access.narrowed(wanted)
        if narrowed != row.access:
            tighten[key] = narrowed
        if narrowed != wanted:
            widen[key] = wanted
        if wanted == row.access and row.indexed_access != wanted.digest():
            reindex[key] = wanted
    return tighten, widen, reindex
