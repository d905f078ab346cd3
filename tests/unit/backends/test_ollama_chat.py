"""What becomes of a question when the model host is not well."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.backends.ollama import OllamaHost, OllamaLanguageModel, Timeouts
from bot.core.errors import (
    BotError,
    ConfigError,
    ContextOverflow,
    Interrupted,
    Unavailable,
)
from bot.core.model import Profile
from bot.core.ports import Completion, Ending, Message, Role, Token
from tests.fakes.ollama_shaped import MODEL, answer, done, running, said, teach
from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    ScriptedHTTP,
    Step,
    Take,
    json_reply,
    ndjson_reply,
)

QUESTION = (
    Message(role=Role.SYSTEM, text="資料だけから答えてください。"),
    Message(role=Role.USER, text="有給休暇は何日ですか？"),
)
QUICK = Timeouts(
    ask=5.0, first_token=0.1, loading=5.0, between_tokens=0.1, answer=5.0, embed=5.0
)

Connect = Callable[[Timeouts], OllamaLanguageModel]


@pytest.fixture
async def connect(scripted_http: ScriptedHTTP) -> AsyncIterator[Connect]:
    teach(scripted_http, loaded=[MODEL])
    hosts: list[OllamaHost] = []

    def make(timeouts: Timeouts) -> OllamaLanguageModel:
        hosts.append(OllamaHost(scripted_http.url, timeouts=timeouts))
        return OllamaLanguageModel(hosts[-1], model=MODEL)

    yield make
    for host in hosts:
        await host.aclose()


@pytest.fixture
def model(connect: Connect) -> OllamaLanguageModel:
    return connect(Timeouts())


async def read(
    model: OllamaLanguageModel, profile: Profile = Profile.DOCS
) -> tuple[str, Completion | None]:
    text, last = "", None
    async for event in model.generate(QUESTION, profile=profile):
        if isinstance(event, Token):
            text += event.text
        else:
            last = event
    return text, last


async def read_until_it_breaks(
    model: OllamaLanguageModel,
) -> tuple[str, BotError]:
    text = ""
    try:
        async for event in model.generate(QUESTION, profile=Profile.DOCS):
            text += event.text if isinstance(event, Token) else ""
    except BotError as error:
        return text, error
    raise AssertionError("nothing broke")


# --- what is sent ------------------------------------------------------------


async def test_every_request_forbids_silent_cuts_and_names_its_context(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on("/api/chat", answer("20日です[1]。"))

    await read(model)

    [request] = scripted_http.sent_to("/api/chat")
    body = request.json
    assert body["stream"] is True
    assert body["truncate"] is False
    assert body["shift"] is False
    assert body["think"] is False
    assert body["keep_alive"] == "30m"
    assert body["options"]["num_ctx"] == 16384
    assert body["messages"][1] == {"role": "user", "content": "有給休暇は何日ですか？"}


async def test_profiles_differ_in_sampling_only(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    """Another runner option would make the host load the model anew."""
    scripted_http.on("/api/chat", answer("はい[1]。"))

    for profile in Profile:
        await read(model, profile)

    options = [r.json["options"] for r in scripted_http.sent_to("/api/chat")]
    sampling = {
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "repeat_penalty",
        "num_predict",
        "seed",
    }
    assert all(set(sent) <= sampling | {"num_ctx"} for sent in options)
    assert {sent["num_ctx"] for sent in options} == {16384}
    assert len({sent["temperature"] for sent in options}) == 4


async def test_the_same_question_has_the_same_seed_where_facts_are_asked_for(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on("/api/chat", answer("はい[1]。"))

    for profile in (Profile.FAQ, Profile.FAQ, Profile.BRAINSTORM, Profile.QUIZ):
        await read(model, profile)

    seeds = [r.json["options"].get("seed") for r in scripted_http.sent_to("/api/chat")]
    assert seeds[0] is not None
    assert seeds == [seeds[0], seeds[0], None, None]


async def test_a_model_that_must_think_thinks_little_and_has_room_for_it(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    capabilities = ["completion", "thinking"]
    teach(scripted_http, capabilities=capabilities, family="gptoss", loaded=[MODEL])
    scripted_http.on("/api/chat", answer("はい[1]。"))

    await read(connect(Timeouts()), Profile.FAQ)

    [request] = scripted_http.sent_to("/api/chat")
    assert request.json["think"] == "low"
    assert request.json["options"]["num_predict"] == 600 + 1024


async def test_nothing_of_the_environment_is_sent(
    scripted_http: ScriptedHTTP, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The `ollama` package sends the key of Ollama's cloud to any host."""
    monkeypatch.setenv("OLLAMA_API_KEY", "cloud-secret")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    scripted_http.on("/api/chat", answer("はい[1]。"))

    await read(connect(Timeouts()))

    assert len(scripted_http.requests) == 4
    assert not [r for r in scripted_http.requests if "authorization" in r.headers]
    assert "cloud-secret" not in repr(scripted_http.requests)


# --- how the stream is read --------------------------------------------------


