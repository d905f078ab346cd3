"""The state database, which is the authority on what may be shown."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.access import Access, Principal
from bot.core.model import (
    ConversationId,
    DocumentId,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    LiveDocument,
    Revision,
    RunId,
    Turn,
    Vector,
)
from bot.core.sync import (
    Failure,
    GenerationStatus,
    Known,
    SourceStatus,
    Staged,
    SyncReport,
    SyncRun,
)


class Catalogue(Protocol):
    """What may be shown now: the authority over the index."""

    async def live(
        self, generation: GenerationId, documents: Collection[DocumentId], /
    ) -> Mapping[DocumentId, LiveDocument]:
        """The live state of these documents; what is not live is left out."""

    async def principals(self) -> frozenset[Principal]:
        """Every principal that some live document's access names, but for `deny`."""

    async def sources(self) -> Sequence[SourceStatus]:
        """How every source that was ever synced stands."""


class Shelves(Protocol):
    """What there is to read, for people who want to know what they can ask about."""

    async def sources(self) -> Sequence[SourceStatus]:
        """How every source that was ever synced stands."""

    async def rights(self) -> Mapping[str, Collection[Access]]:
        """Return what the live documents of every source ask of who reads them.

        Each access once; a source with nothing live is left out.
        """


class ActiveGeneration(Protocol):
    """Which build of the index answers."""

    async def active(self) -> Generation | None:
        """Return the generation that answers questions; None before the first sync."""


class Generations(ActiveGeneration, Protocol):
    """Which builds of the index there are, and which one answers."""

    async def begun(self, generation: GenerationId, /) -> datetime:
        """Say when a generation was registered; `Conflict` for one that never was."""

    async def create(self, spec: GenerationSpec, /) -> Generation:
        """Register a new generation that is not active."""

    async def activate(
        self,
        generation: GenerationId,
        /,
        *,
        expected: GenerationId | None,
        replaced: str | None = None,
    ) -> None:
        """Make a generation the active one; `Conflict` unless `expected` is.

        `replaced` says why the one that answered until now must not be used again;
        without it that one may be gone back to.
        """

    async def set_alpha(
        self, generation: GenerationId, alpha: Mapping[Language, float], /
    ) -> None:
        """Record the weight of the vector leg that the probe found.

        Languages that are not named keep what was found before.
        """

    async def spare(self) -> Sequence[Generation]:
        """Return what was neither activated nor retired, or is active no more."""

    async def builds(self) -> Sequence[GenerationStatus]:
        """Say of the active one and the spare ones how they stand, oldest first."""

    async def retire(self, generation: GenerationId, /) -> None:
        """Forget what a generation holds; its id is never used again.

        A second time changes nothing. Raises `Conflict` for the active one.
        """


class Runs(Protocol):
    """Sync runs; at most one of a source is open."""

    async def begin(
        self, source: str, /, *, generation: GenerationId, now: datetime
    ) -> RunId:
        """Open a run. An open run of the source is fenced off and cancelled."""

    async def finish(
        self,
        run: RunId,
        report: SyncReport,
        /,
        *,
        checkpoint: str | None,
        now: datetime,
    ) -> None:
        """Close a run; a checkpoint of None leaves the last one."""

    async def checkpoint(self, source: str, /) -> str | None:
        """Return what the source's last complete run left for the next one."""

    async def recent(self, source: str, /, *, limit: int) -> Sequence[SyncRun]:
        """Return the newest runs of a source, newest first."""


class Ledger(Protocol):
    """Writes what the sources hold; every method raises `Conflict` once fenced off.

    Revisions move `stage` → `publish`; a document changes whole or not at all.
    """

    async def known(self, run: RunId, /) -> Mapping[DocumentId, Known]:
        """Everything the ledger holds of the run's source, removed ones left out."""

    async def stage(
        self, run: RunId, documents: Sequence[Staged], /
    ) -> Mapping[DocumentId, int]:
        """Store new states and return their revisions.

        The same content staged again keeps its revision; other content abandons
        the earlier staged revision. Counters never go back, not even for a
        document that was removed and comes again.
        """

    async def publish(
        self, run: RunId, documents: Mapping[DocumentId, bool], /
    ) -> None:
        """Make staged revisions live; the value says whether all have vectors.

        The index must hold them under the access they were staged with. At most
        200 documents a call. A document that was live keeps its access. Raises
        `Conflict`, publishing nothing, where no revision is staged.
        """

    async def touch(self, run: RunId, documents: Sequence[Staged], /) -> None:
        """Take over version, link, dates and labels where the content is the same.

        A revision that was staged meanwhile is abandoned. Documents that are not
        live, or live with other content, are left as they are.
        """

    async def set_access(
        self, run: RunId, access: Mapping[DocumentId, Access], /
    ) -> None:
        """Change who may see documents, at once, in every generation."""

    async def remove(self, run: RunId, documents: Collection[DocumentId], /) -> None:
        """Hide documents at once, in every generation; their revisions are garbage."""


