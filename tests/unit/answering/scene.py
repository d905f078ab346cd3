"""A library, a scripted model and the pipeline between them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.answering.pipeline import Answering
from bot.answering.prompt import Fence
from bot.answering.retrieval import Retrieval
from bot.backends.memory_models import MemoryLanguageModel, Script
from bot.core.errors import BotError
from bot.core.model import (
    Answer,
    AnswerEvent,
    Chunk,
    Declined,
    DocumentId,
    Finished,
    Generation,
    GenerationId,
    LiveDocument,
    Question,
    Sentence,
)
from bot.core.ports import LanguageModel
from bot.evaluation.trial import WholeCorpus
from tests.unit.answering.shelf import Shelf, a_chunk, a_question, a_shelf

FENCE = Fence(id="3f9a2c1b", marker="^kqx")

LEAVE = a_chunk(
    "年次有給休暇は、入社6か月後に20日を付与します。申請は3日前までに、勤怠システムで行います。"
    "残った日数は翌年度に繰り越せます。",
    document="handbook:leave",
    title="休暇規程",
    heading=("年次有給休暇",),
)
TRIPS = a_chunk(
    "出張の宿泊費は、1泊12,000円までです。精算は帰着後5日以内に行います。"
    "領収書の添付が必要です。",
    document="handbook:trips",
    title="出張旅費規程",
    heading=("宿泊費",),
)
VPN = a_chunk(
    "Connect to the VPN with the client from the software centre. "
    "A new certificate is issued every 90 days. "
    "Requests for access are approved by the network team.",
    document="handbook:vpn",
    title="VPN guide",
    heading=("Access",),
)
BACKUP = a_chunk(
    "Backups of the file server run every night at 02:00. "
    "They are kept for 35 days and are restored on request.",
    document="handbook:backup",
    title="Backup policy",
    heading=("Schedule",),
)
LIBRARY = (LEAVE, TRIPS, VPN, BACKUP)

JA = "年次有給休暇は何日付与されますか？"
EN = "How often is a new VPN certificate issued?"
JA_TWO = "年次有給休暇は何日で、出張の宿泊費はいくらまでですか？"
EN_TWO = "How often is a VPN certificate issued, and when do backups run?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """Says which generation answers: this one, none, or that it cannot be known."""

    generation: Generation | None = None
    error: BotError | None = None

    async def active(self) -> Generation | None:
        if self.error is not None:
            raise self.error
        return self.generation


class Mortal(WholeCorpus):
    """A catalogue that can fall silent."""

    error: BotError | None = None

    async def live(
        self, generation: GenerationId, documents: Collection[DocumentId], /
    ) -> Mapping[DocumentId, LiveDocument]:
        if self.error is not None:
            raise self.error
        return await super().live(generation, documents)


@dataclass
class Scene:
    """What a test sets up, and what then happened."""

    shelf: Shelf
    model: LanguageModel | None = None
    events: list[AnswerEvent] = field(default_factory=list)

    def answering(self) -> Answering:
        return Answering(
            generations=Active(generation=self.shelf.generation),
            catalogue=self.shelf.catalogue,
            index=self.shelf.index,
            retrieval=Retrieval(
                index=self.shelf.index,
                catalogue=self.shelf.catalogue,
                embedder=None,
            ),
            model=self.model,
            new_fence=lambda: FENCE,
        )

    async def ask(self, question: Question | str) -> AnswerEvent:
        """Ask to the end; return the last event."""
        asked = a_question(question) if isinstance(question, str) else question
        async with aclosing(self.answering().answer(asked)) as events:
            self.events = [event async for event in events]
        return self.events[-1]

    async def answered(self, question: Question | str) -> Answer:
        last = await self.ask(question)
        assert isinstance(last, Finished), last
        return last.answer

    async def declined(self, question: Question | str) -> Declined:
        last = await self.ask(question)
        assert isinstance(last, Declined), last
        return last

    @property
    def shown(self) -> str:
        return "".join(e.text for e in self.events if isinstance(e, Sentence))

    def dated(self, document: str, day: str) -> None:
        """Say when a document was last changed."""
        name = DocumentId(document)
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        self.shelf.live[name] = replace(self.shelf.live[name], updated_at=at)


async def a_scene(
    *scripts: Script,
    library: Sequence[Chunk] = LIBRARY,
    model: bool = True,
    context: int = 400_000,
    output: int = 300_000,
) -> Scene:
    """A library of a few documents, and a model that plays `scripts`."""
    shelf = await a_shelf()
    if library:
        await shelf.put(*library)
    told = MemoryLanguageModel(scripts or ("",), context=context, output=output)
    return Scene(shelf=shelf, model=told if model else None)
