"""Who asks in Slack has an answer, whatever the model host does."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.core.model import Language
from bot.text import phrases
from tests.fakes import ollama_shaped
from tests.fakes.ollama_shaped import MODEL
from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    ScriptedHTTP,
    Take,
    json_reply,
    ndjson_reply,
)
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse
from tests.fakes.slack_process import answers

LEAVE = "有給休暇は入社後いつから何日もらえますか？"
WRITTEN = "有給休暇は入社日に3日付与されます[1]。"
QUOTED = phrases.MODEL_FAILED.say(Language.JA)
CUT = phrases.CUT_SHORT.say(Language.JA)
DONE = ollama_shaped.done(prompt=3000)

MODELS = """\
[ollama]
url = "{url}"
chat_model = "{model}"
embed_model = "none"
first_token_timeout = 0.5
token_timeout = {patience}
"""


def ask_a_model(
    house: SlackHouse, url: str, *, patience: float = 0.5, more: str = ""
) -> None:
    """Set up a model that writes, at a host, and more of Slack."""
    file = house.folder / "shirube.toml"
    before = '[ollama]\nchat_model = "none"\nembed_model = "none"\n'
    settings = file.read_text(encoding="utf-8")
    assert before in settings
    after = MODELS.format(url=url, model=MODEL, patience=patience)
    file.write_text(settings.replace(before, after), encoding="utf-8")
    house.configure(more)


async def answered(slack: Slack, question: Message) -> Message:
    """Wait for the one answer in a thread, and for its status line to be gone."""
    [answer] = await slack.until(lambda: answers(slack, question), within=30)
    await slack.until(lambda: not slack.status(question))
    return answer


def says(*steps: object) -> Reply:
    return ndjson_reply(*steps)


def refuses(status: int, error: str) -> Reply:
    return json_reply({"error": error}, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a host does, and whether its model gets to write for all that."""

    chat: Reply
    loaded: bool = True
    models: tuple[str, ...] = (MODEL,)
    writes: bool = False


CASES = {
    "silent in mid-sentence": Case(chat=says(ollama_shaped.said("有給"), Hang())),
    "broken off": Case(chat=says(ollama_shaped.said("有給"), Cut())),
    "cold": Case(
        chat=says(Take(1.0), ollama_shaped.said(WRITTEN), DONE),
        loaded=False,
        writes=True,
    ),
    "full": Case(chat=refuses(503, "server busy, please try again")),
    "out of memory": Case(chat=refuses(500, "cudaMalloc failed: out of memory")),
    "without its model": Case(
        chat=refuses(404, f"model '{MODEL}' not found"), models=("qwen3:8b",)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_row_92_whatever_its_host_does_there_is_one_answer(
    house: SlackHouse, scripted_http: ScriptedHTTP, case: Case
) -> None:
    slack = house.slack
    loaded = [MODEL] if case.loaded else []
    ollama_shaped.teach(scripted_http, models=case.models, loaded=loaded)
    scripted_http.on("/api/chat", case.chat)
    ask_a_model(house, scripted_http.url)
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        answer = await answered(slack, question)

    assert "入社日に3日" in answer.reads
    assert "出典" in answer.reads
    assert (QUOTED in answer.reads) is not case.writes
    assert CUT not in answer.reads
    assert len(slack.replies(question)) == 1


async def test_row_92_a_host_that_never_begins_ends_at_the_deadline(
    house: SlackHouse, scripted_http: ScriptedHTTP
) -> None:
    """It may be loading its model, and is waited for as long as people wait."""
    slack = house.slack
    ollama_shaped.teach(scripted_http)
    scripted_http.on("/api/chat", says(Hang()))
    ask_a_model(house, scripted_http.url, more="deadline = 2.0\n")
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        answer = await answered(slack, question)

    assert phrases.QUESTION_EXPIRED.say(Language.JA) in answer.reads
    assert len(slack.replies(question)) == 1


async def test_row_92_other_weights_under_the_same_name_answer_too(
    house: SlackHouse, scripted_http: ScriptedHTTP
) -> None:
    slack = house.slack
    ollama_shaped.teach(scripted_http, loaded=[MODEL])
    scripted_http.on("/api/chat", says(ollama_shaped.said(WRITTEN), DONE))
    ask_a_model(house, scripted_http.url)
    async with house.serving():
        first = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await answered(slack, first)
        tag = {"name": MODEL, "digest": "d-other", "size": 9}
        scripted_http.on("/api/tags", json_reply({"models": [tag]}))
        second = await slack.say("sato", "general", f"@shirube {LEAVE}")
        answer = await answered(slack, second)

    assert "入社日に3日付与" in answer.reads
    assert CUT not in answer.reads
    assert QUOTED not in answer.reads


async def test_journey_without_a_model_host_passages_are_quoted(
    house: SlackHouse,
) -> None:
    """The same is row 92 where nothing listens at all."""
    slack = house.slack
    ask_a_model(house, "http://127.0.0.1:9")
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        answer = await answered(slack, question)

    assert "入社日に3日" in answer.reads
    assert QUOTED in answer.reads


async def test_journey_who_waits_sees_the_place_in_the_line_and_can_leave_it(
    house: SlackHouse, scripted_http: ScriptedHTTP
) -> None:
    slack = house.slack
    ollama_shaped.teach(scripted_http, loaded=[MODEL])
    begun = ollama_shaped.said(WRITTEN)
    more = ollama_shaped.said("申請は")
    scripted_http.on("/api/chat", says(begun, more, Hang()))
    ask_a_model(house, scripted_http.url, patience=60.0)
    async with house.serving():
        first = await slack.say("tanaka", "総務", f"@shirube {LEAVE}")
        await slack.until(lambda: slack.replies(first), within=30)
        second = await slack.say("sato", "general", f"@shirube {LEAVE}")
        await slack.until(seen(slack, second, "1人待ち"), within=30)
        await slack.command("sato", "general", "/ask", "キャンセル")
        left = await answered(slack, second)
        await slack.press_stop("tanaka", first)
        stopped = await answered(slack, first)

    assert left.reads.splitlines()[0] == "中止しました。"
    assert stopped.reads.splitlines()[0] == "中止しました。"
    prompts = [request.body for request in scripted_http.sent_to("/api/chat")]
    assert sum(LEAVE.encode() in prompt for prompt in prompts) == 1


def seen(slack: Slack, question: Message, words: str) -> Callable[[], bool]:
    """Whether the status line below a message says something."""
    return lambda: words in slack.status(question)