class Projection(Protocol):
    """What the ledger knows of one generation of the index, and what is left in it."""

    async def indexed(
        self,
        generation: GenerationId,
        /,
        *,
        access: Mapping[DocumentId, str] | None = None,
        embedded: Collection[Revision] = (),
    ) -> None:
        """Record access digests that the index now filters by, and full vectors."""

    async def staged(self, revision: Revision, /) -> Staged | None:
        """Return one stored state with its Markdown; None when it is gone.

        Its `access` is what the catalogue enforces, if the revision is live, and
        what it was staged with before.
        """

    async def states(
        self, revisions: Collection[Revision], /
    ) -> Mapping[Revision, Staged]:
        """Return what `staged` returns of each; those that are gone are left out."""

    def live(self, generation: GenerationId, /) -> AsyncIterator[Revision]:
        """Walk the live revisions of a generation, ordered by document."""

    async def adopt(
        self,
        generation: GenerationId,
        revisions: Mapping[Revision, tuple[str, bool]],
        /,
    ) -> None:
        """Show revisions that are live elsewhere in this generation too.

        Its index holds them already, under the access with this digest; the flag
        says whether all have vectors. What is live nowhere any more becomes garbage.
        """

    async def behind(
        self, generation: GenerationId, /, *, of: GenerationId, vectors: bool
    ) -> Sequence[Revision]:
        """Return what is live in `of` and is not so in this generation, by document.

        That is: not the same revision, or not indexed under the access that counts
        now; with `vectors` also what lacks some in this generation.
        """

    async def unembedded(
        self, generation: GenerationId, /, *, source: str, limit: int
    ) -> Sequence[Revision]:
        """Return live revisions of a source that lack vectors, by document."""

    async def pending(self, generation: GenerationId, /, *, source: str) -> int:
        """Count the live documents of a source that lack vectors."""

    async def kept(
        self, generation: GenerationId, revisions: Collection[Revision], /
    ) -> frozenset[Revision]:
        """Which of these revisions are live or staged in the generation now."""

    async def garbage(
        self, generation: GenerationId, /, *, limit: int
    ) -> Sequence[Revision]:
        """Return revisions that are neither, and whose chunks may still be stored."""

    async def collected(
        self, generation: GenerationId, revisions: Collection[Revision], /
    ) -> None:
        """Forget garbage whose chunks are gone."""


class Quarantine(Protocol):
    """Remembers what could not be read, so that it is retried later and later."""

    async def failed(
        self, run: RunId, failures: Sequence[Failure], /, *, now: datetime
    ) -> None:
        """Count one more failure of each document; what is live stays live."""


class VectorCache(Protocol):
    """Vectors by a key that names model, prefixes and the exact text; a file apart."""

    async def get(self, keys: Collection[str], /) -> Mapping[str, Vector]:
        """Return those that are stored."""

    async def put(self, vectors: Mapping[str, Vector], /) -> None:
        """Store vectors; a key always has the same vector."""


class Conversations(Protocol):
    """Threads and what was said in them; `Claims.finish` adds to them."""

    async def turns(
        self, conversation: ConversationId, /, *, limit: int
    ) -> tuple[Turn, ...]:
        """Return the last answered turns, oldest first."""

    async def begun(self, conversation: ConversationId, /) -> bool:
        """Say whether a question of the conversation was ever accepted."""


class Lease(Protocol):
    """The right to serve, which one process has at a time, and only for a while.

    It must be renewed long before it ends. Whoever loses it learns so too late to
    undo what is under way: nothing may begin that could outlast it.
    """

    async def acquire(self) -> bool:
        """Take the lease unless another has it; false while one does.

        One that was not renewed in time is free. Who has it already keeps it, for
        longer.
        """

    async def renew(self) -> None:
        """Have the lease for longer; `Conflict` once it is not ours any more."""

    def covers(self, seconds: float, /) -> bool:
        """Say whether what takes so long, begun now, ends before the lease does."""

    async def release(self) -> None:
        """Let another take the lease at once; a second time changes nothing."""
