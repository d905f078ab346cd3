"""Each way a model misbehaves ends in something that a person can rely on."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from bot.answering.drafting import READ_CHARACTERS, SENTENCE_CHARACTERS
from bot.backends.memory_models import MemoryLanguageModel
from bot.core.errors import BotError, ConfigError, Interrupted, Unavailable
from bot.core.model import (
    Answer,
    AnswerKind,
    Found,
    Language,
    Profile,
    Reason,
    Searching,
    Sentence,
)
from bot.core.ports import Completion, Message, ModelSpec, Token
from bot.text import phrases
from tests.unit.answering.scene import (
    EN,
    EN_TWO,
    FENCE,
    JA,
    JA_TWO,
    LEAVE,
    LIBRARY,
    VPN,
    Scene,
    a_scene,
)
from tests.unit.answering.shelf import a_question

GOOD_JA = "年次有給休暇は20日付与されます[1]。"
GOOD_EN = "A new certificate is issued every 90 days [1]."
GOOD = {JA: GOOD_JA, EN: GOOD_EN}

both = pytest.mark.parametrize("question", [JA, EN], ids=["ja", "en"])


async def asked(
    question: str, *scripts: str | BotError | Sequence[str | BotError]
) -> Scene:
    scene = await a_scene(*scripts)
    await scene.ask(question)
    return scene


async def answer_to(question: str, *scripts: str | Sequence[str | BotError]) -> Answer:
    return await (await a_scene(*scripts)).answered(question)


def played(scene: Scene) -> MemoryLanguageModel:
    assert isinstance(scene.model, MemoryLanguageModel)
    return scene.model


def attempts(scene: Scene) -> int:
    return len(played(scene).prompts)


# --- it keeps to the rules ---------------------------------------------------


@both
async def test_a_cited_answer_is_shown_as_it_comes(question: str) -> None:
    scene = await a_scene(GOOD[question])
    answer = await scene.answered(question)

    assert (GOOD[question], AnswerKind.GENERATED) == (answer.text, answer.kind)
    assert scene.shown == answer.text
    assert [Searching, Found, Sentence] == [type(event) for event in scene.events[:3]]
    assert attempts(scene) == 1


@both
async def test_the_pieces_that_were_shown_are_the_text_of_the_answer(
    question: str,
) -> None:
    more = {
        JA: GOOD_JA
        + "\n\n- 申請は3日前まで【1】\n- 残りは繰り越せます［１］\n\n以上です。",
        EN: GOOD_EN
        + " Ask the network team [1].\n\n1. Open the client [1].\n2. Log in.",
    }[question]
    scene = await a_scene(more)
    answer = await scene.answered(question)

    assert scene.shown == answer.text
    assert sum(isinstance(event, Sentence) for event in scene.events) > 1


# --- it ignores the citation rule --------------------------------------------


@both
async def test_an_answer_without_citations_is_asked_for_again(question: str) -> None:
    vague = {
        JA: "たぶん長めの休みがもらえると思います。",
        EN: "It happens quite regularly.",
    }
    scene = await a_scene(vague[question], GOOD[question])
    answer = await scene.answered(question)

    assert GOOD[question] == answer.text
    first, second = (prompt[-1].text for prompt in played(scene).prompts)
    assert second.startswith(first)
    assert len(second) > len(first)


@both
async def test_what_was_copied_without_citing_is_cited_by_overlap(
    question: str,
) -> None:
    copied = {
        JA: "年次有給休暇は、入社6か月後に20日を付与します。",
        EN: "A new certificate is issued every 90 days.",
    }[question]
    answer = await answer_to(question, copied)

    assert answer.kind == AnswerKind.GENERATED
    assert copied == re.sub(r" ?\[1\]", "", answer.text)
    assert len(answer.citations) == 1


@both
async def test_numbers_that_no_source_has_are_never_cited_by_overlap(
    question: str,
) -> None:
    wrong = {
        JA: "年次有給休暇は、入社6か月後に35日を付与します。",
        EN: "A new certificate is issued every 120 days.",
    }[question]
    answer = await answer_to(question, wrong)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.UNUSABLE)
    assert "35" not in answer.text
    assert "120" not in answer.text


@both
async def test_an_answer_that_never_cites_gives_way_to_quotations(
    question: str,
) -> None:
    vague = {
        JA: "たぶん長めの休みがもらえると思います。",
        EN: "It happens quite regularly.",
    }
    scene = await a_scene(vague[question])
    answer = await scene.answered(question)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.UNUSABLE)
    assert phrases.UNUSABLE.say(answer.language) in answer.notes
    assert attempts(scene) == 2


@both
async def test_a_citation_on_a_line_of_its_own_counts_for_what_it_follows(
    question: str,
) -> None:
    text = {
        JA: "年次有給休暇は20日です。\n\n出典:\n[1] 休暇規程\n[2] 出張旅費規程",
        EN: "It is issued every 90 days.\n\nSources:\n[1] VPN guide\n[2] Backup policy",
    }[question]
    answer = await answer_to(question, text)

    assert len(answer.citations) == 1
    assert answer.text.endswith("[1]")
    assert "規程" not in answer.text
    assert "guide" not in answer.text


@both
async def test_a_list_of_sources_behind_an_answer_is_left_to_code(
    question: str,
) -> None:
    listing = {JA: "\n\n出典:\n[1] 休暇規程", EN: "\n\nSources:\n[1] VPN guide"}[
        question
    ]
    answer = await answer_to(question, GOOD[question] + listing)

    assert GOOD[question] == answer.text


@both
async def test_a_later_sentence_may_do_without_a_citation(question: str) -> None:
    later = {JA: "早めの申請をお勧めします。", EN: " Plan for it."}[question]
    answer = await answer_to(question, GOOD[question] + later)

    assert GOOD[question] + later == answer.text


# --- it cites what does not exist --------------------------------------------


@both
async def test_a_sentence_that_cites_a_source_nobody_has_is_dropped(
    question: str,
) -> None:
    phantom = {JA: "宇宙旅行も支給されます[9]。", EN: " Unicorns are served daily [9]."}
    answer = await answer_to(question, GOOD[question] + phantom[question])

    assert GOOD[question] == answer.text


@both
@pytest.mark.parametrize("mark", ["[`9]", "[<b>9</b>]", "[9<!-- -->]", "[`1]"])
async def test_a_mark_that_comes_out_of_markup_cites_nothing(
    question: str, mark: str
) -> None:
    scene = await a_scene(f"{GOOD[question]} VPN{mark}。")
    answer = await scene.answered(question)

    assert GOOD[question] == answer.text
    assert len(answer.citations) == 1


@both
async def test_an_answer_that_only_cites_what_nobody_has_is_asked_for_again(
    question: str,
) -> None:
    phantom = {JA: "宇宙旅行が支給されます[9]。", EN: "Unicorns are served daily [9]."}
    scene = await a_scene(phantom[question], GOOD[question])

    assert GOOD[question] == (await scene.answered(question)).text
    assert attempts(scene) == 2


@both
async def test_citations_are_renumbered_in_the_order_they_appear(question: str) -> None:
    text = {
        JA: "宿泊費は12,000円までで[2]、年休は20日です[1]。",
        EN: "Backups run at 02:00 [2] and certificates last 90 days [1].",
    }[question]
    answer = await answer_to({JA: JA_TWO, EN: EN_TWO}[question], text)

    assert re.findall(r"\[\d\]", answer.text) == ["[1]", "[2]"]
    assert [citation.number for citation in answer.citations] == [1, 2]


# --- it answers in the wrong language ----------------------------------------


@both
async def test_an_answer_in_the_wrong_language_is_asked_for_again(
    question: str,
) -> None:
    other = {JA: GOOD_EN, EN: GOOD_JA}[question]
    scene = await a_scene(other, GOOD[question])

    assert GOOD[question] == (await scene.answered(question)).text
    assert attempts(scene) == 2


@both
async def test_a_later_sentence_in_the_wrong_language_is_dropped(question: str) -> None:
    other = {JA: GOOD_EN, EN: GOOD_JA}[question]
    answer = await answer_to(question, f"{GOOD[question]} {other}")

    assert GOOD[question] == answer.text


@both
async def test_an_answer_in_korean_is_not_shown(question: str) -> None:
    answer = await answer_to(question, "연차는 20일 부여됩니다[1].")

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.UNUSABLE)


async def test_chinese_characters_that_slip_into_japanese_fail_the_sentence() -> None:
    slipped = "年次有给休暇は入社6か月後に发放されます[1]。"
    scene = await a_scene(slipped, GOOD_JA)

    assert (await scene.answered(JA)).text == GOOD_JA
    assert attempts(scene) == 2


async def test_a_japanese_question_is_never_answered_in_chinese() -> None:
    answer = await answer_to(JA, "員工入社六個月後可獲得二十日年次有給休暇[1]。")

    assert answer.kind == AnswerKind.EXTRACTIVE


# --- it thinks aloud ---------------------------------------------------------


@both
async def test_thoughts_between_tags_are_dropped(question: str) -> None:
    thought = {
        JA: "<think>\nユーザーは休暇について聞いている。資料[1]を見る。\n</think>\n\n",
        EN: "<think>\nThe user asks about [1]. Let me check.\n</think>\n\n",
    }[question]
    answer = await answer_to(question, thought + GOOD[question])

    assert GOOD[question] == answer.text


@both
async def test_thoughts_whose_tag_the_template_opened_are_dropped(
    question: str,
) -> None:
    thought = {
        JA: "休暇の話のようだ。答えはすぐ見つかる。\n</think>\n\n",
        EN: "This seems to be about certificates. Easy enough.\n</think>\n\n",
    }[question]
    answer = await answer_to(question, thought + GOOD[question])

    assert GOOD[question] == answer.text


@both
async def test_thoughts_without_tags_are_dropped(question: str) -> None:
    thought = {
        JA: "ユーザーの質問は休暇の日数についてです。まず、資料を確認します。",
        EN: "Okay, the user asks about certificates. Let me check source 1 first. ",
    }[question]
    answer = await answer_to(question, thought + GOOD[question])

    assert GOOD[question] == answer.text


@both
async def test_nothing_but_thoughts_is_an_empty_answer(question: str) -> None:
    scene = await a_scene("<think>" + "うーん、分からない。hmm. " * 30)
    answer = await scene.answered(question)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.UNUSABLE)
    assert attempts(scene) == 2


# --- it repeats itself -------------------------------------------------------


@both
async def test_a_sentence_is_said_once(question: str) -> None:
    scene = await a_scene(f"{GOOD[question]} " * 50)
    answer = await scene.answered(question)

    assert GOOD[question] == answer.text
    assert played(scene).closed == 1


@both
async def test_a_loop_inside_a_sentence_is_not_shown(question: str) -> None:
    loop = {
        JA: "申請は" + "上長の承認と" * 20 + "です[1]。",
        EN: " And so on" + ", and so on" * 20 + " [1].",
    }
    answer = await answer_to(question, GOOD[question] + loop[question])

    assert GOOD[question] == answer.text


# --- it returns nothing, or never stops --------------------------------------


@both
@pytest.mark.parametrize("nothing", ["", "   \n\n", "[1]", "。", "```\n```"])
async def test_an_empty_answer_is_asked_for_again(question: str, nothing: str) -> None:
    scene = await a_scene(nothing, GOOD[question])

    assert GOOD[question] == (await scene.answered(question)).text
    assert attempts(scene) == 2


@both
async def test_two_empty_answers_give_way_to_quotations(question: str) -> None:
    answer = await answer_to(question, "")

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.UNUSABLE)


def numbered(question: str, count: int) -> str:
    sentence = {
        JA: "第{}章では年次有給休暇の申請の手順を定めています[1]。",
        EN: "Chapter {} describes how a certificate is issued and renewed [1]. ",
    }[question]
    return "".join(sentence.format(n) for n in range(count))


@both
async def test_an_answer_that_never_stops_ends_with_a_whole_sentence(
    question: str,
) -> None:
    scene = await a_scene(numbered(question, 500))
    answer = await scene.answered(question)

    assert re.search(r"\[1\][。.]$", answer.text)
    assert played(scene).closed == 1
    if question == JA:
        assert 400 <= len(answer.text) <= 520
    else:
        assert 150 <= len(answer.text.split()) <= 190


@both
async def test_a_detailed_answer_may_be_longer(question: str) -> None:
    detailed = replace(a_question(question), detailed=True)
    short = await (await a_scene(numbered(question, 500))).answered(question)
    long = await (await a_scene(numbered(question, 500))).answered(detailed)

    assert 3 * len(short.text) < len(long.text) < 5 * len(short.text)


@both
async def test_a_sentence_that_never_ends_is_cut_off_unseen(question: str) -> None:
    endless = {
        JA: "年次有給休暇の付与と申請と承認と",
        EN: " Certificate request approval ",
    }
    words = endless[question]
    text = "".join(f"{words}{n}" for n in range(SENTENCE_CHARACTERS))
    scene = await a_scene(GOOD[question] + text)
    answer = await scene.answered(question)

    assert GOOD[question] == answer.text
    assert played(scene).closed == 1


async def test_two_hundred_kilobytes_of_rubbish_are_not_read_to_the_end() -> None:
    rubbish = "".join(f"まったく関係のない{n}番目の話です。" for n in range(10_000))
    scene = await a_scene(rubbish)
    answer = await scene.answered(JA)

    assert answer.kind == AnswerKind.EXTRACTIVE
    assert played(scene).closed == 2
    assert len(rubbish) > 5 * READ_CHARACTERS


# --- it says that there is no answer -----------------------------------------

REFUSALS = [
    "NO_ANSWER",
    "no_answer",
    "NO_ANSWER.",
    "**NO_ANSWER**",
    "`NO_ANSWER`",
    "「NO_ANSWER」",
    "<think>hm</think>NO_ANSWER",
    "申し訳ございませんが、NO_ANSWER となります。",
    "I am sorry, but the answer is NO_ANSWER. Please ask somebody else.",
    "NO ANSWER",
    "No answer.",
]


@both
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_no_answer_in_any_wrapping_is_not_found(
    question: str, refusal: str
) -> None:
    scene = await a_scene(refusal)
    declined = await scene.declined(question)

    language = Language.JA if question == JA else Language.EN
    assert phrases.NOT_FOUND.say(language) == declined.text
    assert declined.reason == Reason.NOT_FOUND
    assert attempts(scene) == 1
    assert not scene.shown


@both
async def test_no_answer_in_other_words_is_not_found(question: str) -> None:
    words = {
        JA: "申し訳ありませんが、資料にはその記載がありません。",
        EN: "The sources do not contain this information.",
    }[question]
    declined = await (await a_scene(words)).declined(question)

    assert declined.reason == Reason.NOT_FOUND


@both
async def test_a_refusal_behind_an_answer_ends_the_answer(question: str) -> None:
    answer = await answer_to(question, f"{GOOD[question]}\nNO_ANSWER")

    assert GOOD[question] == answer.text


# --- it fails ----------------------------------------------------------------


@both
@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the model host does not answer"),
        ConfigError("no model 'gemma4'; ollama pull gemma4"),
        Interrupted("the model fell silent"),
    ],
)
async def test_a_model_that_fails_gives_way_to_quotations(
    question: str, error: BotError
) -> None:
    scene = await asked(question, error)
    answer = await scene.answered(question)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.MODEL_FAILED)
    assert phrases.MODEL_FAILED.say(answer.language) in answer.notes


@both
async def test_a_model_that_breaks_off_before_its_first_sentence_is_not_shown(
    question: str,
) -> None:
    answer = await answer_to(question, [GOOD[question][:-6], Unavailable("gone")])

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.MODEL_FAILED)


@both
async def test_what_was_shown_before_a_model_breaks_off_stays(question: str) -> None:
    half = {JA: "次に、申請", EN: " Then the netw"}[question]
    answer = await answer_to(question, [GOOD[question] + half, Unavailable("gone")])

    assert GOOD[question] == answer.text
    assert (answer.kind, answer.reason) == (AnswerKind.GENERATED, Reason.MODEL_FAILED)
    assert (phrases.CUT_SHORT.say(answer.language),) == answer.notes


@both
async def test_without_a_model_the_documents_are_quoted(question: str) -> None:
    scene = await a_scene(model=False)
    answer = await scene.answered(question)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.NO_MODEL)
    assert scene.shown == answer.text
    assert {JA: "20日", EN: "90 days"}[question] in answer.text


class Optimist:
    """A model whose tokens are more than it estimates."""

    def __init__(self, model: MemoryLanguageModel) -> None:
        self._model = model

    async def describe(self) -> ModelSpec:
        return await self._model.describe()

    def measure(self, text: str, /) -> int:
        return len(text) // 4

    def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncIterator[Token | Completion]:
        return self._model.generate(messages, profile=profile)


@both
async def test_a_prompt_that_is_too_long_is_sent_again_with_fewer_sources(
    question: str,
) -> None:
    two = {JA: JA_TWO, EN: EN_TWO}[question]
    scene = await a_scene(GOOD[question])
    await scene.ask(two)
    whole = sum(len(message.text) for message in played(scene).prompts[0])

    tight = await a_scene(GOOD[question], context=whole, output=64)
    told = played(tight)
    tight.model = Optimist(told)
    answer = await tight.answered(two)

    assert GOOD[question] == answer.text
    sources = [
        len(re.findall(r"(?m)^(?:資料|Source) \d$", p[-1].text)) for p in told.prompts
    ]
    assert sources == [2, 1]


@both
async def test_a_prompt_that_is_too_long_even_with_one_source_is_not_sent_for_ever(
    question: str,
) -> None:
    scene = await a_scene(GOOD[question], context=600, output=64)
    told = played(scene)
    scene.model = Optimist(told)
    answer = await scene.answered(question)

    assert (answer.kind, answer.reason) == (AnswerKind.EXTRACTIVE, Reason.MODEL_FAILED)
    assert len(told.prompts) <= len(LIBRARY)


# --- what it copies from the prompt ------------------------------------------


@both
async def test_our_marker_is_never_shown(question: str) -> None:
    text = GOOD[question].replace(" ", f" {FENCE.marker} ", 1)
    answer = await answer_to(question, FENCE.marker + " " + text)

    assert FENCE.marker not in answer.text
    assert answer.kind == AnswerKind.GENERATED


@both
async def test_a_label_before_the_answer_is_dropped(question: str) -> None:
    label = {JA: "回答：", EN: "**Answer:** "}[question]

    assert GOOD[question] == (await answer_to(question, label + GOOD[question])).text


def test_the_library_speaks_both_languages() -> None:
    assert {Language.JA, Language.EN} == {LEAVE.language, VPN.language}
