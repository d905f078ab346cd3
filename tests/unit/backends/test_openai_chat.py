"""What becomes of a question when an OpenAI-compatible host is not well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.backends.openai import OpenAIHost, OpenAILanguageModel, Timeouts
from bot.core.errors import (
    BotError,
    ConfigError,
    ContextOverflow,
    Interrupted,
    Unavailable,
)
from bot.core.model import Profile
from bot.core.ports import Completion, Ending, Message, Role, Token
from tests.fakes.openai_shaped import (
    CHAT,
    CONTEXT,
    MODEL,
    TOO_LONG,
    answer,
    counted,
    ended,
    refused,
    said,
    stream,
    teach,
    teach_to_refuse,
)
from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    ScriptedHTTP,
    Step,
    Take,
    json_reply,
)

QUESTION = (
    Message(role=Role.SYSTEM, text="資料だけから答えてください。"),
    Message(role=Role.USER, text="有給休暇は何日ですか？"),
)
QUICK = Timeouts(first_token=0.1, loading=0.1, between_tokens=0.1, answer=5.0)

Connect = Callable[[Timeouts], OpenAILanguageModel]


@pytest.fixture
async def connect(scripted_http: ScriptedHTTP) -> AsyncIterator[Connect]:
    """Connect to a server that does not say how much it takes."""
    teach(scripted_http, context=None)
    hosts: list[OpenAIHost] = []

    def make(timeouts: Timeouts) -> OpenAILanguageModel:
        hosts.append(OpenAIHost(f"{scripted_http.url}/v1/", timeouts=timeouts))
        return OpenAILanguageModel(hosts[-1], model=MODEL, context=CONTEXT)

    yield make
    for host in hosts:
        await host.aclose()


@pytest.fixture
def model(connect: Connect) -> OpenAILanguageModel:
    return connect(Timeouts())


async def read(
    model: OpenAILanguageModel, profile: Profile = Profile.DOCS
) -> tuple[str, Completion | None]:
    text, last = "", None
    async for event in model.generate(QUESTION, profile=profile):
        if isinstance(event, Token):
            text += event.text
        else:
            last = event
    return text, last


async def read_until_it_breaks(model: OpenAILanguageModel) -> tuple[str, BotError]:
    text = ""
    try:
        async for event in model.generate(QUESTION, profile=Profile.DOCS):
            text += event.text if isinstance(event, Token) else ""
    except BotError as error:
        return text, error
    raise AssertionError("nothing broke")


# --- what is sent ------------------------------------------------------------


async def test_a_request_asks_for_counts_and_for_no_thoughts(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    teach_to_refuse(scripted_http, answer("20日です[1]。"))

    await read(model)

    body = scripted_http.sent_to(CHAT)[-1].json
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["max_tokens"] == 1200
    assert body["temperature"] == 0.2
    assert body["messages"][1] == {"role": "user", "content": "有給休暇は何日ですか？"}


@pytest.mark.parametrize(
    "message",
    [
        "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs'}",
        "chat_template_kwargs is not supported for this tokenizer",
        "Unrecognized request argument supplied: stream_options",
    ],
)
async def test_a_host_that_knows_only_the_protocol_gets_no_more(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel, message: str
) -> None:
    scripted_http.on(
        CHAT,
        refused(message, status=422),
        refused(TOO_LONG),
        stream(said("20日です[1]。"), ended(), "[DONE]"),
    )

    text, completion = await read(model)
    await read(model)

    bodies = [request.json for request in scripted_http.sent_to(CHAT)]
    assert "stream_options" in bodies[0]
    for body in bodies[1:]:
        assert not {"top_k", "stream_options", "chat_template_kwargs"} & set(body)
    assert text == "20日です[1]。"
    assert completion is not None
    assert completion.prompt_tokens > 0
    assert completion.output_tokens > 0


async def test_what_the_operator_adds_goes_along(scripted_http: ScriptedHTTP) -> None:
    teach(scripted_http)
    scripted_http.on(CHAT, answer("はい[1]。"))
    async with OpenAIHost(scripted_http.url) as host:
        await read(
            OpenAILanguageModel(host, model=MODEL, added={"reasoning_effort": "low"})
        )

    assert scripted_http.sent_to(CHAT)[-1].json["reasoning_effort"] == "low"


async def test_nothing_of_the_environment_is_sent(
    scripted_http: ScriptedHTTP, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "cloud-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    teach_to_refuse(scripted_http, answer("はい[1]。"))

    await read(connect(Timeouts()))

    assert not [r for r in scripted_http.requests if "authorization" in r.headers]
    assert "cloud-secret" not in repr(scripted_http.requests)


@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "https://team.openai.azure.com", "x.groq.com"]
)
def test_a_cloud_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ConfigError, match="leave the team's network"):
        OpenAIHost(url)


async def test_a_model_of_ollamas_cloud_is_refused(scripted_http: ScriptedHTTP) -> None:
    async with OpenAIHost(scripted_http.url) as host:
        with pytest.raises(ConfigError, match="Ollama's cloud"):
            await read(OpenAILanguageModel(host, model="gpt-oss:120b-cloud"))

    assert scripted_http.requests == []


# --- how the stream is read --------------------------------------------------


async def test_a_stream_is_read_whole_however_the_network_cuts_it(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    parts = [said("有給休暇は"), said("年20日です[1]。"), ended(), counted(), "[DONE]"]
    events = stream(b": ping" + b"\r\n\r\n", *parts, b"ignored").steps
    wire = b"".join(step for step in events if isinstance(step, bytes))
    wire = wire.replace(b"\n", b"\r\n")
    steps: list[Step] = [wire[at : at + 7] for at in range(0, len(wire), 7)]
    teach_to_refuse(scripted_http, Reply(steps=steps))

    text, completion = await read(model)

    assert text == "有給休暇は年20日です[1]。"
    assert completion == Completion(
        ending=Ending.STOP, prompt_tokens=42, output_tokens=8
    )


async def test_thoughts_are_never_shown(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    thought = said("", reasoning_content="規程を読むと…", reasoning="うーん")
    aloud = [said(piece) for piece in ("<thi", "nk>20日か</t", "hink>\n", "20日")]
    teach_to_refuse(
        scripted_http,
        stream(thought, *aloud, said("です[1]。"), ended(), counted(), "[DONE]"),
    )

    text, _ = await read(model)

    assert text == "20日です[1]。"


async def test_a_full_context_is_told_from_a_long_answer(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    long = stream(said("途中"), ended("length"), counted(42, 1200), "[DONE]")
    full = stream(said("途中"), ended("length"), counted(16_000, 384), "[DONE]")
    teach_to_refuse(scripted_http, long, full)

    _, one = await read(model)
    _, other = await read(model)

    assert one is not None
    assert other is not None
    assert one.ending is Ending.OUTPUT_LIMIT
    assert other.ending is Ending.CONTEXT_LIMIT


@pytest.mark.parametrize("rest", [(), ("[DONE]",), (Cut(),), (Hang(),)])
async def test_an_answer_that_says_it_is_complete_needs_no_last_event(
    scripted_http: ScriptedHTTP, connect: Connect, rest: tuple[object, ...]
) -> None:
    teach_to_refuse(scripted_http, stream(said("20日です[1]。"), ended(), *rest))

    text, completion = await read(connect(QUICK))

    assert text == "20日です[1]。"
    assert completion is not None
    assert completion.ending is Ending.STOP


# --- silence and cuts --------------------------------------------------------


async def test_a_model_that_does_not_begin_is_given_up(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    teach_to_refuse(scripted_http, Reply(steps=[Hang()]))

    with pytest.raises(Unavailable, match=r"did not begin to answer within 0\.1 s"):
        await read(connect(QUICK))
    await scripted_http.given_up.wait()


async def test_a_model_that_falls_silent_breaks_off(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    teach_to_refuse(scripted_http, stream(said("有給休暇は"), Hang()))

    text, error = await read_until_it_breaks(connect(QUICK))

    assert text == "有給休暇は"
    assert isinstance(error, Interrupted)
    assert "fell silent for 0.1 s" in str(error)


BROKEN = {"error": {"message": "EngineDeadError", "type": "X", "code": 500}}


@pytest.mark.parametrize(
    "end",
    [
        (),
        ("[DONE]",),
        (Cut(),),
        (BROKEN, "[DONE]"),
        ({"object": "error", "message": "エンジン停止", "code": 500},),
        (b'error: {"message": "slot gone", "code": 500}\n\n',),
        (ended("abort"), "[DONE]"),
        (b"<html>502 Bad Gateway</html>\n",),
    ],
)
async def test_an_answer_that_is_not_complete_broke_off(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel, end: tuple[object, ...]
) -> None:
    teach_to_refuse(scripted_http, stream(said("有給休暇は"), *end))

    text, error = await read_until_it_breaks(model)

    assert text == "有給休暇は"
    assert isinstance(error, Interrupted)


@pytest.mark.parametrize(
    "reply", [stream(), stream(Cut()), stream("[DONE]"), stream(BROKEN)]
)
async def test_an_answer_that_never_began_may_be_asked_for_again(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel, reply: Reply
) -> None:
    teach_to_refuse(scripted_http, reply)

    text, error = await read_until_it_breaks(model)

    assert text == ""
    assert isinstance(error, Unavailable)
    assert not isinstance(error, Interrupted)


async def test_a_cancelled_question_closes_the_stream(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    teach_to_refuse(scripted_http, stream(said("有給休暇は"), Hang()))
    begun = asyncio.Event()

    async def ask() -> None:
        async for _ in model.generate(QUESTION, profile=Profile.DOCS):
            begun.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(ask())
        await begun.wait()
        task.cancel()

    async with asyncio.timeout(5):
        await scripted_http.given_up.wait()


# --- refusals ----------------------------------------------------------------

PAGE = Reply(
    status=502,
    headers={"Content-Type": "text/html"},
    steps=["<html><body>502 Bad Gateway・停止中</body></html>".encode()],
)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (PAGE, Unavailable, "a web page"),
        (replace(PAGE, status=200), Unavailable, "does not speak as OpenAI's API does"),
        (refused("Loading model", status=503), Unavailable, "still loads its model"),
        (refused("overloaded", status=503), Unavailable, "queue is full"),
        (refused("slow down", status=429), Unavailable, "queue is full"),
        (refused("x", status=500), Unavailable, "host's log"),
        (replace(PAGE, status=413), ContextOverflow, "send a shorter one"),
        (refused("Invalid API Key", status=401), ConfigError, "API key"),
        (
            Reply(status=307, headers={"Location": "http://elsewhere.example/"}),
            ConfigError,
            "do not follow redirects",
        ),
        (
            refused(f"The model `{MODEL}` does not exist.", status=404),
            ConfigError,
            "start it with that model",
        ),
        (json_reply({"detail": "社内エラー"}, status=400), ConfigError, "社内エラー"),
    ],
)
async def test_a_refusal_says_what_to_do(
    scripted_http: ScriptedHTTP,
    model: OpenAILanguageModel,
    reply: Reply,
    kind: type[BotError],
    words: str,
) -> None:
    teach_to_refuse(scripted_http, reply)

    text, error = await read_until_it_breaks(model)

    assert text == ""
    assert isinstance(error, kind)
    assert words in str(error)


TOO_LARGE = (
    "'max_tokens' or 'max_completion_tokens' is too large: 1200. This model's maximum "
    f"context length is {CONTEXT} tokens and your request has 28819 input tokens "
    f"(1200 > {CONTEXT} - 28819). None"
)
CONTAINS = (
    f"this model's maximum context length is {CONTEXT} tokens, "
    "but the prompt contains 28819 input tokens"
)
EXCEEDS = (
    f"request (28819 tokens) exceeds the available context size ({CONTEXT} tokens), "
    "try increasing it"
)


@pytest.mark.parametrize("message", [TOO_LONG, TOO_LARGE, CONTAINS, EXCEEDS])
async def test_an_overflow_carries_the_counts_and_corrects_the_estimate(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel, message: str
) -> None:
    teach_to_refuse(scripted_http, refused(message))
    before = sum(model.measure(message.text) for message in QUESTION)

    _, error = await read_until_it_breaks(model)

    assert isinstance(error, ContextOverflow)
    assert (error.prompt, error.context) == (28_819, CONTEXT)
    assert sum(model.measure(message.text) for message in QUESTION) > before * 100


async def test_a_host_that_is_down_is_unavailable() -> None:
    async with OpenAIHost("http://127.0.0.1:9") as host:
        with pytest.raises(Unavailable, match="no model server answers"):
            await read(OpenAILanguageModel(host, model=MODEL))


# --- hosts that cut prompts in silence ---------------------------------------


async def test_a_host_that_says_its_context_is_believed(
    scripted_http: ScriptedHTTP,
) -> None:
    teach(scripted_http)
    scripted_http.on(CHAT, answer("20日です[1]。"))
    async with OpenAIHost(scripted_http.url) as host:
        model = OpenAILanguageModel(host, model=MODEL)
        text, _ = await read(model)
        spec = await model.describe()

    assert text == "20日です[1]。"
    assert spec.context == CONTEXT
    assert len(scripted_http.sent_to(CHAT)) == 1


async def test_a_host_whose_prompt_fills_its_context_did_not_read_all_of_it(
    scripted_http: ScriptedHTTP,
) -> None:
    """SGLang can be told to cut, and still says its context."""
    teach(scripted_http)
    scripted_http.on(
        CHAT, stream(said("はい[1]。"), ended(), counted(CONTEXT), "[DONE]")
    )
    async with OpenAIHost(scripted_http.url) as host:
        with pytest.raises(Interrupted, match="cuts prompts in silence"):
            await read(OpenAILanguageModel(host, model=MODEL))


async def test_a_host_that_cuts_in_silence_is_found_out_before_the_first_prompt(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    """It then gets no prompt that may be too long, and never the answer's tokens."""
    cut = stream(said("は"), ended("length"), counted(CONTEXT, 1), "[DONE]")
    probe = stream(said("は"), ended("length"), counted(150, 1), "[DONE]")
    late = stream(said("20日です[1]。"), ended(), counted(9000), "[DONE]")
    scripted_http.on(CHAT, cut, probe, probe, answer("20日です[1]。"), late)
    long = (Message(role=Role.USER, text="第3条 休暇は年20日とする。" * 1500),)
    most = (Message(role=Role.USER, text="休" * (CONTEXT * 5 // 8)),)

    with pytest.raises(ContextOverflow) as caught:
        async for _ in model.generate(long, profile=Profile.DOCS):
            pass
    assert len(scripted_http.sent_to(CHAT)) == 3
    text, _ = await read(model)
    async for _ in model.generate(most, profile=Profile.DOCS):
        pass

    assert caught.value.context == CONTEXT
    assert text == "20日です[1]。"
    asked = scripted_http.sent_to(CHAT)[-1].json["max_tokens"]
    assert model.measure(most[0].text) + asked <= CONTEXT


async def test_an_answer_from_a_part_of_the_prompt_is_no_answer(
    scripted_http: ScriptedHTTP, model: OpenAILanguageModel
) -> None:
    teach_to_refuse(
        scripted_http, stream(said("はい[1]。"), ended(), counted(5), "[DONE]")
    )
    long = (Message(role=Role.USER, text="第3条 休暇は年20日とする。" * 300),)

    with pytest.raises(Interrupted, match="cuts prompts in silence"):
        async for _ in model.generate(long, profile=Profile.DOCS):
            pass


async def test_a_slow_host_is_waited_for_between_tokens(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    slow = stream(said("20日"), Take(0.2), said("です"), ended(), counted(), "[DONE]")
    teach_to_refuse(scripted_http, slow)

    text, _ = await read(connect(replace(QUICK, between_tokens=5.0)))

    assert text == "20日です"