async def test_a_stream_is_read_whole_however_the_network_cuts_it(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    parts = [said("有給休暇は"), said("年20日です[1]。"), done()]
    lines = [json.dumps(part, ensure_ascii=False) for part in parts]
    wire = b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode()
    steps: list[Step] = [wire[at : at + 7] for at in range(0, len(wire), 7)]
    scripted_http.on("/api/chat", Reply(steps=steps))

    text, completion = await read(model)

    assert text == "有給休暇は年20日です[1]。"
    assert completion == Completion(
        ending=Ending.STOP, prompt_tokens=42, output_tokens=8
    )


async def test_a_huge_line_is_read_and_an_endless_one_is_not(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on(
        "/api/chat",
        answer("長" * 500_000),
        Reply(steps=[b'{"message": {"content": "', *[b"x" * 2**20] * 9]),
    )

    text, _ = await read(model)
    with pytest.raises(Unavailable, match="does not speak as Ollama does"):
        await read(model)

    assert len(text) == 500_000


async def test_thoughts_are_never_shown(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    thought = said("", thinking="規程を読むと…")
    aloud = [said(piece) for piece in ("<thi", "nk>20日か</t", "hink>\n", "20日")]
    scripted_http.on(
        "/api/chat", ndjson_reply(thought, *aloud, said("です[1]。"), done())
    )

    text, _ = await read(model)

    assert text == "20日です[1]。"


async def test_an_answer_of_thoughts_only_is_an_empty_one(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    thought = said("", thinking="うーん")
    scripted_http.on("/api/chat", ndjson_reply(thought, done("length", output=1200)))

    text, completion = await read(model)

    assert text == ""
    assert completion is not None
    assert completion.ending is Ending.OUTPUT_LIMIT


async def test_a_full_context_is_told_from_a_long_answer(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    full = done("length", prompt=16_000, output=384)
    scripted_http.on("/api/chat", ndjson_reply(said("途中"), full))

    _, completion = await read(model)

    assert completion is not None
    assert completion.ending is Ending.CONTEXT_LIMIT


# --- silence and cuts --------------------------------------------------------


async def test_a_warm_model_that_does_not_begin_is_given_up(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    model = connect(QUICK)
    scripted_http.on("/api/chat", answer("はい[1]。"), Reply(steps=[Hang()]))
    await read(model)

    with pytest.raises(Unavailable, match=r"did not begin to answer within 0\.1 s"):
        await read(model)
    await scripted_http.given_up.wait()


async def test_a_model_that_is_being_loaded_is_waited_for(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    """A host lists a model from the moment it begins to load it."""
    model = connect(QUICK)
    slow = ndjson_reply(Take(0.4), said("はい[1]。"), done())
    scripted_http.on("/api/chat", slow)

    listed, _ = await read(model)
    scripted_http.on("/api/ps", running())
    unlisted, _ = await read(model)

    assert listed == unlisted == "はい[1]。"


async def test_a_model_that_never_loads_is_given_up(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    model = connect(replace(QUICK, loading=0.2))
    scripted_http.on("/api/chat", Reply(steps=[Hang()]))

    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await read(model)


async def test_a_model_that_falls_silent_breaks_off(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    scripted_http.on("/api/chat", ndjson_reply(said("有給休暇は"), Hang()))

    text, error = await read_until_it_breaks(connect(QUICK))

    assert text == "有給休暇は"
    assert isinstance(error, Interrupted)
    assert "fell silent for 0.1 s" in str(error)


async def test_an_answer_that_takes_too_long_breaks_off(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    drops = [part for _ in range(40) for part in (said("あ"), Take(0.05))]
    scripted_http.on("/api/chat", ndjson_reply(*drops))

    text, error = await read_until_it_breaks(
        connect(replace(QUICK, between_tokens=5.0, answer=0.3))
    )

    assert text
    assert isinstance(error, Interrupted)
    assert "did not finish its answer within 0.3 s" in str(error)


@pytest.mark.parametrize("end", [(), (Cut(),), ({"error": "an error was found"},)])
async def test_an_answer_without_its_last_line_broke_off(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel, end: tuple[object, ...]
) -> None:
    """More than thirty equal tokens make the host end without a word, as well."""
    scripted_http.on("/api/chat", ndjson_reply(said("有給休暇は"), *end))

    text, error = await read_until_it_breaks(model)

    assert text == "有給休暇は"
    assert isinstance(error, Interrupted)


@pytest.mark.parametrize(
    "steps",
    [(), (Cut(),), (b'{"error": "model runner has unexpectedly stopped"}\n',)],
)
async def test_an_answer_that_never_began_may_be_asked_for_again(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel, steps: tuple[Step, ...]
) -> None:
    scripted_http.on("/api/chat", Reply(steps=steps))

    text, error = await read_until_it_breaks(model)

    assert text == ""
    assert isinstance(error, Unavailable)
    assert not isinstance(error, Interrupted)


async def test_a_cancelled_question_closes_the_stream(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on("/api/chat", ndjson_reply(said("有給休暇は"), Hang()))
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
        (replace(PAGE, status=200), Unavailable, "does not speak as Ollama does"),
        (json_reply({"error": "busy"}, status=503), Unavailable, "queue is full"),
        (json_reply({"error": "x"}, status=500), Unavailable, "host's log"),
        (json_reply({"error": "no"}, status=401), ConfigError, "bearer"),
        (Reply(status=403), ConfigError, "localhost:11434"),
        (
            Reply(status=307, headers={"Location": "http://elsewhere.example/"}),
            ConfigError,
            "do not follow redirects",
        ),
        (
            json_reply({"error": f"model '{MODEL}' not found"}, status=404),
            ConfigError,
            f"`ollama pull {MODEL}`",
        ),
        (
            json_reply({"error": '"m" does not support chat'}, status=400),
            ConfigError,
            "the right model",
        ),
        (Reply(status=404, steps=[b"404"]), ConfigError, "what kind of host"),
    ],
)
async def test_a_refusal_says_what_to_do(
    scripted_http: ScriptedHTTP,
    model: OllamaLanguageModel,
    reply: Reply,
    kind: type[BotError],
    words: str,
) -> None:
    scripted_http.on("/api/chat", reply)

    text, error = await read_until_it_breaks(model)

    assert text == ""
    assert isinstance(error, kind)
    assert words in str(error)


async def test_a_full_queue_says_when_to_come_again(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on("/api/chat", Reply(status=503, headers={"Retry-After": "12"}))

    _, error = await read_until_it_breaks(model)

    assert isinstance(error, Unavailable)
    assert error.retry_after == 12.0


async def test_an_overflow_carries_the_counts_and_corrects_the_estimate(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    told = {
        "error": {
            "code": 400,
            "message": "request (3019 tokens) exceeds the available context size "
            "(1024 tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 3019,
            "n_ctx": 1024,
        }
    }
    scripted_http.on("/api/chat", json_reply(told, status=400))
    before = sum(model.measure(message.text) for message in QUESTION)

    _, error = await read_until_it_breaks(model)

    assert isinstance(error, ContextOverflow)
    assert (error.prompt, error.context) == (3019, 1024)
    assert sum(model.measure(message.text) for message in QUESTION) > 3000 > before


async def test_a_host_that_reads_only_a_part_of_the_prompt_is_found_out(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    scripted_http.on("/api/chat", ndjson_reply(said("はい[1]。"), done(prompt=5)))
    long = (Message(role=Role.USER, text="第3条 休暇は年20日とする。" * 300),)

    with pytest.raises(Interrupted, match="cuts prompts in silence"):
        async for _ in model.generate(long, profile=Profile.DOCS):
            pass


async def test_a_host_that_is_down_is_unavailable() -> None:
    async with OllamaHost("http://127.0.0.1:9") as host:
        model = OllamaLanguageModel(host, model=MODEL)

        with pytest.raises(Unavailable, match="no Ollama answers"):
            await read(model)


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "glm-4.6:cloud", "x-cloud"])
async def test_a_cloud_model_is_refused_before_anything_is_sent(
    scripted_http: ScriptedHTTP, name: str
) -> None:
    teach(scripted_http, models=[name])
    async with OllamaHost(scripted_http.url) as host:
        with pytest.raises(ConfigError, match="leave the team's network"):
            await read(OllamaLanguageModel(host, model=name))

    assert scripted_http.requests == []


async def test_a_model_that_the_host_passes_on_is_refused(
    scripted_http: ScriptedHTTP, model: OllamaLanguageModel
) -> None:
    remote = {"name": MODEL, "digest": "d", "remote_host": "https://ollama.com:443"}
    scripted_http.on("/api/tags", json_reply({"models": [remote]}))

    with pytest.raises(ConfigError, match=r"ollama\.com"):
        await read(model)

    assert scripted_http.sent_to("/api/chat") == []


async def test_an_embedding_model_cannot_answer(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    teach(scripted_http, capabilities=["embedding"])

    with pytest.raises(ConfigError, match="configure a chat model"):
        await connect(Timeouts()).describe()


# --- warming up --------------------------------------------------------------


async def test_warming_up_waits_and_warns_of_a_host_that_cuts_in_silence(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    model = connect(replace(QUICK, ask=5.0))
    load = json_reply(done("load"))
    slow_load = replace(load, steps=[Take(0.3), *load.steps])
    scripted_http.on("/api/chat", slow_load, ndjson_reply(said("は"), done(prompt=150)))

    [warning] = await model.warm_up()

    assert "does not refuse a prompt that is too long" in warning


async def test_warming_up_warns_of_a_model_that_does_not_fit_the_card(
    scripted_http: ScriptedHTTP, connect: Connect
) -> None:
    place = {"name": MODEL, "size": 200, "size_vram": 90, "context_length": 16384}
    scripted_http.on("/api/ps", json_reply({"models": [place]}))
    refused = json_reply({"error": "exceeds the context length"}, status=400)
    probe = ndjson_reply(said("は"), done(prompt=150))
    load = json_reply(done("load"))
    scripted_http.on("/api/chat", load, probe, probe, refused)

    [warning] = await connect(Timeouts()).warm_up()

    assert "only 45 %" in warning
