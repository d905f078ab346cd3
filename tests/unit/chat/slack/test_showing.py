"""One question as its asker sees it in Slack."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.slack.stage import Look
from bot.core.errors import Conflict
from bot.core.inbox import Kind, Origin
from bot.core.model import Found, Language, Outcome, Searching, Sentence
from bot.core.ports import Place
from tests.fakes.shown import (
    TEXT,
    Thread,
    answered,
    asked,
    citation,
    commanded,
    said,
)
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Refuse, fail
from tests.fakes.slack.model import Message

ASKED = "@shirube 有給休暇は何日？"


def methods(slack: Slack) -> list[str]:
    return [call.method for call in slack.calls]


def buttons(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if "action_id" in element
    ]


def statuses(slack: Slack) -> list[str]:
    return [status.text for status in slack.statuses]


async def test_an_answer_streams_and_ends_with_its_source_and_buttons(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Searching(queries=("有給休暇",)))
        await showing.show(Sentence(text=TEXT))
        [streamed] = slack.replies(question)
        assert streamed.stream is not None
        assert streamed.stream.text == TEXT
        await showing.end(answered())

    [message] = slack.replies(question)
    assert [revision.made_by for revision in message.history] == [
        "chat.startStream",
        "chat.stopStream",
        "chat.update",
    ]
    assert message.text == TEXT
    assert message.reads.splitlines()[:5] == [
        TEXT,
        "出典",
        "[1] 休暇規程 › 第3章 年次有給休暇",
        "handbook · 更新日: 2026-04-01",
        "開く",
    ]
    assert buttons(message) == [
        "shirube_link:1",
        "shirube_passage:1",
        "shirube_verdict",
        "shirube_more",
        "shirube_privately",
    ]
    assert slack.links(message) == ["https://wiki.example/1"]
    assert slack.pings(message) == []
    assert thread.notes.posted == {"q1": [message.ts]}


# --- the status line --------------------------------------------------------------


async def test_a_sign_is_given_at_once_and_taken_away_in_the_end(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: slack.status(question) == "質問を確認しています…")
        await slack.until(lambda: slack.session(question) is not None)
        await showing.end(said(Outcome.FAILED, "申し訳ありません。"))

    assert slack.status(question) == ""
    session = slack.session(question)
    assert session is not None
    assert session.status == "active"


async def test_trap_4_a_stream_begins_with_the_first_sentence(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Searching(queries=("有給休暇",)))
        await showing.show(Found(passages=(), confidence=0.9))
        await slack.until(lambda: slack.status(question))
        await thread.advance(60)
        assert not slack.replies(question)
        await showing.show(Sentence(text=TEXT))
        assert len(slack.replies(question)) == 1
        await showing.end(answered())


async def test_a_status_line_turns_and_says_what_is_going_on(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: statuses(slack))
        await showing.show(Searching(queries=("有給休暇",)))
        await showing.show(Found(passages=(), confidence=0.5))
        await thread.advance(5)
        await slack.until(lambda: len(statuses(slack)) == 2)

    first, second, last = slack.statuses
    assert first.loading[0] == "資料を検索しています…"
    assert len(first.loading) == 4
    assert second.text == "見つかった資料を読んでいます…"
    assert last.text == ""


async def test_the_place_in_the_line_changes_every_five_seconds_at_most(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: statuses(slack))
        for position in (4, 3, 2):
            showing.moved(Place(position=position, wait=30.0))
        await thread.advance(4)
        assert len(statuses(slack)) == 1
        await thread.advance(1)
        await slack.until(lambda: slack.status(question) == "2人待ち（約30秒）")
        showing.moved(Place(position=0, wait=0.0))
        await thread.advance(5)
        await slack.until(lambda: slack.status(question) == "回答をまとめています…")


async def test_a_status_line_is_kept_while_a_model_is_slow(
    slack: Slack, thread: Thread
) -> None:
    """Slack takes it away after two minutes."""
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))):
        await slack.until(lambda: statuses(slack))
        for _ in range(40):
            await thread.advance(5)
            assert slack.status(question) != ""


async def test_english_is_spoken_to_who_asks_in_english(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("smith", "general", "@shirube how many days off?")
    incoming = asked(question, language=Language.EN)

    async with thread.showing(thread.claim(incoming)) as showing:
        await slack.until(lambda: slack.status(question) == "is reading the question…")
        text = "You have 20 days of paid leave. [1]"
        await showing.end(answered(text, language=Language.EN))

    [message] = slack.replies(question)
    assert "Sources" in message.reads
    assert "Show passage" in message.reads


async def test_buttons_speak_the_language_of_who_asks_and_the_answer_its_own(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("smith", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered())

    [message] = slack.replies(question)
    assert "出典" in message.reads
    assert "Answer me privately" in message.reads


async def test_trap_26_a_question_that_ends_elsewhere_leaves_nothing_that_moves(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: statuses(slack))
        await showing.show(Sentence(text=TEXT))

    [message] = slack.replies(question)
    assert message.stream is not None
    assert message.stream.state == "completed"
    assert slack.status(question) == ""


async def test_a_status_line_that_is_refused_is_not_asked_for_again(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("assistant.threads.setStatus", Refuse("missing_scope"))
    for name in ("q1", "q2"):
        question = await slack.say("tanaka", "general", ASKED)
        claim = thread.claim(asked(question), name=name)
        async with thread.showing(claim) as showing:
            await slack.until(lambda: methods(slack).count("agents.sessions.setStatus"))
            await showing.end(answered())
        assert len(slack.replies(question)) == 1

    assert methods(slack).count("assistant.threads.setStatus") == 1


# --- what an answer is made of ----------------------------------------------------


async def test_a_reason_for_fewer_documents_and_notes_stand_below_the_answer(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "project", ASKED)
    limited = "ゲストがいるため、社外公開可の文書だけで回答"
    note = "新しい版の「休暇規程」（2026-04-01）に基づいてお答えしました。"

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered(limited=limited, notes=(note,)))

    [message] = slack.replies(question)
    assert message.reads.splitlines()[:3] == [TEXT, limited, note]


async def test_an_old_source_carries_a_warning_where_its_source_sets_a_threshold(
    slack: Slack,
) -> None:
    stale = {"handbook": timedelta(days=180)}
    thread = Thread(slack, look=Look(stale_after=stale))
    question = await slack.say("tanaka", "general", ASKED)
    old = slack.clock.datetime() - timedelta(days=181)
    fresh = slack.clock.datetime() - timedelta(days=179)
    sources = (
        citation(1, updated_at=old),
        citation(2, updated_at=fresh),
        citation(3, updated_at=None),
        citation(4, document="wiki:4", updated_at=old),
    )

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered(citations=sources))

    [message] = slack.replies(question)
    lines = [line for line in message.reads.splitlines() if " · " in line]
    assert ["180日以上更新されていません" in line for line in lines] == [
        *(True, False, False, False)
    ]
    assert lines[2] == "handbook · 日付不明"


async def test_a_source_without_an_address_has_no_link_but_its_passage(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    sources = (citation(1, url=None), citation(2, url="javascript:alert(1)"))

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered(citations=sources))

    [message] = slack.replies(question)
    assert buttons(message)[:2] == ["shirube_passage:1", "shirube_passage:2"]
    assert slack.links(message) == []


async def test_an_address_in_japanese_opens(slack: Slack, thread: Thread) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    source = citation(1, url="https://wiki.example/休暇 規程?版=2%20a")

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered(citations=(source,)))

    [message] = slack.replies(question)
    assert slack.links(message) == [
        "https://wiki.example/%E4%BC%91%E6%9A%87%20%E8%A6%8F%E7%A8%8B?%E7%89%88=2%20a"
    ]


async def test_answering_privately_is_offered_whether_anything_was_found_or_not(
    slack: Slack, thread: Thread
) -> None:
    offers = []
    for name, ended in (
        ("q1", answered()),
        ("q2", said(Outcome.REFUSED, "見つかりませんでした。")),
    ):
        question = await slack.say("tanaka", "general", ASKED)
        async with thread.showing(thread.claim(asked(question), name=name)) as showing:
            await showing.end(ended)
        [message] = slack.replies(question)
        offers.append("shirube_privately" in buttons(message))

    assert offers == [True, True]


async def test_people_can_be_asked_where_the_settings_name_some(slack: Slack) -> None:
    thread = Thread(slack, look=Look(experts={"CSOUMU": "S1"}))
    offered = []
    for where in ("総務", "general"):
        question = await slack.say("tanaka", where, ASKED)
        async with thread.showing(thread.claim(asked(question), name=where)) as showing:
            await showing.end(said(Outcome.REFUSED, "見つかりませんでした。"))
        [message] = slack.replies(question)
        offered.append("shirube_person" in buttons(message))

    assert offered == [True, False]


async def test_row_41_every_post_forbids_previews_and_names(
    slack: Slack, thread: Thread
) -> None:
    slack.platform.streaming = False
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered("。\n\n".join(["長い回答" * 300] * 6)))

    posts = [call.args for call in slack.calls_to("chat.postMessage")]
    assert len(posts) > 1
    for sent in posts:
        assert sent["unfurl_links"] is False
        assert sent["unfurl_media"] is False
        assert sent["link_names"] is False
        assert sent["parse"] == "none"
    others = ("chat.update", "chat.startStream", "chat.appendStream")
    rest = [call.args for method in others for call in slack.calls_to(method)]
    assert "https://" not in str([{**sent, "blocks": ()} for sent in rest])


async def test_what_was_shown_and_is_withdrawn_is_gone(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="社外秘の内容です。[1]"))
        await showing.end(said(Outcome.REFUSED, "この回答を取り下げました。"))

    [message] = slack.replies(question)
    assert message.reads.splitlines()[0] == "この回答を取り下げました。"
    assert "社外秘" not in message.reads + message.text


async def test_an_answer_in_a_direct_message_is_in_the_thread_of_the_question(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", slack.dm("tanaka"), "有給休暇は何日？")

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    [message] = slack.replies(question)
    assert "shirube_privately" not in buttons(message)


async def test_a_follow_up_is_answered_in_the_thread_of_the_first_question(
    slack: Slack, thread: Thread
) -> None:
    first = await slack.say("tanaka", "general", ASKED)
    follow = await slack.say("tanaka", "general", "半休は？", thread=first)

    async with thread.showing(thread.claim(asked(follow))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    assert len(slack.replies(first)) == 1


async def test_a_stranger_gets_no_stream_addressed_to_another_team(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("partner", "with-partner", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered(limited="社外と共有のチャンネルのため"))

    assert "chat.startStream" not in methods(slack)
    assert len(slack.replies(question)) == 1


# --- private answers --------------------------------------------------------------


async def test_a_command_is_answered_in_the_askers_own_conversation(
    slack: Slack, thread: Thread
) -> None:
    async with thread.showing(thread.claim(commanded(slack))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    opening, answer = slack.dm("tanaka").messages.values()
    assert opening.reads == "「有給休暇は何日ですか？」への回答です。"
    assert answer.thread_ts == opening.ts
    assert answer.reads.startswith(TEXT)
    assert "shirube_share" in buttons(answer)
    assert "shirube_privately" not in buttons(answer)
    assert slack.workspace.channel("general").messages == {}
    assert thread.notes.posted == {"q1": [opening.ts, answer.ts]}


async def test_what_a_click_asks_privately_is_answered_as_a_command_is(
    slack: Slack, thread: Thread
) -> None:
    incoming = replace(commanded(slack), kind=Kind.DIRECT)

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.end(answered())

    [_, answer] = slack.dm("tanaka").messages.values()
    # It was asked in the channel already.
    assert "shirube_share" not in buttons(answer)


async def test_a_long_answer_offers_no_more(slack: Slack, thread: Thread) -> None:
    offered = []
    for name, text in (("q1", "有休は何日？"), ("q2", "有休を詳しく教えて")):
        question = await slack.say("tanaka", "general", ASKED)
        incoming = asked(question, text=text)
        async with thread.showing(thread.claim(incoming, name=name)) as showing:
            await showing.end(answered())
        [message] = slack.replies(question)
        offered.append("shirube_more" in buttons(message))

    assert offered == [True, False]


async def test_where_no_conversation_can_be_opened_the_answer_is_whispered(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("conversations.open", Refuse("missing_scope"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    url = delivery.payload["response_url"]
    incoming = commanded(slack, where="random", url=url)

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    [whisper] = slack.whispers("tanaka")
    assert whisper.reads.startswith(TEXT)
    [sent] = slack.response_urls.posts
    assert sent["unfurl_links"] is False
    assert sent["unfurl_media"] is False
    assert sent["response_type"] == "ephemeral"
    assert slack.workspace.channel("random").messages == {}


async def test_a_long_answer_is_whispered_as_far_as_it_goes(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("conversations.open", Refuse("missing_scope"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    url = delivery.payload["response_url"]
    incoming = commanded(slack, where="random", url=url)
    text = "\n\n".join(f"第{n}段落。{'あ' * 500}" for n in range(40))

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.end(answered(text))

    first, second = slack.whispers("tanaka")
    assert first.reads.startswith("第0段落。")
    assert second.reads.endswith("ダイレクトメッセージでお尋ねください。")


async def test_an_address_that_is_used_up_ends_the_question_in_peace(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("conversations.open", Refuse("user_disabled"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    url = delivery.payload["response_url"]
    incoming = commanded(slack, where="random", url=url)
    await slack.clock.advance(31 * 60)

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.end(answered())

    assert slack.whispers("tanaka") == []


async def test_a_question_that_is_no_message_and_no_command_ends_in_peace(
    slack: Slack, thread: Thread
) -> None:
    origin = Origin(surface="slack", workspace="TSHIRUBE", channel="CGENERAL")
    incoming = replace(commanded(slack), kind=Kind.OVERHEARD, origin=origin)

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.end(answered())

    assert "chat.postMessage" not in methods(slack)


# --- nothing goes out without the right to ----------------------------------------


async def test_nothing_is_sent_once_another_process_answers(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    thread.right.over = True

    async with thread.showing(thread.claim(asked(question))) as showing:
        with pytest.raises(Conflict):
            await showing.show(Sentence(text=TEXT))
        with pytest.raises(Conflict):
            await showing.end(answered())

    sent = {method for method in methods(slack) if not method.startswith("users")}
    assert sent <= {"usergroups.list"}


async def test_no_text_of_an_answer_is_in_an_error(
    slack: Slack, thread: Thread, capsys: pytest.CaptureFixture[str]
) -> None:
    slack.faults.always("chat.postMessage", fail(503))
    slack.faults.always("chat.startStream", fail(503))
    question = await slack.say("tanaka", "general", ASKED)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="社外秘の内容です。"))
        with pytest.raises(Exception, match="Slack fails") as failed:
            await showing.end(answered("社外秘の内容です。"))

    assert "社外秘" not in f"{failed.value!r}{failed.value.__cause__}"
    assert "社外秘" not in capsys.readouterr().out


@pytest.mark.parametrize("opened", [True, False])
async def test_no_text_of_an_answer_is_in_a_log_at_any_level(
    slack: Slack, thread: Thread, caplog: pytest.LogCaptureFixture, *, opened: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    if not opened:
        slack.faults.always("conversations.open", Refuse("missing_scope"))
    delivery = await slack.command("tanaka", "random", "/ask", "有給休暇は何日？")
    incoming = commanded(slack, url=delivery.payload["response_url"])

    async with thread.showing(thread.claim(incoming)) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    assert TEXT in slack.outbound()
    assert "有給" not in caplog.text
    assert "\\u6709\\u7d66" not in caplog.text


async def test_every_button_carries_the_question(slack: Slack, thread: Thread) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.end(answered())

    [message] = slack.replies(question)

    def values(part: object) -> list[str]:
        match part:
            case {"value": str(value), **rest}:
                return [value, *values(list(rest.values()))]
            case dict():
                return values(list(part.values()))
            case list():
                return [value for item in part for value in values(item)]
            case _:
                return []

    assert set(values(message.blocks)) == {"q1", "good:q1", "bad:q1"}
