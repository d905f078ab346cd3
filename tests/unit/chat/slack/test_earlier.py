"""What was said in a thread before a question is read when it is answered."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.chat.slack import earlier as module
from bot.chat.slack.directory import Directory
from bot.chat.slack.earlier import FIRST, RECENT, Earlier
from bot.chat.slack.posting import Posting
from bot.chat.slack.quiet import quiet_logger
from bot.chat.slack.repeats import Repeats
from bot.chat.slack.taken import Again, AskedAgain
from bot.chat.slack.terms import Terms, Us
from bot.core.errors import Conflict
from bot.core.inbox import Incoming
from bot.core.model import Language
from bot.core.thread import Reading, Thread
from tests.fakes.shown import Right, asked
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_BEFORE, Fault, Refuse, fail, ratelimited
from tests.fakes.slack.model import Message
from tests.unit.chat.slack.test_intake import intake

WHAT = "@shirube これってどうなってる？"
US = Us(team="TSHIRUBE", user="USHIRUBE", bot="BSHIRUBE")
TERMS = intake().terms


def reader(
    slack: Slack, *, right: Right | None = None, terms: Terms = TERMS
) -> Earlier:
    client = AsyncWebClient(
        token=slack.bot_token,
        base_url=slack.url,
        logger=quiet_logger(),
        retry_handlers=[],
    )
    posting = Posting(client, right or Right(), clock=slack.clock.now)
    return Earlier(posting, Directory(client, team="TSHIRUBE"), US, terms)


async def read(slack: Slack, incoming: Incoming, *, terms: Terms = TERMS) -> Thread:
    found = await reader(slack, terms=terms).read(incoming)
    assert found is not None
    return found


async def a_talk(slack: Slack, where: str = "総務") -> tuple[Message, Message]:
    """People talk, and somebody asks what that is about; the root and the question."""
    root = await slack.say("tanaka", where, "経費精算の締め日、25日になる？")
    await slack.say("sato", where, "@tanaka 5月からと聞きました", thread=root)
    return root, await slack.say("smith", where, WHAT, thread=root)


async def test_what_people_said_before_is_read_in_its_order(slack: Slack) -> None:
    root, question = await a_talk(slack)
    await slack.say("tanaka", "総務", "あとからの発言", thread=root)

    thread = await read(slack, asked(question))

    assert [(each.place, each.author, each.text) for each in thread.said] == [
        (1, "tanaka", "経費精算の締め日、25日になる？"),
        (2, "sato", "tanaka 5月からと聞きました"),
    ]
    assert (thread.count, thread.reading) == (2, Reading.READ)


async def test_what_was_asked_of_us_reads_as_it_was_taken(slack: Slack) -> None:
    root = await slack.say("tanaka", "総務", "@shirube 締め日は？")
    question = await slack.say("smith", "総務", WHAT, thread=root)

    thread = await read(slack, asked(question))

    assert [each.text for each in thread.said] == ["締め日は？"]


async def test_a_question_outside_of_threads_has_none(slack: Slack) -> None:
    question = await slack.say("tanaka", "総務", WHAT)
    direct = await slack.say("tanaka", slack.dm("tanaka"), "これは？")

    assert await reader(slack).read(asked(question)) is None
    assert await reader(slack).read(asked(direct)) is None
    assert not slack.calls_to("conversations.replies")


async def test_a_private_conversation_says_all_unless_a_summary_is_wanted(
    slack: Slack,
) -> None:
    where = slack.dm("tanaka")
    root = await slack.say("tanaka", where, "有給は何日？")
    more = await slack.say("tanaka", where, "繰り越せる？", thread=root)
    summary = await slack.say("tanaka", where, "まとめて", thread=root)

    assert await reader(slack).read(asked(more)) is None
    thread = await read(slack, asked(summary))
    assert [each.text for each in thread.said] == ["有給は何日？", "繰り越せる？"]


async def test_what_was_deleted_is_gone_and_what_was_edited_is_as_it_stands(
    slack: Slack,
) -> None:
    root = await slack.say("tanaka", "総務", "締め日は20日")
    gone = await slack.say("sato", "総務", "ここだけの話ですが", thread=root)
    question = await slack.say("smith", "総務", WHAT, thread=root)
    await slack.delete(gone)
    await slack.edit(root, "締め日は25日")

    thread = await read(slack, asked(question))

    assert [each.text for each in thread.said] == ["締め日は25日"]


async def test_a_thread_whose_beginning_was_deleted_is_read(slack: Slack) -> None:
    root, question = await a_talk(slack)
    await slack.delete(root)

    thread = await read(slack, asked(question))

    assert [each.author for each in thread.said] == ["sato"]


async def test_programs_count_where_they_may_ask_and_we_never_do(
    slack: Slack,
) -> None:
    root = await slack.say("tanaka", "general", "デプロイは？")
    await slack.say("deploy-bot", "general", "失敗しました", thread=root)
    await slack.say("shirube", "general", "以前の回答", thread=root)
    question = await slack.say("smith", "general", WHAT, thread=root)
    allowing = replace(TERMS, bots={"CGENERAL": frozenset({"BDEPLOYBOT"})})

    strict = await read(slack, asked(question))
    open_ = await read(slack, asked(question), terms=allowing)

    assert [each.text for each in strict.said] == ["デプロイは？"]
    assert [each.text for each in open_.said] == ["デプロイは？", "失敗しました"]


async def test_a_message_without_text_is_read_in_its_blocks(slack: Slack) -> None:
    root = await slack.say("deploy-bot", "general", "")
    root.blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "障害"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "VPN が切れます"}},
    ]
    question = await slack.say("smith", "general", WHAT, thread=root)
    allowing = replace(TERMS, bots={"CGENERAL": frozenset({"BDEPLOYBOT"})})

    thread = await read(slack, asked(question), terms=allowing)

    assert thread.said[0].text == "障害\nVPN が切れます"


async def test_trap_23_slack_is_asked_once_who_wrote_how_much_ever(
    slack: Slack,
) -> None:
    root = await slack.say("tanaka", "総務", "締め日は？")
    for text in ("@tanaka 25日", "@tanaka たぶん", "確認します"):
        await slack.say("sato", "総務", text, thread=root)
    question = await slack.say("smith", "総務", WHAT, thread=root)
    earlier = reader(slack)

    for _ in range(3):
        await earlier.read(asked(question))

    assert len(slack.calls_to("users.info")) == 2


@pytest.mark.parametrize(
    ("language", "names"),
    [(Language.JA, ["Aさん", "Bさん"]), (Language.EN, ["Person A", "Person B"])],
)
async def test_people_without_a_known_name_are_told_apart(
    slack: Slack, language: Language, names: list[str]
) -> None:
    _, question = await a_talk(slack)
    slack.faults.always("users.info", Refuse("user_not_found"))

    thread = await read(slack, asked(question, language=language))

    assert [each.author for each in thread.said] == names
    assert thread.said[1].text.startswith(names[0])


async def test_nothing_in_a_name_or_a_text_mentions_anybody(slack: Slack) -> None:
    person = slack.workspace.user("tanaka")
    person.name = "<!channel>\n@here https://evil.example" * 9
    root = await slack.say(person, "総務", "@sato @soumu-team 見てください")
    question = await slack.say("smith", "総務", WHAT, thread=root)

    [said] = (await read(slack, asked(question))).said

    assert "\n" not in said.author
    assert "://" not in said.author
    assert len(said.author) <= 40
    assert "<" not in said.text
    assert said.text.startswith("sato ")


async def test_of_a_long_thread_the_beginning_and_the_end_are_kept(
    slack: Slack,
) -> None:
    root = await slack.say("tanaka", "総務", "1")
    for number in range(2, FIRST + RECENT + 51):
        await slack.say("tanaka", "総務", f"{number}", thread=root)
    question = await slack.say("smith", "総務", WHAT, thread=root)

    thread = await read(slack, asked(question))

    assert thread.count == FIRST + RECENT + 50
    assert [each.text for each in thread.said] == [
        *(f"{number}" for number in range(1, FIRST + 1)),
        *(f"{number}" for number in range(FIRST + 51, FIRST + RECENT + 51)),
    ]
    assert [each.text for each in thread.said] == [f"{s.place}" for s in thread.said]


async def test_of_a_thread_without_end_the_last_hour_is_read_too(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGES", 1)
    monkeypatch.setattr(module, "PAGE", 100)
    root = await slack.say("tanaka", "総務", "はじめ")
    for _ in range(250):
        await slack.say("tanaka", "総務", "…", thread=root)
    await slack.clock.advance(7_200)
    await slack.say("tanaka", "総務", "おわり", thread=root)
    question = await slack.say("smith", "総務", WHAT, thread=root)

    thread = await read(slack, asked(question))

    assert (thread.said[0].text, thread.said[-1].text) == ("はじめ", "おわり")
    assert len(slack.calls_to("conversations.replies")) == 2


async def test_very_long_messages_in_the_middle_are_left_out(slack: Slack) -> None:
    root = await slack.say("tanaka", "総務", "障害の原因" + "長" * 3_000)
    for number in range(40):
        await slack.say("tanaka", "総務", f"{number}" + "文" * 2_500, thread=root)
    question = await slack.say("smith", "総務", WHAT, thread=root)

    thread = await read(slack, asked(question))

    places = [each.place for each in thread.said]
    assert sum(len(each.text) for each in thread.said) <= 40_000
    assert thread.said[0].text.startswith("障害の原因")
    assert thread.said[-1].text.startswith("39")
    assert places == [*range(1, 5), *range(26, 42)]
    assert thread.count == 41


@pytest.mark.parametrize(
    ("fault", "reading"),
    [
        pytest.param(Refuse("missing_scope"), Reading.FORBIDDEN, id="scope"),
        pytest.param(Refuse("not_in_channel"), Reading.FORBIDDEN, id="not in"),
        pytest.param(Refuse("thread_not_found"), Reading.FORBIDDEN, id="gone"),
        pytest.param(Refuse("internal_error"), Reading.FAILED, id="internal"),
        pytest.param(CUT_BEFORE, Reading.FAILED, id="cut"),
        pytest.param(fail(503), Reading.FAILED, id="503"),
        pytest.param(ratelimited(30), Reading.FAILED, id="429"),
    ],
)
async def test_a_thread_that_cannot_be_read_is_nothing_worse(
    slack: Slack, fault: Fault, reading: Reading
) -> None:
    _, question = await a_talk(slack)
    slack.faults.always("conversations.replies", fault)

    assert await read(slack, asked(question)) == Thread(reading=reading)


async def test_a_slack_that_is_silent_is_not_waited_for(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, question = await a_talk(slack)
    hold = slack.faults.hold("conversations.replies")
    monkeypatch.setattr(module, "SECONDS", 0.05)

    thread = await read(slack, asked(question))
    hold.release()

    assert thread.reading is Reading.FAILED


async def test_nothing_is_read_once_another_process_answers(slack: Slack) -> None:
    _, question = await a_talk(slack)

    with pytest.raises(Conflict):
        await reader(slack, right=Right(over=True)).read(asked(question))


async def test_what_is_answered_privately_is_about_the_same_thread(
    slack: Slack,
) -> None:
    root, question = await a_talk(slack)
    await slack.say("tanaka", "総務", "あとからの発言", thread=root)
    pressed = AskedAgain(question="q1", user="UTANAKA", how=Again.PRIVATELY)
    repeats = Repeats(us=US, terms=TERMS)
    private = repeats.again(asked(question), pressed, now=slack.clock.datetime())

    thread = await read(slack, private)

    assert private.origin.thread is None
    assert [each.author for each in thread.said] == ["tanaka", "sato"]


async def test_who_left_a_channel_has_none_of_its_threads_read_for_them(
    slack: Slack,
) -> None:
    for who in ("tanaka", "smith"):
        await slack.invite(who, "jinji")
    _, question = await a_talk(slack, "jinji")
    pressed = AskedAgain(question="q1", user="UTANAKA", how=Again.PRIVATELY)
    repeats = Repeats(us=US, terms=TERMS)
    private = repeats.again(asked(question), pressed, now=slack.clock.datetime())
    more = replace(pressed, question="q2", how=Again.MORE)
    again = repeats.again(private, more, now=slack.clock.datetime())
    assert (await read(slack, again)).said
    await slack.leave("tanaka", "jinji")

    assert await reader(slack).read(private) is None
    assert await reader(slack).read(again) is None


async def test_what_was_said_after_a_repeated_question_is_not_read_for_one_person(
    slack: Slack,
) -> None:
    root, question = await a_talk(slack)
    await slack.clock.advance(60)
    repeats = Repeats(us=US, terms=TERMS)
    anew = AskedAgain(question="q1", user="USMITH", how=Again.ANEW)
    shown = repeats.again(asked(question), anew, now=slack.clock.datetime())
    await slack.clock.advance(60)
    await slack.say("sato", "総務", "あとからの極秘の発言", thread=root)
    pressed = AskedAgain(question="q2", user="UTANAKA", how=Again.PRIVATELY)
    private = repeats.again(shown, pressed, now=slack.clock.datetime())

    thread = await read(slack, private)

    assert shown.origin.message is None
    assert "極秘" not in str(thread.said)
    assert thread.said[0].author == "tanaka"


async def test_what_is_asked_once_more_is_about_all_of_the_thread(
    slack: Slack,
) -> None:
    """However much our clock is behind Slack's."""
    root, question = await a_talk(slack)
    pressed = AskedAgain(question="q1", user="UTANAKA", how=Again.MORE)
    late = slack.clock.datetime() - timedelta(minutes=5)
    again = Repeats(us=US, terms=TERMS).again(asked(question), pressed, now=late)

    thread = await read(slack, again)

    assert again.origin.thread == root.ts
    assert [each.author for each in thread.said] == ["tanaka", "sato", "smith"]


async def test_what_was_said_is_never_logged(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    root = await slack.say("tanaka", "総務", "カナリア・経費")
    question = await slack.say("smith", "総務", WHAT, thread=root)

    with capture_logs() as logs:
        await read(slack, asked(question))
        slack.faults.always("conversations.replies", Refuse("missing_scope"))
        await read(slack, asked(question))

    assert [line["event"] for line in logs] == ["question.thread_unread"]
    assert "カナリア" not in str(logs) + caplog.text
