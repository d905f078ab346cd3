"""A question becomes a stream of events that ends with exactly one outcome."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.answering.asking import LONGEST
from bot.answering.pipeline import Answering
from bot.answering.preparing import SOURCES
from bot.answering.prompt import PROMPT
from bot.answering.retrieval import Retrieval
from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryLanguageModel
from bot.core.access import Principal
from bot.core.errors import BotError, ConfigError, Unavailable
from bot.core.model import (
    AnswerEvent,
    Chunk,
    Context,
    Declined,
    Finished,
    Found,
    Generation,
    Hit,
    Language,
    Profile,
    Reason,
    Searching,
    Sentence,
    Turn,
)
from bot.core.ports import Completion, Message, Role, Token
from bot.text import phrases
from bot.text.split import sentences
from tests.unit.answering.scene import (
    EN,
    JA,
    LEAVE,
    TRIPS,
    VPN,
    Active,
    Scene,
    a_scene,
)
from tests.unit.answering.shelf import NOON, a_chunk, a_question
from tests.unit.answering.talk import in_a_thread


async def events_of(answering: Answering, question: str) -> list[AnswerEvent]:
    async with aclosing(answering.answer(a_question(question))) as events:
        return [event async for event in events]


# --- questions that are none -------------------------------------------------


@pytest.mark.parametrize("text", ["", "   \n", "\u200b\u200b", "　"])
@pytest.mark.parametrize("language", Language)
async def test_an_empty_question_is_declined_in_its_language(
    text: str, language: Language
) -> None:
    scene = await a_scene()
    question = replace(a_question(text), language=language)
    declined = await scene.declined(question)

    assert declined.reason == Reason.EMPTY
    assert phrases.EMPTY_QUESTION.say(language) == declined.text
    assert [declined] == scene.events


@pytest.mark.parametrize("text", ["🙏🙏", "👨‍👩‍👧", "1️⃣", ":pray: :+1:", "？？🙏？"])
async def test_a_question_of_emoji_only_is_declined(text: str) -> None:
    scene = await a_scene()
    declined = await scene.declined(replace(a_question(text), language=Language.JA))

    assert (Reason.EMPTY, phrases.EMOJI_ONLY.ja) == (declined.reason, declined.text)


@pytest.mark.parametrize("text", ["？？？", "…。", "** __ `", "> ~~~", "- []()"])
async def test_a_question_of_signs_and_markup_only_is_empty(text: str) -> None:
    scene = await a_scene()
    declined = await scene.declined(replace(a_question(text), language=Language.JA))

    assert (Reason.EMPTY, phrases.EMPTY_QUESTION.ja) == (declined.reason, declined.text)


@pytest.mark.parametrize("text", ["休暇は何日？" * 20_000, "How many days? " * 7_000])
async def test_a_question_of_a_hundred_kilobytes_is_declined(text: str) -> None:
    scene = await a_scene()
    declined = await scene.declined(text)

    assert declined.reason == Reason.TOO_LONG
    assert str(LONGEST) in declined.text
    assert [declined] == scene.events


async def test_a_long_question_that_is_not_too_long_is_answered() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")
    answer = await scene.answered(f"{JA}{'　' * (LONGEST - len(JA))}")

    assert answer.text == "年次有給休暇は20日です[1]。"


# --- nothing to answer from --------------------------------------------------


@pytest.mark.parametrize("question", [JA, EN])
async def test_before_the_first_sync_there_is_nothing_to_search(question: str) -> None:
    scene = await a_scene(library=())
    answering = replace(scene.answering(), generations=Active())
    [event] = await events_of(answering, question)

    assert isinstance(event, Declined)
    assert event.reason == Reason.NOTHING_INDEXED


async def test_an_index_without_documents_is_told_from_one_that_does_not_know() -> None:
    empty, full = await a_scene(library=()), await a_scene("NO_ANSWER")

    assert (await empty.declined(JA)).reason == Reason.NOTHING_INDEXED
    assert (await full.declined(JA)).reason == Reason.NOT_FOUND


@pytest.mark.parametrize(
    "question", ["火星の首都はどこですか？", "Who won the football match yesterday?"]
)
async def test_what_the_documents_do_not_speak_of_never_reaches_the_model(
    question: str,
) -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")
    declined = await scene.declined(question)

    assert declined.reason == Reason.NOT_FOUND
    assert played(scene).prompts == []


# --- something is down -------------------------------------------------------


class BrokenIndex(MemoryIndex):
    """An index whose searches fail."""

    def __init__(self, error: BotError) -> None:
        super().__init__()
        self._error = error

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        del generation, tokens, principals, limit
        raise self._error


ERRORS = [Unavailable("no answer from 127.0.0.1:8080"), ConfigError("wrong dimension")]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("question", [JA, EN])
async def test_with_the_index_down_the_question_is_declined_in_its_language(
    question: str, error: BotError
) -> None:
    scene = await a_scene()
    broken = BrokenIndex(error)
    retrieval = Retrieval(index=broken, catalogue=scene.shelf.catalogue, embedder=None)
    answering = replace(scene.answering(), index=broken, retrieval=retrieval)
    last = (await events_of(answering, question))[-1]

    assert isinstance(last, Declined)
    language = a_question(question).language
    assert (Reason.SEARCH_DOWN, phrases.SEARCH_DOWN.say(language)) == (
        last.reason,
        last.text,
    )


async def test_with_the_state_down_the_question_is_declined() -> None:
    scene = await a_scene()
    down = Active(error=Unavailable("the state database is locked"))
    [event] = await events_of(replace(scene.answering(), generations=down), JA)

    assert isinstance(event, Declined)
    assert event.reason == Reason.SEARCH_DOWN


# --- the story ---------------------------------------------------------------


async def test_the_events_of_an_answer_come_in_order() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。申請は3日前までです[1]。")
    await scene.ask(JA)

    kinds = [type(event) for event in scene.events]
    assert [Searching, Found, Sentence, Sentence, Finished] == kinds


async def test_what_led_to_an_answer_is_told_with_scores() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")
    await scene.ask(JA)

    [found] = [event for event in scene.events if isinstance(event, Found)]
    assert LEAVE.id == found.passages[0].chunk.id
    assert found.passages[0].lexical is not None
    assert found.confidence > 0


async def test_an_answer_says_what_it_was_made_with() -> None:
    """Those who look at it later see what the model saw, and which model that was."""
    scene = await a_scene("年次有給休暇は20日です[1]。")
    answer = await scene.answered(JA)

    spec = await played(scene).describe()
    assert (answer.model, answer.digest, answer.prompt) == (
        spec.model,
        spec.digest,
        PROMPT,
    )
    assert answer.contexts[0] == Context(
        document=LEAVE.document,
        revision=1,
        text=f"休暇規程 › 年次有給休暇\n{LEAVE.text}",
    )
    assert len(answer.contexts) <= SOURCES


async def test_quotations_say_what_they_were_taken_from_and_name_no_model() -> None:
    scene = await a_scene(model=False)
    answer = await scene.answered(JA)

    assert (answer.model, answer.digest, answer.prompt) == (None, None, None)
    assert LEAVE.document in {context.document for context in answer.contexts}


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        (JA, f"{LEAVE.text}半日単位でも取得できます。窓口は人事部です。"),
        (EN, "Call the help desk first. " + VPN.text),
    ],
    ids=["ja", "en"],
)
async def test_without_a_model_a_longer_answer_quotes_whole_passages(
    question: str, passage: str
) -> None:
    scene = await a_scene(model=False, library=[a_chunk(passage)])
    brief = await scene.answered(question)
    long = await scene.answered(replace(a_question(question), detailed=True))
    said = [sentence.strip(" 。.") for sentence in sentences(passage)]

    assert all(sentence in long.text for sentence in said)
    assert not all(sentence in brief.text for sentence in said)
    assert (brief.complete, long.complete) == (False, True)


async def test_a_quotation_that_can_be_no_longer_says_so() -> None:
    only = a_chunk("年次有給休暇は20日です。", title="休暇規程", heading=("年休",))
    scene = await a_scene(model=False, library=(only,))
    brief = await scene.answered("年次有給休暇は何日ですか？")
    long = await scene.answered(replace(a_question(JA), detailed=True))

    assert brief.complete
    assert long.text == brief.text


async def test_a_longer_answer_quotes_more_passages() -> None:
    library = [
        a_chunk(
            f"{who}の年次有給休暇は{days}日です。{who}の窓口は{days}番です。",
            document=f"h:{days}",
            title=f"{who}の休暇",
        )
        for days, who in enumerate(
            ("社員", "役員", "契約社員", "嘱託", "出向者", "研修生"), start=10
        )
    ]
    scene = await a_scene(model=False, library=library)
    brief = await scene.answered("年次有給休暇は何日ですか？")
    asked = replace(a_question("年次有給休暇は何日ですか？"), detailed=True)
    long = await scene.answered(asked)

    assert len(long.citations) > len(brief.citations)
    assert brief.citations[0].document == long.citations[0].document


@pytest.mark.parametrize(
    ("question", "talk", "cited"),
    [
        ("これっていくらまで？", ("出張の宿泊費どうしよう", "え、出るの？"), TRIPS),
        ("それ、何日？", ("出張から戻りました", "年次有給休暇の付与はもうすぐ"), LEAVE),
        ("how often is that?", ("VPN certificate expired", "not again!"), VPN),
    ],
    ids=["ja", "last", "en"],
)
async def test_without_a_model_a_question_is_understood_by_its_thread(
    question: str, talk: tuple[str, ...], cited: Chunk
) -> None:
    scene = await a_scene(model=False)
    answer = await scene.answered(in_a_thread(question, *talk))

    assert answer.citations[0].document == cited.document


@pytest.mark.parametrize(
    ("question", "talk"),
    [
        ("それ、何日？", ("火星支社の歓迎会", "わかった")),
        ("is that true?", ("the football match was great", "wow")),
    ],
)
async def test_without_a_model_a_pronoun_alone_is_no_question(
    question: str, talk: tuple[str, ...]
) -> None:
    scene = await a_scene(model=False)
    declined = await scene.declined(in_a_thread(question, *talk))

    assert declined.reason == Reason.NOT_FOUND


async def test_the_generation_is_read_once_a_question() -> None:
    asked: list[int] = []

    class Counting(Active):
        async def active(self) -> Generation | None:
            asked.append(1)
            return scene.shelf.generation

    scene = await a_scene("", "年次有給休暇は20日です[1]。")
    await events_of(replace(scene.answering(), generations=Counting()), JA)

    assert asked == [1]


@pytest.mark.parametrize("profile", Profile)
async def test_the_profile_of_a_question_reaches_the_model(profile: Profile) -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")
    await scene.ask(replace(a_question(JA), profile=profile))

    assert [profile] == played(scene).profiles


async def test_a_japanese_question_about_an_english_page_is_answered_in_japanese() -> (
    None
):
    scene = await a_scene("VPN証明書は90日ごとに発行されます[1]。")
    answer = await scene.answered("VPNの証明書の有効期間は？")

    assert (answer.language, answer.citations[0].title) == (Language.JA, "VPN guide")


async def test_a_search_by_words_only_is_owned_up_to() -> None:
    scene = await a_scene("年次有給休暇は20日です[1]。")
    hybrid = replace(scene.shelf.generation, alpha={Language.JA: 0.5})
    answering = replace(scene.answering(), generations=Active(generation=hybrid))
    last = (await events_of(answering, JA))[-1]

    assert isinstance(last, Finished)
    assert (phrases.DEGRADED_LEXICAL.ja,) == last.answer.notes


# --- leaving early -----------------------------------------------------------


async def test_leaving_early_frees_the_model() -> None:
    scene = await a_scene(
        "年次有給休暇は20日です[1]。" + "申請は3日前までです[1]。" * 99
    )
    async with aclosing(scene.answering().answer(a_question(JA))) as events:
        async for event in events:
            if isinstance(event, Sentence):
                break

    assert played(scene).closed == 1


async def test_a_cancelled_question_frees_the_model() -> None:
    begun = asyncio.Event()

    class Slow(MemoryLanguageModel):
        async def generate(
            self, messages: Sequence[Message], /, *, profile: Profile
        ) -> AsyncGenerator[Token | Completion, None]:
            del messages, profile
            try:
                yield Token(text="年次有給休暇は")
                begun.set()
                await asyncio.Event().wait()
            finally:
                self.closed += 1

    scene = await a_scene()
    slow = Slow()
    scene.model = slow
    task = asyncio.ensure_future(scene.ask(JA))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert slow.closed == 1


# --- whose turn it is --------------------------------------------------------


async def test_a_follow_up_gives_the_model_the_earlier_turn() -> None:
    scene = await a_scene("申請は3日前までに行います[1]。")
    turn = Turn(
        question=JA, answer="20日です[1]。", documents=(LEAVE.document,), asked_at=NOON
    )
    answer = await scene.answered(
        replace(a_question("申請はいつまで？"), history=(turn,))
    )

    assert answer.text == "申請は3日前までに行います[1]。"
    roles = [message.role for message in played(scene).prompts[0]]
    assert roles == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]


def played(scene: Scene) -> MemoryLanguageModel:
    assert isinstance(scene.model, MemoryLanguageModel)
    return scene.model
