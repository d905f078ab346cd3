"""One question as its asker sees it in Slack."""

from bot.core.model import Searching, Sentence
from tests.fakes.shown import TEXT, Thread, answered, asked
from tests.fakes.slack import Slack


async def test_an_answer_streams_and_ends_with_its_source_and_buttons(
    slack: Slack, thread: Thread
) -> None:
    question = await slack.say("tanaka", "general", "@shirube 有給休暇は何日？")

    async with thread.showing(thread.claim(asked(question))) as showing:
        await slack.until(lambda: slack.status(question) == "質問を確認しています…")
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
    assert slack.links(message) == ["https://wiki.example/1"]
    assert slack.status(question) == ""
    assert thread.notes.posted == {"q1": [message.ts]}
    print(message.reads)
