"""The words of the house as types.

Each stage of a document has a type: an Entry listed and a Document fetched (both in
`connectors.api`), a Section parsed, a Chunk stored, a Passage found, a Citation shown.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NewType, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from bot.core.access import Access, Audience
from bot.core.thread import Thread

DocumentId = NewType("DocumentId", str)
"""`<source>:<the source's own id>`; stable through renames and moves."""

ChunkId = NewType("ChunkId", str)
GenerationId = NewType("GenerationId", str)
ConversationId = NewType("ConversationId", str)
RunId = NewType("RunId", str)

Revision: TypeAlias = tuple[DocumentId, int]
"""One state of one document; the counter never goes back."""

if TYPE_CHECKING:
    Vector: TypeAlias = array[float]
else:
    Vector = array  # generic from Python 3.12 on
"""float32 (`array('f')`), L2-normalised, finite and not zero."""


class Language(StrEnum):
    """The languages the bot speaks."""

    JA = "ja"
    EN = "en"


def document_id(source: str, native: str, /) -> DocumentId:
    """Return the id of the document that `source` calls `native`."""
    return DocumentId(f"{source}:{native}")


def source_of(document: DocumentId, /) -> str:
    """Return the name of the source a document comes from."""
    return document.partition(":")[0]


def chunk_id(document: DocumentId, revision: int, ordinal: int, /) -> ChunkId:
    """Return the id of a chunk; the same chunk of another revision has another."""
    return ChunkId(str(uuid5(NAMESPACE_URL, f"{document}|{revision}|{ordinal}")))


# --- documents ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A range of lines in the document's Markdown, from 1, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a parsed document under one heading.

    `text` is Markdown without the heading itself; `lines` covers heading and text.
    """

    heading_path: tuple[str, ...]
    text: str
    lines: Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What the index keeps of a document.

    `ordinal` counts the chunks of one revision from 0, `section` its sections;
    chunks of equal (document, revision, section) were one section. `text` is
    shown; what is searched and embedded is `title › heading path` and text.
    """

    id: ChunkId
    document: DocumentId
    revision: int
    ordinal: int
    section: int
    title: str
    heading_path: tuple[str, ...]
    text: str
    language: Language
    lines: Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRecord:
    """A chunk with what makes it findable.

    `tokens` come from the generation's analyzer; without a vector the chunk is
    found lexically only.
    """

    chunk: Chunk
    tokens: tuple[str, ...]
    access: Access
    vector: Vector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that one search leg found; a higher score is better.

    Scores of different legs, engines and questions are not comparable.
    """

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a person opens a document.

    `page` opens it as a whole. `lines` is a template with `{first}` and
    `{last}`, given where the document's Markdown has the lines of its source;
    `heading` is a template with `{anchor}`.
    """

    page: str | None = None
    lines: str | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDocument:
    """What the catalogue says of a document that may be shown."""

    id: DocumentId
    revision: int
    access: Access
    title: str
    path: tuple[str, ...] = ()
    link: Link = field(default_factory=Link)
    updated_at: datetime | None = None
    reviewed: bool = False
    author: str | None = None
    labels: tuple[str, ...] = ()
    language: Language = Language.EN

    @property
    def source(self) -> str:
        """The name of the source."""
        return source_of(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSpec:
    """Which vectors a generation holds; two unequal specs never mix."""

    model: str
    digest: str
    dimensions: int
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSpec:
    """What a build of the index is made with; a change makes a new generation."""

    analyzer: str
    chunker: str
    backend: str
    embedding: EmbeddingSpec | None = None
    schema: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One build of the index.

    `alpha` is the weight of the vector leg per language, 0 where the probe found that
    the embedding model does not speak it; a language without an entry was not probed
    yet and is searched lexically only. `rebuild` says why it must be built anew first.
    """

    id: GenerationId
    spec: GenerationSpec
    alpha: Mapping[Language, float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    rebuild: str | None = None


# --- questions and answers ---------------------------------------------------


class Profile(StrEnum):
    """How freely the model may write; sampling options only."""

    FAQ = "faq"
    DOCS = "docs"
    BRAINSTORM = "brainstorm"
    QUIZ = "quiz"


class Outcome(StrEnum):
    """How a question ended: exactly one each."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question of a conversation with its answer.

    `documents` are those the answer cited: the answer enters a later prompt only
    while all of them are live and visible to the audience.
    """

    question: str
    answer: str
    documents: tuple[DocumentId, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asked, where, and for whom the answer is.

    `history` holds earlier turns, oldest first, `thread` what others said, if any.
    """

    id: str
    text: str
    language: Language
    audience: Audience
    asked_at: datetime
    conversation: ConversationId
    history: tuple[Turn, ...] = ()
    thread: Thread | None = None
    profile: Profile = Profile.DOCS
    detailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk found for a question, live and permitted when it was found.

    `score` is fused and orders passages of this question only; `lexical` and
    `vector` are the legs' own scores, None where a leg did not find it. `text`
    may be wider than the chunk's: the section around it.
    """

    chunk: Chunk
    document: LiveDocument
    text: str
    score: float
    lexical: float | None = None
    vector: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A passage shown to a person; `number` is what `[n]` in the answer means.

    `url` comes from the catalogue; some sources have none. `quote` is empty where the
    text may not be shown. `reviewed`: looked through at `updated_at` and found right.
    """

    number: int
    document: DocumentId
    revision: int
    title: str
    path: tuple[str, ...]
    heading_path: tuple[str, ...]
    url: str | None
    quote: str
    updated_at: datetime | None
    reviewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an answer could be written from: a passage as the model is given it."""

    document: DocumentId
    revision: int
    text: str


class AnswerKind(StrEnum):
    """Who wrote the answer."""

    GENERATED = "generated"
    EXTRACTIVE = "extractive"
    POINTER = "pointer"
    """Nobody: it names documents and says nothing of what stands in them."""


class Reason(StrEnum):
    """Why a question was declined, or answered with quotations only."""

    NOT_FOUND = "not_found"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_MODEL = "no_model"
    MODEL_FAILED = "model_failed"
    UNUSABLE = "unusable"
    NOTHING_INDEXED = "nothing_indexed"
    SEARCH_DOWN = "search_down"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The finished answer: plain text with `[n]` marks, and what they mean.

    `reason` says why an extractive answer is not a generated one, `complete` that it
    can be no longer; `notes` are sentences of the bot (not of the model) in the
    question's language, such as which version of two was chosen. `digest` is that of
    the model, `prompt` the version of what it was told, `contexts` what it was given.
    """

    text: str
    language: Language
    kind: AnswerKind
    citations: tuple[Citation, ...]
    confidence: float
    generation: GenerationId
    model: str | None = None
    reason: Reason | None = None
    notes: tuple[str, ...] = ()
    digest: str | None = None
    prompt: str | None = None
    contexts: tuple[Context, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """The question is understood; these texts are searched."""

    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages the answer may use, best first, and how sure retrieval is."""

    passages: tuple[Passage, ...]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The next piece of the answer, checked and ready to be shown as it is.

    The pieces put together are the text of the finished answer, unless something
    that was shown had to be withdrawn: then the finished answer says what stays.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The last event of an answered question."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The last event of a question without an answer; `text` is for the asker.

    When sentences were shown before, they are withdrawn.
    """

    reason: Reason
    text: str
    confidence: float = 0.0


AnswerEvent: TypeAlias = Searching | Found | Sentence | Finished | Declined
