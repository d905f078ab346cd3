"""Nobody is shown what they may not see, at no moment of an answer."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.answering.standing import Standing
from bot.core.access import OPEN, PUB, Access, Audience, principal
from bot.core.errors import Unavailable
from bot.core.model import (
    AnswerEvent,
    Declined,
    DocumentId,
    Finished,
    Found,
    GenerationId,
    Profile,
    Reason,
    Sentence,
    Turn,
)
from bot.core.ports import Completion, LanguageModel, Message, ModelSpec, Role, Token
from bot.text import phrases
from tests.unit.answering.scene import (
    EN,
    JA,
    JA_TWO,
    LEAVE,
    LIBRARY,
    TRIPS,
    Mortal,
    Scene,
    a_scene,
)
from tests.unit.answering.shelf import NOON, a_chunk, a_question

BOARD = Access(layers=(frozenset({principal("group:board")}),))
SECRET = a_chunk(
    "年次有給休暇は、役員には45日を付与します。合言葉はカナリアです。",
    document="board:leave",
    title="役員休暇規程",
)
ANSWER = "年次有給休暇は20日です[1]。宿泊費は1泊12,000円までです[2]。早めに申請します。"


class Meanwhile:
    """A model during whose work something happens."""

    def __init__(self, model: LanguageModel, happens: Callable[[], object]) -> None:
        self._model = model
        self._happens = happens

    async def describe(self) -> ModelSpec:
        return await self._model.describe()

    def measure(self, text: str, /) -> int:
        return self._model.measure(text)

    def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncIterator[Token | Completion]:
        self._happens()
        return self._model.generate(messages, profile=profile)


def deleted(scene: Scene, document: DocumentId) -> Callable[[], object]:
    return lambda: scene.shelf.live.pop(document, None)


async def after_sentences(
    scene: Scene, question: str, count: int, happens: Callable[[], object]
) -> list[AnswerEvent]:
    """Ask, and let something happen once so many sentences were shown."""
    events: list[AnswerEvent] = []
    async with aclosing(scene.answering().answer(a_question(question))) as stream:
        async for event in stream:
            events.append(event)
            if sum(isinstance(e, Sentence) for e in events) == count:
                happens()
                count = -1
    return events


def without_scores(event: AnswerEvent) -> AnswerEvent:
    """Leave out what only the operator is told: how rare words are in the index."""
    if not isinstance(event, Found):
        return event
    bare = [replace(p, score=0.0, lexical=None, vector=None) for p in event.passages]
    return replace(event, passages=tuple(bare))


# --- what the audience may not see -------------------------------------------


async def test_a_hidden_document_changes_nothing_that_is_said() -> None:
    seen: list[list[AnswerEvent]] = []
    for hidden in (False, True):
        for script in (ANSWER, "NO_ANSWER", ""):
            scene = await a_scene(script)
            if hidden:
                await scene.shelf.put(SECRET, access=BOARD, live=BOARD)
            await scene.ask(JA)
            seen.append([without_scores(event) for event in scene.events])

    assert seen[:3] == seen[3:]


async def test_what_only_hidden_documents_say_is_not_found() -> None:
    scene = await a_scene("NO_ANSWER", library=())
    await scene.shelf.put(SECRET, access=BOARD, live=BOARD)
    declined = await scene.declined("カナリアの合言葉は？")

    assert (Reason.NOT_FOUND, phrases.NOT_FOUND.ja) == (declined.reason, declined.text)
    assert Found(passages=(), confidence=0.0) in scene.events


async def test_the_catalogue_wins_where_the_index_is_too_open() -> None:
    scene = await a_scene("年次有給休暇は45日です[1]。", library=())
    await scene.shelf.put(SECRET, access=OPEN, live=BOARD)
    declined = await scene.declined(JA)

    assert declined.reason == Reason.NOT_FOUND


# --- what changes while an answer is being written ---------------------------


async def test_a_document_deleted_before_the_first_sentence_is_not_cited() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。", library=(LEAVE,))
    assert scene.model is not None
    scene.model = Meanwhile(scene.model, deleted(scene, LEAVE.document))
    declined = await scene.declined(JA)

    assert not scene.shown
    assert declined.reason == Reason.NOT_FOUND


async def test_a_document_deleted_meanwhile_takes_only_its_sentences_with_it() -> None:
    scene = await a_scene(ANSWER)
    events = await after_sentences(scene, JA_TWO, 2, deleted(scene, LEAVE.document))

    [finished] = [event for event in events if isinstance(event, Finished)]
    answer = finished.answer
    assert answer.text == "宿泊費は1泊12,000円までです[1]。早めに申請します。"
    assert [TRIPS.document] == [citation.document for citation in answer.citations]
    assert phrases.PART_WITHDRAWN.ja in answer.notes


async def test_a_sentence_without_a_mark_goes_with_the_one_before_it() -> None:
    scene = await a_scene(ANSWER)
    events = await after_sentences(scene, JA_TWO, 3, deleted(scene, TRIPS.document))

    [finished] = [event for event in events if isinstance(event, Finished)]
    assert finished.answer.text == "年次有給休暇は20日です[1]。"


async def test_an_answer_of_which_nothing_is_left_is_withdrawn() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。申請は3日前までです[1]。")
    events = await after_sentences(scene, JA, 1, deleted(scene, LEAVE.document))

    assert isinstance(events[-1], Declined)
    assert (Reason.WITHDRAWN, phrases.WITHDRAWN.ja) == (
        events[-1].reason,
        events[-1].text,
    )


async def test_quotations_of_a_deleted_document_are_withdrawn_too() -> None:
    scene = await a_scene(model=False)
    events = await after_sentences(scene, JA, 1, deleted(scene, LEAVE.document))

    assert isinstance(events[-1], Declined)
    assert events[-1].reason == Reason.WITHDRAWN


async def test_a_right_that_is_lost_counts_like_a_deletion() -> None:
    scene = await a_scene(ANSWER)

    def revoke() -> None:
        live = scene.shelf.live
        live[LEAVE.document] = replace(live[LEAVE.document], access=BOARD)

    events = await after_sentences(scene, JA_TWO, 1, revoke)

    assert isinstance(events[-1], Finished)
    assert "20日" not in events[-1].answer.text


async def test_a_revision_that_was_replaced_meanwhile_still_counts() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")

    def replaced() -> None:
        live = scene.shelf.live
        live[LEAVE.document] = replace(live[LEAVE.document], revision=2)

    events = await after_sentences(scene, JA, 1, replaced)

    assert isinstance(events[-1], Finished)
    assert events[-1].answer.citations[0].revision == 1


async def test_where_the_catalogue_falls_silent_the_answer_is_withdrawn() -> None:
    scene = await a_scene(ANSWER)
    catalogue = Mortal(scene.shelf.live)
    answering = replace(scene.answering(), catalogue=catalogue)
    events: list[AnswerEvent] = []
    async with aclosing(answering.answer(a_question(JA_TWO))) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, Sentence) and "早めに" in event.text:
                catalogue.error = Unavailable("the state database is locked")

    assert isinstance(events[-1], Declined)
    assert events[-1].reason == Reason.SEARCH_DOWN


# --- earlier answers ---------------------------------------------------------


def a_turn(answer: str, *documents: DocumentId) -> Turn:
    return Turn(
        question="年休は何日？", answer=answer, documents=documents, asked_at=NOON
    )


async def test_an_earlier_answer_enters_only_while_all_its_documents_are_visible() -> (
    None
):
    turns = (
        a_turn("役員は45日です[1]。", SECRET.document),
        a_turn("どちらも規程があります[1][2]。", LEAVE.document, SECRET.document),
        a_turn("消えた規程では10日です[1]。", DocumentId("handbook:gone")),
        a_turn("20日です[1]。", LEAVE.document),
    )
    scene = await a_scene("申請は3日前までです[1]。")
    await scene.shelf.put(SECRET, access=BOARD, live=BOARD)
    await scene.ask(replace(a_question("申請は何日前まで？"), history=turns))

    messages = sent(scene)
    assert [m.text for m in messages if m.role is Role.ASSISTANT] == ["20日です。"]
    assert "45日" not in "".join(message.text for message in messages)


async def test_an_answer_that_cited_nothing_does_not_enter() -> None:
    scene = await a_scene("申請は3日前までです[1]。")
    turns = (a_turn("見つかりませんでした。"),)
    await scene.ask(replace(a_question("年次有給休暇の申請は？"), history=turns))

    assert [message.role for message in sent(scene)] == [Role.SYSTEM, Role.USER]


def sent(scene: Scene) -> tuple[Message, ...]:
    prompts = getattr(scene.model, "prompts", [])
    assert prompts
    first: tuple[Message, ...] = prompts[0]
    return first


async def test_nobody_without_principals_gets_an_answer() -> None:
    scene = await a_scene(ANSWER)
    nobody = replace(a_question(EN), audience=Audience(principals=frozenset()))

    assert (await scene.declined(nobody)).reason == Reason.NOT_FOUND


async def test_no_documents_are_asked_about_without_asking_the_catalogue() -> None:
    scene = await a_scene(library=LIBRARY)
    standing = Standing(
        catalogue=scene.shelf.catalogue,
        generation=GenerationId("g1"),
        principals=frozenset({PUB}),
    )

    assert frozenset() == await standing.permitted(())
    assert {LEAVE.document} == await standing.permitted(
        {LEAVE.document, SECRET.document}
    )


async def test_what_is_withdrawn_meanwhile_is_no_context_of_the_answer() -> None:
    """Not even where the answer does not cite it: contexts are kept and exported."""
    scene = await a_scene("年次有給休暇は20日です[1]。")
    model = scene.model
    assert model is not None
    before = await scene.answered(JA_TWO)
    assert {LEAVE.document, TRIPS.document} <= {c.document for c in before.contexts}
    scene.model = Meanwhile(model, deleted(scene, TRIPS.document))

    answer = await scene.answered(JA_TWO)

    documents = {context.document for context in answer.contexts}
    assert LEAVE.document in documents
    assert TRIPS.document not in documents
