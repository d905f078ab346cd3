"""What the surface does when a stream does not go on: the whole table, row by row."""

import asyncio
from itertools import pairwise

from bot.chat.slack.contents import PART_BYTES
from bot.chat.slack.live import BREATH
from bot.chat.slack.streaming import STREAM_BYTES
from bot.core.model import Outcome, Sentence
from tests.fakes.shown import TEXT, Thread, answered, asked, said
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_AFTER, CUT_BEFORE, Refuse, ratelimited
from tests.fakes.slack.limits import STREAM_SECONDS
from tests.fakes.slack.model import Message

ASKED = "@shirube 有給休暇は何日？"
LONG = [f"第{n}文は{'とても' * 40}長いです。[1]" for n in range(60)]


def made_by(message: Message) -> list[str]:
    return [revision.made_by for revision in message.history]


def count(slack: Slack, method: str) -> int:
    return len(slack.calls_to(method))


async def question_in(slack: Slack, where: str = "general") -> Message:
    return await slack.say("tanaka", where, ASKED)


# --- row 1: any error of startStream


async def test_where_streams_are_refused_a_message_is_edited_for_an_hour(
    slack: Slack, thread: Thread
) -> None:
    slack.platform.streaming = False
    for name in ("q1", "q2"):
        question = await question_in(slack)
        claim = thread.claim(asked(question), name=name)
        async with thread.showing(claim) as showing:
            await showing.show(Sentence(text="年次有給休暇は20日です。[1]\n"))
            [shown] = slack.replies(question)
            assert "20日" in shown.reads
            assert "中止" in shown.reads
            await slack.clock.advance(2)
            await showing.show(Sentence(text="半日でも取れます。[1]"))
            assert "半日" in shown.reads
            await slack.clock.advance(2)
            await showing.end(answered(f"{TEXT}\n半日でも取れます。[1]"))
        assert made_by(shown) == ["chat.postMessage", "chat.update", "chat.update"]
        assert "中止" not in shown.reads
    assert count(slack, "chat.startStream") == 1

    slack.platform.streaming = True
    await slack.clock.advance(3600)
    question = await question_in(slack)
    async with thread.showing(thread.claim(asked(question), name="q3")) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    assert count(slack, "chat.startStream") == 2


async def test_every_refusal_to_start_a_stream_falls_back(slack: Slack) -> None:
    for code in ("missing_scope", "not_allowed_token_type", "invalid_arguments"):
        thread = Thread(slack)
        slack.faults.next("chat.startStream", Refuse(code))
        question = await question_in(slack)
        async with thread.showing(thread.claim(asked(question))) as showing:
            await showing.show(Sentence(text=TEXT))
            [shown] = slack.replies(question)
            await showing.end(answered())
        assert made_by(shown)[0] == "chat.postMessage"
        await slack.clock.advance(60)


# --- row 2: 11,000 bytes


async def test_trap_5_a_stream_that_is_full_goes_on_in_the_next_reply(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        for sentence in LONG:
            await showing.show(Sentence(text=sentence))
            await slack.clock.advance(1)
        streams = [reply.stream for reply in slack.replies(question)]
        assert len(streams) > 1
        texts = [stream.text for stream in streams if stream is not None]
        assert all(len(text.encode()) <= STREAM_BYTES + 3 for text in texts)
        assert "".join(text.removesuffix("…") for text in texts) == "".join(LONG)
        ended = answered("".join(LONG))
        ending = showing.end(ended)
        await thread.passing(ending)

    replies = slack.replies(question)
    whole = "".join(
        block["elements"][0]["elements"][0]["text"]
        for reply in replies
        for block in reply.blocks
        if block["type"] == "rich_text"
    )
    assert whole == "".join(LONG)
    assert count(slack, "chat.appendStream") > 10
    assert not any("msg_too_long" in str(call) for call in slack.calls)


async def test_a_sentence_that_is_too_long_for_one_stream_takes_more(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="あ" * 9_000))
        streams = [reply.stream for reply in slack.replies(question)]
        assert len(streams) == 3
        await thread.passing(showing.end(answered("あ" * 9_000)))

    assert count(slack, "chat.update") + count(slack, "chat.postMessage") == 3


# --- row 3: msg_too_long on append


