"""What a sync knows, stages and reports: the values that cross the Ledger port."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.access import Access
from bot.core.model import DocumentId, Generation, Language, Link, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger holds of one document, in one generation.

    `version` is the source's token of the last state that was published (or found
    equal to it). `content` is the hash of the live revision. `access` is what the
    catalogue enforces now, `indexed_access` the digest of what the index filters
    by; `embedded` whether every chunk of the live revision has its vector. A
    document that was never published has no `revision`; `staged` is the revision
    that a killed run left behind, with its content hash. After a failure to read
    `failed_version`, that version is not tried again before `retry_at`.
    """

    document: DocumentId
    version: str | None
    content: str | None
    access: Access
    revision: int | None = None
    indexed_access: str | None = None
    embedded: bool = False
    staged: int | None = None
    staged_content: str | None = None
    staged_version: str | None = None
    attempts: int = 0
    retry_at: datetime | None = None
    failed_version: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One fetched and parsed state of a document, on its way to publication.

    `content` hashes what is indexed: title, path and Markdown. `access` is what
    the source wants; publication never widens what the catalogue enforces.
    """

    document: DocumentId
    version: str
    content: str
    markdown: str
    access: Access
    title: str
    language: Language
    path: tuple[str, ...] = ()
    link: Link = field(default_factory=Link)
    updated_at: datetime | None = None
    reviewed: bool = False
    author: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing of a source that could not be read, and why.

    `version` is that of the entry which failed: another version is tried at once.
    """

    what: str
    reason: str
    detail: str
    document: DocumentId | None = None
    version: str | None = None


class RunState(StrEnum):
    """How a sync run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    HELD = "held"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a run did, in documents unless said otherwise.

    `denied` counts what was listed and nobody may read. `held` says what the guards
    kept back, in words; `embedded` and `cached` count chunks whose vectors were
    computed or found in the cache, `pending` those that still lack one.
    """

    source: str
    state: RunState
    listed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    access_changed: int = 0
    unchanged: int = 0
    denied: int = 0
    fetched: int = 0
    chunks_written: int = 0
    embedded: int = 0
    cached: int = 0
    pending: int = 0
    failures: tuple[Failure, ...] = ()
    held: tuple[str, ...] = ()
    warnings: "Counter[str]" = field(default_factory=Counter)
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """A run as the state database remembers it; an open one has no `finished_at`."""

    id: RunId
    source: str
    started_at: datetime
    finished_at: datetime | None
    state: RunState
    report: SyncReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStatus:
    """How one build of the index stands beside the one that answers.

    `documents` are live in it; `behind` counts those of the active one that it does
    not show as they are now. `synced` says whether a sync ever wrote to it, which
    it does to the active one only.
    """

    generation: Generation
    created_at: datetime
    active: bool
    documents: int
    behind: int
    synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source stands: what is live of it and when it was last read whole."""

    source: str
    documents: int
    pending_vectors: int
    failing: int
    last_run: SyncRun | None
    last_success: datetime | None
