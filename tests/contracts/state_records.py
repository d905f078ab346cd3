"""What the contracts of the state ports are told with: a team's rules, mostly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pytest

from bot.core.access import OPEN, Access, Principal
from bot.core.model import (
    DocumentId,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Link,
    Revision,
    RunId,
    document_id,
)
from bot.core.ports import (
    Askings,
    Catalogue,
    Claims,
    Conversations,
    Feedback,
    Generations,
    Inbox,
    InboxUpkeep,
    Ledger,
    Line,
    OpenQuestions,
    Outbox,
    Projection,
    Quarantine,
    Runs,
    Shelves,
    Threads,
    VectorCache,
)
from bot.core.sync import Failure, Known, RunState, Staged, SyncReport

NOW = datetime(2026, 4, 1, 2, 30, 15, 123456, tzinfo=UTC)
SOURCE = "社内規程"
LEAVE = document_id(SOURCE, "休暇/年次有給.md")
TRAVEL = document_id(SOURCE, "出張:旅費 👩‍💻")


class Questions(Inbox, Claims, Protocol):
    """The life of a question."""


class Waiting(Line, OpenQuestions, Protocol):
    """Who waits."""


class Reading(Catalogue, Shelves, Protocol):
    """What may be shown, and what there is."""


class Lookups(Threads, Askings, Protocol):
    """What people refer to."""


class Ports(Protocol):
    """The state ports, open on the same data."""

    @property
    def catalogue(self) -> Reading: ...
    @property
    def generations(self) -> Generations: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def projection(self) -> Projection: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def vectors(self) -> VectorCache: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def line(self) -> Waiting: ...
    @property
    def threads(self) -> Lookups: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def inbox_upkeep(self) -> InboxUpkeep: ...
    @property
    def feedback(self) -> Feedback: ...


def groups(*names: str) -> Access:
    """Return the access of those who are in all of these groups."""
    return Access(layers=tuple(frozenset({Principal(name)}) for name in names))


STAFF = groups("grp:staff")
BOARD = groups("grp:board")


def a_spec(*, embedding: bool = True, chunker: str = "heading256-v1") -> GenerationSpec:
    return GenerationSpec(
        analyzer="ja-en-1",
        chunker=chunker,
        backend="lance",
        embedding=EmbeddingSpec(
            model="minilm", digest="abc", dimensions=384, prefix="none"
        )
        if embedding
        else None,
    )


def a_state(
    document: DocumentId = LEAVE,
    text: str = "年次有給休暇は二十日です。",
    *,
    version: str = "v1",
    access: Access = OPEN,
    title: str = "年次有給休暇",
) -> Staged:
    return Staged(
        document=document,
        version=version,
        content=f"hash of {text}",
        markdown=text,
        access=access,
        title=title,
        language=Language.JA,
        path=("人事部", "休暇"),
        link=Link(page="https://wiki.example/休暇", lines="…#L{first}-L{last}"),
        updated_at=NOW,
        reviewed=True,
        author="山田 太郎",
        labels=("規程", "2026年度"),
    )


def a_report(state: RunState = RunState.FINISHED) -> SyncReport:
    return SyncReport(source=SOURCE, state=state)


def a_failure(document: str) -> Failure:
    return Failure(
        what="休暇.docx",
        reason="encoding_unknown",
        detail="文字コードが不明",
        document=document_id(*document.split(":", 1)),
        version="v7",
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """One source being synced into one generation."""

    state: Ports
    run: RunId
    generation: GenerationId

    async def publish(self, *states: Staged, embedded: bool = False) -> list[Revision]:
        numbers = await self.state.ledger.stage(self.run, states)
        await self.state.ledger.publish(
            self.run, {each.document: embedded for each in states}
        )
        return [(each.document, numbers[each.document]) for each in states]

    async def stage(self, state: Staged) -> int:
        numbers = await self.state.ledger.stage(self.run, [state])
        return numbers[state.document]

    async def known(self, document: DocumentId = LEAVE) -> Known | None:
        return (await self.state.ledger.known(self.run)).get(document)

    async def live(self, document: DocumentId = LEAVE) -> int | None:
        return await self.live_in(self.generation, document)

    async def live_in(
        self, generation: GenerationId, document: DocumentId = LEAVE
    ) -> int | None:
        found = await self.state.catalogue.live(generation, [document])
        return found[document].revision if document in found else None

    async def access(self, document: DocumentId = LEAVE) -> Access:
        found = await self.state.catalogue.live(self.generation, [document])
        return found[document].access

    async def garbage(self) -> list[int]:
        return await self.garbage_in(self.generation)

    async def garbage_in(self, generation: GenerationId) -> list[int]:
        rows = await self.state.projection.garbage(generation, limit=100)
        return [number for _, number in rows]


class OneSource:
    """Contracts that are told of one source, synced into one generation."""

    @pytest.fixture
    async def desk(self, state: Ports) -> Desk:
        return await a_desk(state)


async def a_generation(state: Ports, *, active: bool = True) -> Generation:
    before = await state.generations.active()
    made = await state.generations.create(a_spec())
    if active:
        await state.generations.activate(
            made.id, expected=before.id if before else None
        )
    return made


async def a_desk(
    state: Ports, *, generation: GenerationId | None = None, source: str = SOURCE
) -> Desk:
    """Begin a run of the source, in a new active generation unless one is named."""
    generation = generation or (await a_generation(state)).id
    run = await state.runs.begin(source, generation=generation, now=NOW)
    return Desk(state, run, generation)


async def all_live(state: Ports, generation: GenerationId) -> Mapping[DocumentId, int]:
    return {
        document: number async for document, number in state.projection.live(generation)
    }
