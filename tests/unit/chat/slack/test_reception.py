"""What people do in Slack, and what becomes of their questions."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.core.inbox import Origin
from bot.text import replies
from tests.fakes.shown import answered
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Fail, Hold, ratelimited
from tests.fakes.slack.model import Guest, Message, texts_in
from tests.fakes.slack_bot import Around, Bot, bot

LEAVE = "有給休暇は何日ですか？"


@pytest.fixture
async def running(slack: Slack, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that answers."""
    async with bot(slack, tmp_path) as made:
        yield made


def everything(folder: Path) -> bytes:
    """All that lies in a folder."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def open_question(running: Bot, said: Message) -> None:
    """Wait until a message is a question that is open."""
    await running.heard()
    found = await running.state.questions.find(
        Origin(
            surface="slack",
            workspace="TSHIRUBE",
            channel=said.channel,
            message=said.ts,
        )
    )
    assert found is not None


async def one_waits(
    slack: Slack, running: Bot, first: str = "tanaka", second: str = "sato"
) -> tuple[Message, Message]:
    """Have one question worked on until the gate opens, and one wait behind it."""
    running.answerer.gate.clear()
    root = await slack.say(first, "総務", f"@shirube {LEAVE}")
    await running.at_work()
    waiting = await slack.say(second, "総務", "@shirube 育休は？", thread=root)
    await open_question(running, waiting)
    return root, waiting


async def test_a_hushed_thread_is_answered_again_after_a_mention(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.say("sato", "総務", "静かに", thread=question)
    await slack.until(lambda: running.notices(question))
    await slack.say("tanaka", "総務", "繰り越せますか？", thread=question)
    await running.heard()
    assert len(running.answers(question)) == 1

    await slack.say("tanaka", "総務", "@shirube 期限はいつ？", thread=question)
    await slack.until(lambda: running.answers(question)[1:])
    await slack.say("tanaka", "総務", "半休は取れますか？", thread=question)
    await slack.until(lambda: running.answers(question)[2:])

    assert [q.text for q in running.answerer.asked] == [
        LEAVE,
        "期限はいつ？",
        "半休は取れますか？",
    ]
    assert "メンションされるまで" in running.notices(question)[0]


@pytest.mark.parametrize(
    ("question", "word", "said"),
    [
        (LEAVE, "mute", replies.HUSHED.ja),
        (LEAVE, ":mute:", replies.HUSHED.ja),
        ("How many days of leave do I have?", "mute", replies.HUSHED.en),
        ("How many days of leave do I have?", "静かに", replies.HUSHED.ja),
    ],
)
async def test_a_word_for_silence_is_answered_in_the_language_of_the_thread(
    slack: Slack, running: Bot, question: str, word: str, said: str
) -> None:
    asked = await slack.say("tanaka", "総務", f"@shirube {question}")
    await running.answer(asked)
    await slack.say("sato", "総務", word, thread=asked)
    await slack.until(lambda: running.notices(asked))

    assert running.notices(asked) == [said]


@pytest.mark.parametrize("below", [True, False])
async def test_silence_is_no_question_in_a_direct_message(
    slack: Slack, running: Bot, *, below: bool
) -> None:
    """There the bot is quiet anyway, until it is asked something."""
    direct = slack.dm("tanaka")
    question = await slack.say("tanaka", direct, LEAVE)
    await running.answer(question)
    said = await slack.say(
        "tanaka", direct, "静かに", thread=question if below else None
    )
    where = question if below else said
    await slack.until(lambda: running.notices(where))
    await slack.say("tanaka", direct, "半休は取れますか？", thread=question)
    await slack.until(lambda: running.answers(question)[1:])

    assert running.notices(where) == [replies.HUSHED_ALONE.ja]
    assert [q.text for q in running.answerer.asked] == [LEAVE, "半休は取れますか？"]


async def test_where_nobody_asked_nobody_is_hushed(slack: Slack, running: Bot) -> None:
    root = await slack.say("tanaka", "総務", "会議中です")
    await slack.say("sato", "総務", "静かに", thread=root)
    await running.heard()
    question = await slack.say("tanaka", "general", f"@shirube {LEAVE}")
    await running.answer(question)

    assert not slack.replies(root)


async def test_the_third_question_of_a_person_is_told_to_wait(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    first = await slack.say("tanaka", "総務", "@shirube 一つ目は？")
    await running.at_work()
    second = await slack.say("tanaka", "general", "@shirube 二つ目は？")
    await running.heard()
    third = await slack.say("tanaka", "project", "@shirube 三つ目は？")
    await slack.until(lambda: running.notices(third))
    other = await slack.say("sato", "project", "@shirube 私のは？")
    running.answerer.gate.set()
    for question in (first, second, other):
        await running.answer(question)

    assert "一度にお受けできるのは" in running.notices(third)[0]
    assert "三つ目は？" not in [q.text for q in running.answerer.asked]


async def test_every_place_says_that_it_was_too_much(
    slack: Slack, running: Bot
) -> None:
    """In one thread once a minute, whoever goes on asking there."""
    running.answerer.gate.clear()
    first = await slack.say("tanaka", "総務", "@shirube 一つ目は？")
    await slack.say("tanaka", "general", "@shirube 二つ目は？")
    await running.at_work(2)
    third = await slack.say("tanaka", "project", "@shirube 三つ目は？")
    fourth = await slack.say("tanaka", "総務", "@shirube 四つ目は？")
    await slack.say("tanaka", "総務", "@shirube 五つ目は？", thread=fourth)
    await running.heard()
    await slack.until(lambda: running.notices(third) and running.notices(fourth))
    await slack.clock.advance(60)
    await slack.say("tanaka", "総務", "@shirube 六つ目は？", thread=fourth)
    await slack.until(lambda: running.notices(fourth)[1:])
    running.answerer.gate.set()
    await running.answer(first)

    assert len(running.notices(third)) == 1
    assert len(running.notices(fourth)) == 2


async def test_what_was_too_much_is_not_talked_of_when_it_is_deleted(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    await slack.say("tanaka", "総務", "@shirube 一つ目は？")
    await slack.say("tanaka", "general", "@shirube 二つ目は？")
    await running.at_work(2)
    third = await slack.say("tanaka", "project", "@shirube 三つ目は？")
    await slack.until(lambda: running.notices(third))
    await slack.delete(third)

    await slack.until(lambda: not running.notices(third))


async def test_a_command_that_is_too_much_promises_nothing(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    for number in ("一", "二", "三", "四"):
        await slack.command("tanaka", "総務", "/ask", f"{number}つ目は？")
        await running.heard()
    await running.at_work(2)
    running.answerer.gate.set()
    await slack.until(lambda: len(running.told("tanaka")) == 4)

    assert [q.text for q in running.answerer.asked] == ["一つ目は？", "二つ目は？"]
    said = [whisper.text for whisper in slack.whispers("tanaka")]
    assert ["一度にお受けできるのは" in each for each in said] == [
        False,
        False,
        True,
        True,
    ]
    assert ["ダイレクトメッセージで回答します" in each for each in said] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_press_that_is_too_much_promises_nothing(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("sato", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [answer] = slack.replies(question)
    running.answerer.gate.clear()
    await slack.say("tanaka", "総務", "@shirube 一つ目は？")
    await slack.say("tanaka", "general", "@shirube 二つ目は？")
    await running.at_work(3)
    await slack.click("tanaka", answer, "shirube_privately")
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))

    assert "一度にお受けできるのは" in whisper.text
    assert not running.told("tanaka")


async def test_an_offer_that_was_too_much_can_be_taken_later(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", "@shirube 有休は何日？")
    await running.answer(question)
    await slack.edit(question, "@shirube 育休は何日？")
    await slack.until(lambda: running.notices(question))
    offer = slack.replies(question)[-1]
    running.answerer.gate.clear()
    threads = {
        where: await slack.say("tanaka", where, "@shirube これは？")
        for where in ("general", "project")
    }
    await running.at_work(3)
    await slack.click("tanaka", offer, "shirube_ask_edited")
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    running.answerer.gate.set()
    for where, asked in threads.items():
        # Whoever asks next there is answered when that has ended.
        await slack.say("sato", where, "@shirube 次は？", thread=asked)
    await slack.until(lambda: all(running.answers(q)[1:] for q in threads.values()))
    await slack.click("tanaka", offer, "shirube_ask_edited")
    await slack.until(lambda: running.answers(question)[1:])

    assert "一度にお受けできるのは" in whisper.text
    assert running.answers(question)[1] == "回答: 育休は何日？"


async def test_row_30_who_floods_is_told_once_and_others_are_served(
    slack: Slack, running: Bot
) -> None:
    """More than 500 a minute, all of them of one person."""
    slack.tiers.enforced = False
    running.answerer.gate.clear()
    direct = slack.dm("tanaka")
    asked = [
        await slack.say("tanaka", direct, f"{number}番目は何日？")
        for number in range(120)
    ]
    await running.heard()
    await slack.until(lambda: any(running.notices(one) for one in asked))
    tanaka = slack.workspace.user("tanaka").id
    waiting = await running.state.threads.open_of(tanaka, surface="slack")
    other = await slack.say("sato", "総務", "@shirube 私のは？")
    running.answerer.gate.set()
    await running.answer(other)

    assert len(waiting) == 2
    assert len(waiting) == 2
    assert sum(len(running.notices(one)) for one in asked) == 1
    assert len(running.answerer.asked) <= 4


async def test_row_25_a_deleted_question_is_not_answered(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.at_work()
    await slack.delete(question)
    await running.heard()
    running.answerer.gate.set()
    other = await slack.say("tanaka", "総務", "@shirube 別の質問は？")
    await running.answer(other)

    assert not slack.replies(question)


async def test_row_25_what_was_shown_of_an_answer_goes_with_its_question(
    slack: Slack, running: Bot
) -> None:
    running.answerer.opening = "年次有給休暇は20日です。[1]"
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: slack.replies(question))
    await slack.delete(question)
    await slack.until(lambda: not slack.replies(question))
    running.answerer.gate.set()
    other = await slack.say("tanaka", "総務", "@shirube 別の質問は？")
    await running.answer(other)

    assert not slack.replies(question)


@pytest.mark.parametrize(
    ("method", "posted"),
    [
        ("chat.postMessage", True),
        ("chat.postMessage", False),
        ("chat.startStream", True),
    ],
)
async def test_row_25_an_answer_that_is_being_posted_goes_with_its_question(
    slack: Slack, running: Bot, method: str, *, posted: bool
) -> None:
    """It stands in the thread of others, so nobody else would take it away."""
    root = await slack.say("sato", "総務", "@shirube 育休は何日ですか？")
    other = await slack.say("sato", "general", "@shirube 別の質問は？")
    await running.answer(root)
    await running.answer(other)
    streams = method == "chat.startStream"
    slack.app.agent = slack.platform.streaming = streams
    running.answerer.opening = "最初の文です。" if streams else ""
    hold = slack.faults.hold(method, after_processing=posted)
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}", thread=root)
    await hold.held.wait()
    await slack.delete(question)
    await running.heard()
    await slack.say("sato", "general", "静かに", thread=other)
    await slack.until(lambda: running.notices(other))
    hold.release()
    await slack.clock.advance(5)
    await running.answer(await slack.say("smith", "general", "@shirube hello?"))
    await slack.until(lambda: len(slack.replies(root)) == 1)

    assert running.answers(root) == ["回答: 育休は何日ですか？"]


async def test_row_26_an_edited_question_that_waits_is_answered_as_it_is_now(
    slack: Slack, running: Bot
) -> None:
    root, waiting = await one_waits(slack, running)
    await slack.edit(waiting, "@shirube 産休は何日？")
    await running.heard()
    running.answerer.gate.set()
    await slack.until(lambda: running.answers(root)[1:])

    assert [q.text for q in running.answerer.asked] == [LEAVE, "産休は何日？"]


async def test_row_26_a_question_that_waits_and_asks_nothing_any_more_is_dropped(
    slack: Slack, running: Bot
) -> None:
    root, waiting = await one_waits(slack, running)
    await slack.edit(waiting, "解決しました")
    await running.heard()
    running.answerer.gate.set()
    await slack.say("smith", "総務", "@shirube 産休は？", thread=root)
    await slack.until(lambda: running.answers(root)[1:])

    assert [q.text for q in running.answerer.asked] == [LEAVE, "産休は？"]


async def test_row_26_what_an_edit_says_to_others_is_written_nowhere(
    slack: Slack, running: Bot, tmp_path: Path
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.edit(question, "すみません、カナリアの件は課長だけに話します")
    await running.heard()
    await slack.say("tanaka", "総務", "半休は取れますか？", thread=question)
    await slack.until(lambda: running.answers(question)[1:])

    assert not running.notices(question)
    assert "カナリア".encode() not in everything(tmp_path)


async def test_a_command_stops_what_its_asker_asked(slack: Slack, running: Bot) -> None:
    running.answerer.gate.clear()
    mine = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    others = await slack.say("sato", "general", "@shirube 育休は？")
    await running.at_work(2)
    await slack.command("tanaka", "総務", "/ask", "キャンセル")
    stopped = await running.answer(mine)
    assert not running.answers(others)
    running.answerer.gate.set()
    await running.answer(others)

    assert stopped == "中止しました。"
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    assert "1件中止" in whisper.text


async def test_what_waits_is_stopped_as_well(slack: Slack, running: Bot) -> None:
    root, _ = await one_waits(slack, running, "sato", "tanaka")
    await slack.command("tanaka", "総務", "/ask", "cancel")
    await slack.until(lambda: running.notices(root))
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    assert "1件中止" in whisper.text
    running.answerer.gate.set()
    await running.answer(root)

    assert running.notices(root) == ["中止しました。"]
    assert [q.text for q in running.answerer.asked] == [LEAVE]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(partial(Hold, after_processing=False), id="on its way"),
        pytest.param(partial(Hold, after_processing=True), id="there already"),
        pytest.param(partial(ratelimited, 3), id="too often"),
    ],
)
async def test_an_answer_that_is_being_posted_is_not_stopped_as_well(
    slack: Slack, running: Bot, trouble: Callable[[], Hold | Fail]
) -> None:
    """What people see is the answer or that there is none, and never both."""
    slack.app.agent = slack.platform.streaming = False
    fault = trouble()
    slack.faults.next("chat.postMessage", fault)
    mine = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: slack.calls_to("chat.postMessage"))
    await slack.command("tanaka", "総務", "/ask", "キャンセル")
    await running.heard()
    if isinstance(fault, Hold):
        fault.release()
    await slack.clock.advance(3)
    await running.answer(mine)

    assert [reply.text for reply in slack.replies(mine)] == [f"回答: {LEAVE}"]
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    assert "もう中止できません" in whisper.text
    assert "件中止" not in whisper.text


async def test_what_is_stopped_and_what_is_too_late_are_told_apart(
    slack: Slack, running: Bot
) -> None:
    slack.app.agent = slack.platform.streaming = False
    hold = slack.faults.hold("chat.postMessage")
    first = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await hold.held.wait()
    running.answerer.gate.clear()
    second = await slack.say("tanaka", "general", "@shirube 育休は？")
    await running.at_work(2)
    await slack.command("tanaka", "総務", "/ask", "キャンセル")
    await running.heard()
    hold.release()

    assert await running.answer(first) == f"回答: {LEAVE}"
    assert await running.answer(second) == "中止しました。"
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    assert "1件中止" in whisper.text
    assert "もう中止できません" in whisper.text


@pytest.mark.parametrize(
    ("who", "stops"), [("tanaka", True), ("sato", True), ("smith", False)]
)
async def test_the_asker_and_administrators_stop_an_answer(
    slack: Slack, running: Bot, who: str, *, stops: bool
) -> None:
    """Sato administers the workspace."""
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.at_work()
    await slack.until(lambda: slack.session(question))
    await slack.press_stop(who, question)
    await running.heard()
    if not stops:
        await slack.until(lambda: slack.calls_to("users.info"))
        running.answerer.gate.set()

    answer = await running.answer(question)

    assert (answer == "中止しました。") is stops


async def test_an_answer_that_slack_let_somebody_else_stop_is_completed_once(
    slack: Slack, running: Bot
) -> None:
    """Slack ends the stream for whoever presses; the bot goes on in that message."""
    running.answerer.found = answered("一文目です。[1]二文目です。[1]").answer
    running.answerer.opening = "一文目です。[1]"
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: slack.replies(question))
    await slack.press_stop("smith", question)
    [told] = await slack.until(lambda: slack.whispers("smith"))
    running.answerer.gate.set()
    await running.answer(question)

    [answer] = slack.replies(question)
    assert answer.reads.count("一文目です。") == 1
    assert "二文目です。" in answer.reads
    assert told.text == replies.NOT_YOURS.en
    assert told.thread_ts == question.ts


async def test_a_question_is_answered_privately_to_who_wants_that_once(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    [answer] = slack.replies(question)
    await slack.click("smith", answer, "shirube_privately")
    await slack.click("smith", answer, "shirube_privately")
    await slack.until(lambda: running.told("smith")[1:])
    await running.heard()

    [first, again] = running.answerer.asked
    assert again.text == LEAVE
    assert "usr:mail:smith@shirube.example" in again.audience.principals
    assert "usr:mail:smith@shirube.example" not in first.audience.principals


async def test_a_reply_to_a_private_answer_goes_on_with_it(
    slack: Slack, running: Bot
) -> None:
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    [opening] = [m for m in slack.dm("tanaka").messages.values() if not m.thread_ts]
    await slack.say("tanaka", slack.dm("tanaka"), "繰り越しは？", thread=opening)
    await slack.until(lambda: running.told("tanaka")[2:])

    [first, second] = running.answerer.asked
    assert first.conversation == second.conversation
    assert [turn.question for turn in second.history] == [LEAVE]


async def test_row_42_what_was_asked_privately_is_no_memory_of_the_channel(
    slack: Slack, running: Bot
) -> None:
    await slack.command("tanaka", "総務", "/ask", "評価の基準は？")
    await slack.until(lambda: running.told("tanaka")[1:])
    question = await slack.say("tanaka", "総務", "@shirube それはいつから？")
    await running.answer(question)

    assert not running.answerer.asked[-1].history


async def test_a_question_that_waited_too_long_has_expired(
    slack: Slack, tmp_path: Path
) -> None:
    around = Around(deadline=timedelta(seconds=120))
    async with bot(slack, tmp_path, around) as running:
        root, _ = await one_waits(slack, running)
        await slack.clock.advance(121)
        other = await slack.say("smith", "general", "@shirube hello?")
        await slack.until(lambda: running.notices(root))
        running.answerer.gate.set()
        await running.answer(other)

    assert "時間内に答えられませんでした" in running.notices(root)[0]


async def test_a_bare_command_explains_itself_in_both_languages(
    slack: Slack, running: Bot
) -> None:
    await slack.command("smith", "総務", "/ask")
    await running.heard()

    [whisper] = slack.whispers("smith")
    japanese, english = whisper.text.split("\n\n")
    assert "のあとに質問を書いてください" in japanese
    assert "Write your question after" in english


async def test_who_joins_is_seen_at_once(slack: Slack, running: Bot) -> None:
    first = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(first)
    await slack.invite("suzuki", "総務")
    await running.heard()
    second = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(second)

    before, after = running.answerer.asked
    assert before.audience.limited is None
    assert "ゲスト" in (after.audience.limited or "")


async def test_a_guest_who_is_new_to_the_workspace_is_seen_at_once(
    slack: Slack, running: Bot
) -> None:
    first = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(first)
    slack.workspace.add_user("新入り", guest=Guest.MULTI)
    await slack.invite("新入り", "総務")
    await running.heard()
    second = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(second)

    before, after = running.answerer.asked
    assert before.audience.limited is None
    assert "ゲスト" in (after.audience.limited or "")


async def test_row_23_a_thread_is_answered_in_the_order_in_which_it_asked(
    slack: Slack, running: Bot
) -> None:
    running.answerer.gate.clear()
    root = await slack.say("tanaka", "総務", "@shirube 一つ目は？")
    await running.at_work()
    for who, text in (("sato", "二つ目は？"), ("smith", "三つ目は？")):
        await slack.clock.advance(0.1)
        await slack.say(who, "総務", text, thread=root)
    await running.heard()
    running.answerer.gate.set()
    await slack.until(lambda: running.answers(root)[2:])

    assert running.answers(root) == [
        "回答: 一つ目は？",
        "回答: 二つ目は？",
        "回答: 三つ目は？",
    ]


async def test_what_is_no_question_is_written_nowhere(
    slack: Slack, running: Bot, tmp_path: Path
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    other = await slack.say("sato", "総務", "カナリア一号の件ですか？")
    await slack.say("tanaka", "総務", "カナリア二号の件ですか？", thread=other)
    await slack.say("tanaka", "総務", "カナリア三号です。", thread=question)
    said = await slack.say(
        "tanaka", "総務", "佐藤さん、カナリア四号は？", thread=question
    )
    await slack.edit(said, "佐藤さん、カナリア五号は？")
    await running.heard()
    await slack.say("tanaka", "総務", "半休は取れますか？", thread=question)
    await slack.until(lambda: running.answers(question)[1:])

    written = everything(tmp_path)
    assert "半休は取れますか？".encode() in written
    assert "カナリア".encode() not in written


async def test_trap_48_the_answer_goes_with_its_question(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.delete(question)
    await slack.until(lambda: not slack.replies(question))

    assert slack.calls_to("chat.delete")


async def test_an_answer_that_others_went_on_from_goes_when_its_asker_says_so(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.say("sato", "総務", "助かりました", thread=question)
    await slack.delete(question)
    await slack.until(lambda: running.told("tanaka"))
    assert len(slack.replies(question)) == 1

    [asking] = slack.dm("tanaka").messages.values()
    await slack.click("tanaka", asking, "shirube_withdraw")
    await slack.until(lambda: not slack.replies(question))

    assert "残してあります" in running.told("tanaka")[0]


async def test_an_answer_that_stays_is_not_offered_again_without_its_question(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    await slack.edit(question, "@shirube 育休は何日？")
    await slack.until(lambda: running.notices(question))
    await slack.say("sato", "総務", "助かりました", thread=question)
    await slack.delete(question)
    await slack.until(lambda: not running.notices(question))

    assert running.answers(question) == [f"回答: {LEAVE}"]
    assert "残してあります" in running.told("tanaka")[0]


async def test_a_private_answer_is_shared_by_the_rights_of_the_channel(
    slack: Slack, running: Bot
) -> None:
    await slack.command("tanaka", "総務", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    answer = list(slack.dm("tanaka").messages.values())[-1]
    await slack.click("tanaka", answer, "shirube_share")
    await slack.click("tanaka", answer, "shirube_share")
    where = slack.workspace.channel("総務")
    [opening] = await slack.until(lambda: list(where.messages.values()))
    await running.answer(opening)

    assert "有給休暇" in opening.text
    [_, shared] = running.answerer.asked
    assert shared.audience.principals == {"pub"}
    assert len(running.answers(opening)) == 1


@pytest.mark.parametrize("how", ["shortcut", "mention"])
async def test_a_person_of_another_organisation_has_least_access(
    slack: Slack, running: Bot, how: str
) -> None:
    """Slack names the organisation where it names the workspace of others."""
    grid = slack.workspace.add_team("大企業", domain="grid", enterprise="EGRID")
    slack.workspace.add_user("kujira", team=grid)
    await slack.invite("kujira", "with-partner")
    if how == "shortcut":
        said = await slack.say("tanaka", "with-partner", LEAVE)
        await slack.shortcut("kujira", "shirube_about", on=said)
    else:
        await slack.say("kujira", "with-partner", f"@shirube {LEAVE}")
    await running.heard()
    await running.at_work()

    [question] = running.answerer.asked
    assert (question.text, question.audience.principals) == (LEAVE, frozenset())
    assert "社外" in (question.audience.limited or "")


async def test_what_cannot_be_shared_is_said(slack: Slack, running: Bot) -> None:
    await slack.command("tanaka", "secret", "/ask", LEAVE)
    await slack.until(lambda: running.told("tanaka")[1:])
    answer = list(slack.dm("tanaka").messages.values())[-1]
    await slack.click("tanaka", answer, "shirube_share")
    await slack.until(lambda: running.told("tanaka")[2:])

    assert "招待" in running.told("tanaka")[-1]


async def test_row_26_a_question_that_is_edited_too_late_can_be_answered_again(
    slack: Slack, running: Bot
) -> None:
    question = await slack.say("tanaka", "総務", "@shirube 有休は何日？")
    await running.answer(question)
    await slack.edit(question, "@shirube 育休は何日？")
    await slack.until(lambda: running.notices(question))
    offer = slack.replies(question)[-1]
    running.answerer.gate.clear()
    await slack.click("smith", offer, "shirube_ask_edited")
    await slack.click("tanaka", offer, "shirube_ask_edited")
    await slack.click("tanaka", offer, "shirube_ask_edited")
    await running.heard()
    running.answerer.gate.set()
    await slack.until(lambda: running.answers(question)[1:])

    assert running.answers(question) == ["回答: 有休は何日？", "回答: 育休は何日？"]
    assert running.answerer.asked[-1].conversation.endswith(question.ts)


async def test_the_buttons_of_offers_speak_as_who_may_press_has_slack(
    slack: Slack, running: Bot
) -> None:
    """The sentence above is in the language of the question, as all answers are."""
    question = await slack.say("smith", "総務", "@shirube 有休は何日？")
    await running.answer(question)
    await slack.edit(question, "@shirube 育休は何日？")
    await slack.until(lambda: running.notices(question))
    [again] = running.notices(question)
    offer = slack.replies(question)[-1]
    await slack.say("tanaka", "総務", "ありがとう", thread=question)
    await slack.delete(question)
    [stays] = await slack.until(lambda: running.told("smith"))

    assert "編集されました" in again
    assert "Answer again" in texts_in(offer.blocks)
    assert "削除" in stays
    [message] = [m for m in slack.dm("smith").messages.values() if m.blocks]
    assert "Delete the answer" in texts_in(message.blocks)


async def test_row_26_a_question_that_is_edited_to_a_long_one_is_not_passed_over(
    slack: Slack, running: Bot
) -> None:
    """A button has no room for it."""
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await running.answer(question)
    for times in (400, 500):
        await slack.edit(question, "@shirube " + "育休は何日？" * times)
        await running.heard()
    await slack.until(lambda: running.notices(question))
    await slack.edit(question, "@shirube 産休は何日？")
    await slack.until(lambda: running.notices(question)[1:])

    assert running.notices(question) == [replies.EDITED_LONG.ja, replies.EDITED.ja]


async def test_an_offer_to_answer_again_goes_with_its_question(
    slack: Slack, running: Bot
) -> None:
    other = await slack.say("tanaka", "総務", "@shirube 介護休暇は何日？")
    question = await slack.say("tanaka", "総務", "@shirube 有休は何日？", thread=other)
    await running.answer(other)
    await slack.until(lambda: running.answers(other)[1:])
    await slack.edit(other, "@shirube 看護休暇は何日？")
    await slack.edit(question, "@shirube 育休は何日？")
    await slack.until(lambda: running.notices(other)[1:])
    await slack.delete(question)
    await slack.until(lambda: not running.notices(other)[1:])

    assert running.answers(other) == ["回答: 介護休暇は何日？"]
    assert len(running.notices(other)) == 1


@pytest.mark.parametrize("who", ["tanaka", "sato"])
async def test_who_presses_the_button_too_late_is_told_so(
    slack: Slack, running: Bot, who: str
) -> None:
    """Sato administers the workspace."""
    slack.app.agent = slack.platform.streaming = False
    running.answerer.opening = "最初の文です。"
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: "shirube_stop" in str(slack.replies(question)))
    hold = slack.faults.hold("chat.update")
    running.answerer.gate.set()
    await hold.held.wait()
    await slack.click(who, slack.replies(question)[0], "shirube_stop")
    await slack.until(lambda: slack.whispers(who))
    hold.release()
    await slack.until(lambda: running.answers(question) == [f"回答: {LEAVE}"])

    assert "もう中止できません" in str(slack.whispers(who))
    assert not running.notices(question)


async def test_who_stops_a_stream_too_late_is_told_so(
    slack: Slack, running: Bot
) -> None:
    """The button of Slack itself says nothing to anybody."""
    running.answerer.opening = "最初の文です。"
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: slack.replies(question))
    hold = slack.faults.hold("chat.stopStream")
    running.answerer.gate.set()
    await hold.held.wait()
    await slack.press_stop("tanaka", question)
    [whisper] = await slack.until(lambda: slack.whispers("tanaka"))
    hold.release()
    await slack.until(lambda: running.answers(question) == [f"回答: {LEAVE}"])

    assert "もう中止できません" in whisper.text


@pytest.mark.parametrize("who", ["tanaka", "smith"])
async def test_a_button_stops_an_answer_for_who_asked(
    slack: Slack, running: Bot, who: str
) -> None:
    """It is there where Slack has no button of its own."""
    slack.app.agent = slack.platform.streaming = False
    running.answerer.opening = "最初の文です。"
    running.answerer.gate.clear()
    question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
    await slack.until(lambda: "shirube_stop" in str(slack.replies(question)))
    await slack.click(who, slack.replies(question)[0], "shirube_stop")
    if who == "smith":
        await slack.until(lambda: slack.whispers("smith"))
        running.answerer.gate.set()
    await slack.until(lambda: running.answers(question) != ["最初の文です。"])

    stopped = running.answers(question) == ["中止しました。"]
    assert stopped is (who == "tanaka")
    assert ("Only who asked" in str(slack.whispers("smith"))) is (who == "smith")