async def test_trap_5_an_append_that_is_too_long_is_never_repeated(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一つ目の文です。[1]"))
        await slack.clock.advance(1)
        slack.faults.next("chat.appendStream", Refuse("msg_too_long"))
        await showing.show(Sentence(text="二つ目の文です。[1]"))
        first, second = slack.replies(question)
        assert first.stream is not None
        assert second.stream is not None
        assert first.stream.text == "一つ目の文です。[1]…"
        assert second.stream.text == "二つ目の文です。[1]"
        await thread.passing(
            showing.end(answered("一つ目の文です。[1]二つ目の文です。[1]")),
        )

    assert count(slack, "chat.appendStream") == 1
    [message] = slack.replies(question)
    assert message.reads.startswith("一つ目の文です。[1]二つ目の文です。[1]")


# --- row 4: message_not_in_streaming_state


async def test_trap_3_a_stream_that_died_is_gone_on_with_by_edits(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一つ目の文です。[1]"))
        await slack.clock.advance(STREAM_SECONDS)
        await showing.show(Sentence(text="二つ目の文です。[1]"))
        [message] = slack.replies(question)
        assert message.reads.startswith("一つ目の文です。[1]二つ目の文です。[1]")
        await slack.clock.advance(2)
        await showing.end(answered("一つ目の文です。[1]二つ目の文です。[1]"))

    assert len(slack.replies(question)) == 1
    assert count(slack, "chat.startStream") == 1


async def test_trap_3_a_stream_that_died_before_its_end_is_completed(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一つ目の文です。[1]"))
        await slack.clock.advance(STREAM_SECONDS)
        await showing.end(answered("一つ目の文です。[1]二つ目の文です。[1]"))

    [message] = slack.replies(question)
    assert message.reads.startswith("一つ目の文です。[1]二つ目の文です。[1]")


async def test_a_long_stream_that_died_goes_on_in_replies(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)
    before, after = "".join(LONG[:20]), "".join(LONG[20:40])
    assert len((before + after).encode()) > PART_BYTES

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=before))
        await slack.clock.advance(STREAM_SECONDS)
        await showing.show(Sentence(text=after))
        assert len(slack.replies(question)) == 2
        await thread.passing(showing.end(answered(before + after)))

    shown = "".join(reply.reads for reply in slack.replies(question))
    assert all(sentence in shown.replace("\n", "") for sentence in LONG[:40])


async def test_a_stream_that_a_person_stopped_is_not_gone_on_with(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一つ目の文です。[1]"))
        await slack.press_stop("tanaka", question)
        await slack.clock.advance(1)
        await showing.show(Sentence(text="二つ目の文です。[1]"))
        [message] = slack.replies(question)
        assert message.stream is not None
        assert message.stream.text == "一つ目の文です。[1]"
        await showing.end(said(Outcome.CANCELLED, "中止しました。"))

    [message] = slack.replies(question)
    assert message.reads.splitlines()[0] == "中止しました。"


async def test_a_stream_that_somebody_else_stopped_goes_on_after_a_while(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一つ目の文です。[1]"))
        await slack.press_stop("smith", question)
        await slack.clock.advance(1)
        await showing.show(Sentence(text="二つ目の文です。[1]"))
        [before] = [reply.reads for reply in slack.replies(question)]
        await slack.clock.advance(BREATH)
        await showing.show(Sentence(text="三つ目の文です。[1]"))
        [after] = [reply.reads for reply in slack.replies(question)]
        await thread.passing(showing.end(answered("一二三[1]")))

    assert "二つ目" not in before
    for sentence in ("一つ目の文", "二つ目の文", "三つ目の文"):
        assert after.count(sentence) == 1
    [message] = slack.replies(question)
    assert message.reads.startswith("一二三[1]")


# --- row 5: message_not_found, thread_not_found


async def test_a_question_that_was_deleted_cancels_the_answer(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.delete(question)
        await showing.show(Sentence(text=TEXT))
        await showing.end(said(Outcome.CANCELLED, "中止しました。"))

    assert thread.stopped == ["q1"]
    assert slack.replies(question) == []


async def test_an_answer_that_was_deleted_cancels_the_rest_and_stays_away(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        [message] = slack.replies(question)
        await slack.delete(message)
        await slack.clock.advance(1)
        await showing.show(Sentence(text="半日でも取れます。[1]"))
        await showing.end(answered())

    assert thread.stopped == ["q1"]
    assert slack.replies(question) == []


async def test_a_bot_that_was_removed_from_the_channel_ends_in_peace(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        slack.workspace.channel("general").members.remove(slack.bot.id)
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    assert slack.replies(question) == []


# --- row 6: 429


async def test_what_is_written_while_slack_wants_a_pause_comes_in_one_piece(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一。"))
        await slack.clock.advance(1)
        slack.faults.next("chat.appendStream", ratelimited(30))
        for sentence in ("二。", "三。", "四。"):
            await showing.show(Sentence(text=sentence))
            await slack.clock.advance(5)
        assert count(slack, "chat.appendStream") == 1
        await slack.clock.advance(30)
        await showing.show(Sentence(text="五。"))
        [message] = slack.replies(question)
        assert message.stream is not None
        assert message.stream.text == "一。二。三。四。五。"
        assert count(slack, "chat.appendStream") == 2
        await showing.end(answered("一。二。三。四。五。"))


async def test_additions_are_600_milliseconds_apart(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        for _ in range(30):
            await showing.show(Sentence(text="短い。"))
            await slack.clock.advance(0.1)
        assert count(slack, "chat.appendStream") == 4
        await showing.end(answered("短い。" * 30))


# --- row 7: the generation fails


async def test_trap_26_an_answer_that_fails_half_way_says_so_and_clears_the_status(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)
    cut = "モデルの応答が途中で切れたため、回答はここまでです。もう一度お試しください。"

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered(notes=(cut,)))

    [message] = slack.replies(question)
    assert message.reads.splitlines()[:2] == [TEXT, cut]
    assert slack.status(question) == ""


# --- nothing depends on what is shown meanwhile


async def test_an_addition_that_may_have_arrived_is_not_shown_twice(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一。"))
        await slack.clock.advance(1)
        slack.faults.next("chat.appendStream", CUT_AFTER)
        for sentence in ("二。", "三。"):
            await showing.show(Sentence(text=sentence))
            await slack.clock.advance(10)
        [message] = slack.replies(question)
        assert message.stream is not None
        assert message.stream.text == "一。二。"
        await showing.end(answered("一。二。三。"))

    [message] = slack.replies(question)
    assert message.reads.startswith("一。二。三。")


async def test_a_slack_that_comes_back_shows_the_rest(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("*", CUT_BEFORE)
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text="一。"))
        slack.faults.clear()
        await showing.end(answered("一。二。"))

    [message] = slack.replies(question)
    assert message.reads.startswith("一。二。")


async def test_mentions_and_entities_in_a_stream_are_words(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)
    text = "<!channel> A&B <@UTANAKA> [社内](https://evil.example) 5 < 6 > 4 です。"

    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=text))
        [message] = slack.replies(question)
        assert slack.pings(message) == []
        assert slack.links(message) == []
        assert "A&amp;B" in message.reads
        await showing.end(answered(text, citations=()))

    [message] = slack.replies(question)
    assert slack.pings(message) == []
    assert slack.links(message) == []
    assert "5 < 6 > 4" in message.blocks[0]["elements"][0]["elements"][0]["text"]


async def test_stop_is_offered_in_a_stream_where_slack_itself_offers_none(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.always("agents.sessions.setStatus", Refuse("not_allowed"))
    question = await question_in(slack)

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: count(slack, "agents.sessions.setStatus"))
        await showing.show(Sentence(text=TEXT))
        [message] = slack.replies(question)
        assert message.stream is not None
        assert message.stream.blocks[0]["elements"][0]["action_id"] == "shirube_stop"
        await showing.end(answered())

    [message] = slack.replies(question)
    assert "中止" not in message.reads


async def test_journey_an_answer_of_30000_characters_with_code_and_links_is_whole(
    slack: Slack, thread: Thread
) -> None:
    question = await question_in(slack)
    pieces = [
        *(
            f"## 第{n}章\n\n第{n}段落。{'説明が続きます。' * 60}[1]\n\n"
            for n in range(50)
        ),
        "```sh\n" + "".join(f"echo {n} 番目の行です\n" for n in range(400)) + "```\n\n",
        "[詳細](https://evil.example/x) と <https://evil.example|社内> を参照。\n",
    ]
    text = "".join(pieces)
    assert len(text) > 30_000

    async with thread.showing(thread.claim(asked(question))) as showing:
        for piece in pieces:
            await showing.show(Sentence(text=piece))
            await slack.clock.advance(1)
        await thread.passing(showing.end(answered(text)))

    replies = slack.replies(question)
    shown = "\n".join(reply.reads for reply in replies)
    assert [shown.count(f"第{n}段落。") for n in range(50)] == [1] * 50
    assert [shown.count(f"echo {n} 番目の行です") for n in range(400)] == [1] * 400
    assert "evil.example" not in shown
    assert "```" not in shown
    assert thread.notes.posted["q1"][: len(replies)] == [m.ts for m in replies]


# --- one budget for all


async def test_trap_8_and_9_five_answers_that_are_edited_keep_one_budget_and_all_end(
    slack: Slack, thread: Thread
) -> None:
    """Slack counts 50 edits a minute for the workspace, and refuses the next."""
    slack.platform.streaming = False
    questions = [await question_in(slack) for _ in range(5)]

    async def answer(number: int, question: Message) -> None:
        claim = thread.claim(asked(question), name=f"q{number}")
        async with thread.showing(claim) as showing:
            for n in range(120):
                await showing.show(Sentence(text=f"第{n}文です。\n"))
                await thread.pause(1.0)
            text = "".join(f"第{n}文です。\n" for n in range(120))
            await showing.end(answered(text))

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for number, question in enumerate(questions):
                group.create_task(answer(number, question))

    await thread.passing(all_of_them())

    edits = slack.calls_to("chat.update")
    assert len(edits) > 90
    times = sorted(
        revision.at
        for question in questions
        for message in slack.replies(question)
        for revision in message.history
        if revision.made_by == "chat.update"
    )
    assert len(times) == len(edits)
    assert min(b - a for a, b in pairwise(times)) > 1.0
    assert min(b - a for a, b in zip(times, times[50:], strict=False)) > 59.0
    for question in questions:
        [message] = slack.replies(question)
        assert len(message.history) > 5
        assert "第119文です。" in message.reads
        assert "shirube_more" in str(message.blocks)
