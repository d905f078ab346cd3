"""Above an answer that is written stands what was done for it; in the end nothing."""

import pytest

from bot.chat.slack.live import BREATH
from bot.chat.slack.streaming import STREAM_BYTES
from bot.core.access import OPEN
from bot.core.model import Found, Language, LiveDocument, Passage, Searching, Sentence
from tests.fakes.shown import TEXT, Thread, answered, asked
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Refuse
from tests.fakes.slack.model import Json, Message
from tests.unit.answering.shelf import a_chunk

ASKED = "@shirube 有給休暇は何日？"
LEAVE = Searching(queries=("有給休暇は何日？", "前の質問\n有給休暇は何日？"))


def found(*texts: str) -> Found:
    """Two passages of each document with such a text."""
    chunks = [
        a_chunk(text, document=f"handbook:{number}")
        for number, text in enumerate(texts)
    ]
    passages = [
        Passage(
            chunk=chunk,
            document=LiveDocument(
                id=chunk.document, revision=1, access=OPEN, title="就業規則"
            ),
            text=chunk.text,
            score=1.0,
        )
        for chunk in chunks
    ]
    return Found(passages=(*passages, *passages), confidence=0.9)


def begun(slack: Slack) -> list[list[Json]]:
    """The chunks of every stream that was asked for."""
    return [call.args["chunks"] for call in slack.calls_to("chat.startStream")]


def cards(message: Message) -> list[tuple[str, str]]:
    """What stands above a message that streams."""
    assert message.stream is not None
    tasks = message.stream.tasks.values()
    return [(task["title"], task["status"]) for task in tasks]


@pytest.mark.parametrize(
    ("language", "searched", "read"),
    [
        (Language.JA, "「有給休暇は何日？」を資料から検索しました", "2件の資料"),
        (Language.EN, "Searched the documents for “有給休暇は何日？”", "read: 2"),
    ],
)
async def test_a_stream_opens_with_what_was_searched_and_read_and_then_the_sentence(
    slack: Slack, thread: Thread, language: Language, searched: str, read: str
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    claim = thread.claim(asked(question, language=language))
    async with thread.showing(claim) as showing:
        await showing.show(LEAVE)
        await showing.show(found("年次有給休暇は20日です。", "半日でも取れます。"))
        assert not slack.replies(question)
        await showing.show(Sentence(text=TEXT))
        [growing] = slack.replies(question)
        [first, second] = cards(growing)
        await showing.end(answered())

    [chunks] = begun(slack)
    kinds = [chunk["type"] for chunk in chunks]
    assert kinds[:3] == ["task_update", "task_update", "markdown_text"]
    assert first == (searched, "complete")
    assert read in second[0]
    assert second[1] == "complete"


async def test_the_final_message_is_the_answer_and_its_sources_alone(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(LEAVE)
        await showing.show(found("年次有給休暇は20日です。"))
        await showing.show(Sentence(text=TEXT))
        [message] = slack.replies(question)
        await showing.end(answered())

    ended = [revision.blocks[0]["type"] for revision in message.history[-2:]]
    assert ended == ["task_card", "rich_text"]
    assert "20日" in message.reads
    assert "検索しました" not in message.reads
    assert {block["type"] for block in message.blocks}.isdisjoint({"task_card", "plan"})
    assert message.text == TEXT


async def test_what_nobody_looked_up_has_no_cards(slack: Slack, thread: Thread) -> None:
    """A summary of a thread reads no documents."""
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Sentence(text=TEXT))
        await showing.end(answered())

    [chunks] = begun(slack)
    assert chunks[0]["type"] == "markdown_text"


async def test_what_is_looked_up_anew_counts_last(slack: Slack, thread: Thread) -> None:
    """Those who read it changed: what the others may have seen is not counted."""
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(LEAVE)
        await showing.show(found("給与規程は社外秘です。", "年次有給休暇は20日です。"))
        await showing.show(LEAVE)
        await showing.show(found("年次有給休暇は20日です。"))
        await showing.show(Sentence(text=TEXT))
        [_, read] = cards(slack.replies(question)[0])
        await showing.end(answered())

    assert read[0].startswith("1件")


async def test_nothing_in_a_card_can_be_followed_and_none_is_long(
    slack: Slack, thread: Thread
) -> None:
    query = "<!channel> https://evil.example/?q=1 は安全？" + "とても長い質問" * 100
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Searching(queries=(query,)))
        await showing.show(Sentence(text=TEXT))
        [(title, _)] = cards(slack.replies(question)[0])
        await showing.end(answered())

    assert "://" not in title
    assert "<!" not in title
    assert len(title) <= 100


async def test_trap_5_cards_count_where_a_stream_is_full(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", ASKED)
    async with thread.showing(thread.claim(asked(question))) as showing:
        await showing.show(Searching(queries=("長" * 200,)))
        await showing.show(found("年次有給休暇は20日です。"))
        await showing.show(Sentence(text="あ" * (STREAM_BYTES // 3)))
        [first, second] = slack.replies(question)
        assert first.stream is not None
        taken = "".join(title for title, _ in cards(first)) + first.stream.text
        assert len(taken.encode()) <= STREAM_BYTES
        assert cards(second) == []
        await thread.passing(showing.end(answered("あ" * (STREAM_BYTES // 3))))

    assert not any(call.error for call in slack.calls)


async def test_where_cards_are_refused_streams_go_on_without_for_an_hour(
    slack: Slack, thread: Thread
) -> None:
    slack.faults.next("chat.startStream", Refuse("invalid_chunks"))
    for name in ("q1", "q2"):
        question = await slack.say("tanaka", "general", ASKED)
        claim = thread.claim(asked(question), name=name)
        async with thread.showing(claim) as showing:
            await showing.show(LEAVE)
            await showing.show(Sentence(text=TEXT))
            [message] = slack.replies(question)
            await showing.end(answered())
        await slack.clock.advance(BREATH)

        assert message.history[0].made_by == "chat.startStream"

    kinds = [chunks[0]["type"] for chunks in begun(slack)]
    assert kinds == ["task_update", "markdown_text", "markdown_text"]
