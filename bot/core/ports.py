"""Everything the rooms need of each other, as protocols.

One method of a state port is one transaction. Unless a docstring says more, a
method raises `Unavailable` when what is behind it does not answer.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from collections.abc import (
    Set as AbstractSet,
)
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from bot.core.access import Access, Principal
from bot.core.model import (
    Chunk,
    ChunkId,
    ChunkRecord,
    ConversationId,
    DocumentId,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Hit,
    Language,
    LiveDocument,
    Outcome,
    Profile,
    Revision,
    RunId,
    Turn,
    Vector,
)
from bot.core.sync import (
    Failure,
    Known,
    SourceStatus,
    Staged,
    SyncReport,
    SyncRun,
)

# --- index -------------------------------------------------------------------


class PassageIndex(Protocol):
    """Reads one generation of the index, always as somebody.

    Only chunks whose indexed access layers are all met by `principals` are
    returned; without principals nothing is, and no call is made. Hits come best
    first, ties by chunk id; if `limit` permitted matches exist, `limit` come back.
    The index is not the authority: what it returns is checked against `Catalogue`.
    """

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """BM25 (k1 1.2, b 0.75) over the token column; no tokens, no hits."""

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        """Cosine similarity; chunks without a vector are not found.

        Raises `ConfigError` for a vector of another dimension.
        """

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        """The permitted chunks of one revision with these ordinals, in order."""


Kept: TypeAlias = Callable[[Collection[Revision]], Awaitable[AbstractSet[Revision]]]
"""Asks the catalogue which of these revisions are live or staged now."""


class ChunkStore(Protocol):
    """Writes one generation of the index; one writer at a time.

    Raises `ReadOnly` where the store refuses writes and `PartialWrite` where some
    of a batch was not stored; every call may be repeated.
    """

    async def put(
        self, generation: Generation, records: Sequence[ChunkRecord], /
    ) -> None:
        """Add chunks and touch no other id; the same id again replaces its row.

        Visible to readers on return. Raises `ConfigError`, storing nothing, for a
        vector of another dimension or one that is not finite and non-zero.
        """

    async def missing(
        self, generation: Generation, ids: Collection[ChunkId], /
    ) -> frozenset[ChunkId]:
        """Which of these chunks are not stored."""

    async def set_access(
        self, generation: Generation, access: Mapping[DocumentId, Access], /
    ) -> int:
        """Change who finds the chunks of these documents; returns chunks changed."""

    async def collect(
        self, generation: Generation, revisions: Collection[Revision], /, *, kept: Kept
    ) -> int:
        """Delete the chunks of those revisions that `kept` does not name.

        `kept` is asked before every deletion. Returns the chunks deleted.
        """


class IndexGenerations(Protocol):
    """Makes, walks and keeps up the physical generations; all are idempotent."""

    async def create(self, generation: Generation, /) -> None:
        """Make room for a generation; an existing one is left as it is.

        Raises `ConfigError` where its room holds something else.
        """

    async def drop(self, generation: GenerationId, /) -> None:
        """Delete a generation with all its chunks."""

    def scan(
        self, generation: Generation, /
    ) -> AsyncIterator[tuple[ChunkId, Revision]]:
        """Walk every stored chunk, in no order."""

    async def maintain(self, generation: Generation, /) -> None:
        """Compact and index what has been written since the last time."""


# --- models ------------------------------------------------------------------


class Embedder(Protocol):
    """Turns texts into vectors, with the prefixes that its model wants."""

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out; asks the host.

        Raises `ConfigError` for a model that is missing or served from a cloud.
        """

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None where the model rejects the text."""

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for."""


class Role(StrEnum):
    """Who says a message of the prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """The model that writes; `context` and `output` are its limits in tokens."""

    model: str
    digest: str
    context: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of text as it comes from the model; never empty."""

    text: str


class Ending(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    OUTPUT_LIMIT = "output_limit"
    CONTEXT_LIMIT = "context_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The last thing a generation yields."""

    ending: Ending
    prompt_tokens: int
    output_tokens: int


class LanguageModel(Protocol):
    """Writes text, token by token."""

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes.

        Raises `ConfigError` for a model that is missing or served from a cloud.
        """

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text, rather too many than too few."""

    def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncIterator[Token | Completion]:
        """Stream the model's text and end with a `Completion`.

        Closing the iterator frees the model. Nothing of the prompt is ever cut in
        silence: `ContextOverflow` is raised instead, before the first token.
        Raises `Unavailable` before the first token and `Interrupted` after it.
        """


# --- state -------------------------------------------------------------------


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


class Generations(Protocol):
    """Which builds of the index there are, and which one answers."""

    async def active(self) -> Generation | None:
        """Return the generation that answers questions; None before the first sync."""

    async def create(self, spec: GenerationSpec, /) -> Generation:
        """Register a new generation that is not active."""

    async def activate(
        self, generation: GenerationId, /, *, expected: GenerationId | None
    ) -> None:
        """Make a generation the active one; `Conflict` unless `expected` is."""

    async def set_alpha(
        self, generation: GenerationId, alpha: Mapping[Language, float], /
    ) -> None:
        """Record the weight of the vector leg that the probe found.

        Languages that are not named keep what was found before.
        """

    async def spare(self) -> Sequence[Generation]:
        """Return what was neither activated nor retired, or is active no more."""

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
    """Threads and what was said in them."""

    async def turns(
        self, conversation: ConversationId, /, *, limit: int
    ) -> tuple[Turn, ...]:
        """Return the last answered turns, oldest first."""

    async def record(
        self,
        conversation: ConversationId,
        question: str,
        turn: Turn,
        /,
        *,
        outcome: Outcome,
    ) -> None:
        """Store how the question with this id ended; a second time changes nothing."""
