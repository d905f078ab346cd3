"""Addresses, certificates, tokens, and what a host says of itself."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.backends.ollama import (
    CloudState,
    HostReport,
    OllamaHost,
    Timeouts,
    inspect,
)
from bot.backends.ollama.wire import ChatLine, Tags
from bot.core.errors import ConfigError
from tests.conftest import ScriptedModel
from tests.fakes.ollama_server import VERSION
from tests.fakes.ollama_shaped import EMBEDDER, MODEL, teach
from tests.fakes.scripted_http import Reply, ScriptedHTTP, json_reply

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("gpu", "http://gpu:11434"),
        ("gpu:8080", "http://gpu:8080"),
        ("http://gpu", "http://gpu"),
        ("https://ollama.社内.example/", "https://ollama.xn--v6q418g.example"),
        (" http://127.0.0.1:11434/llm/ ", "http://127.0.0.1:11434/llm"),
    ],
)
async def test_an_address_may_be_written_as_people_do(given: str, address: str) -> None:
    async with OllamaHost(given) as host:
        assert host.url == address


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ftp://gpu",
        "http://",
        "http://gpu:port",
        "http://user:秘密@gpu",
        "ftp://user:秘密@gpu",
        "user:秘#密@gpu",
        "http://user:秘/密@gpu:port",
    ],
)
def test_what_is_no_address_is_the_operators_business(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OllamaHost(given)

    assert "秘" not in str(caught.value)


def test_a_ca_file_that_cannot_be_read_is_the_operators_business(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "社内CA.pem"
    broken.write_text("証明書ではありません", encoding="utf-8")

    for file in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="cannot read the CA file"):
            OllamaHost("https://gpu", ca_file=file)


@pytest.mark.parametrize("bearer", ["ｓ3cret", "秘密", "s3cret\n"])
def test_a_bearer_token_that_none_can_be_is_named_and_not_shown(bearer: str) -> None:
    with pytest.raises(ConfigError, match="bearer token for http://gpu") as caught:
        OllamaHost("http://gpu", bearer=bearer)

    assert bearer not in str(caught.value)


async def test_the_bearer_token_is_sent(scripted_http: ScriptedHTTP) -> None:
    teach(scripted_http)

    async with OllamaHost(scripted_http.url, bearer="s3cret") as host:
        await host.get("/api/tags", Tags)

    [request] = scripted_http.requests
    assert request.headers["authorization"] == "Bearer s3cret"


# --- inspect -----------------------------------------------------------------


async def test_a_report_says_what_the_host_has(scripted_http: ScriptedHTTP) -> None:
    teach(scripted_http, loaded=[MODEL])

    async with OllamaHost(scripted_http.url) as host:
        report = await inspect(host, [MODEL, EMBEDDER, "無い-model"])

    chat, embed, missing = report.models
    assert report.reachable
    assert report.version == "0.34.1"
    assert report.cloud is CloudState.OFF
    assert report.warnings == ()
    assert (chat.digest, chat.context) == (f"d-{MODEL}", 131_072)
    assert (chat.loaded, chat.running_context) == (True, 16384)
    assert (chat.size, chat.size_vram) == (100, 100)
    assert (embed.loaded, embed.dimensions) == (False, 4)
    assert chat.problem is None
    assert missing.problem is not None
    assert "`ollama pull 無い-model`" in missing.problem


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (json_reply({"cloud": {"disabled": False}}), CloudState.ON),
        (json_reply({}), CloudState.UNKNOWN),
        (Reply(status=404, steps=[b"404 page not found"]), CloudState.UNKNOWN),
    ],
)
async def test_a_host_that_may_pass_prompts_on_is_warned_of(
    scripted_http: ScriptedHTTP, status: Reply, state: CloudState
) -> None:
    teach(scripted_http)
    scripted_http.on("/api/status", status)

    async with OllamaHost(scripted_http.url) as host:
        report = await inspect(host, [])

    assert report.cloud is state
    [warning] = report.warnings
    assert "OLLAMA_NO_CLOUD=1" in warning


async def test_a_report_of_a_host_that_is_away_says_so() -> None:
    async with OllamaHost(NOWHERE, timeouts=Timeouts(connect=0.5)) as host:
        report = await inspect(host, [MODEL])

    assert report == HostReport(url=NOWHERE, reachable=False, problem=report.problem)
    assert report.problem is not None
    assert "start it, or correct its address" in report.problem


@pytest.mark.ollama
async def test_a_real_host_reports_itself(
    ollama_url: str, scripted_model: ScriptedModel, minilm_model: str
) -> None:
    name = scripted_model("reporter", "はい、そうです[1]。")

    async with OllamaHost(ollama_url) as host:
        report = await inspect(host, [name, minilm_model])

    chat, embed = report.models
    assert report.version
    assert report.cloud is CloudState.OFF
    assert chat.capabilities == {"completion"}
    assert embed.capabilities == {"embedding"}
    assert (embed.dimensions, embed.context) == (384, 512)
    assert len(chat.digest or "") == 64


@pytest.mark.ollama
async def test_closing_a_stream_stops_a_real_server(
    ollama_url: str, scripted_model: ScriptedModel
) -> None:
    """Its only slot would be busy for a minute otherwise."""
    model = scripted_model("endless", ["あい", "うえ"], endless=True)
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "続けて"}],
        "options": {"num_ctx": 1024, "num_predict": 1_000_000},
    }

    async with OllamaHost(ollama_url) as host, asyncio.timeout(20):
        for _ in range(2):
            async with aclosing(host.stream("/api/chat", body, ChatLine)) as lines:
                line = await anext(lines)

    assert line.message.content == "あい"


def test_the_server_that_is_built_is_the_one_that_tests_look_for() -> None:
    script = (Path(__file__).parents[3] / ".ci" / "servers").read_text(encoding="utf-8")

    assert f"OLLAMA={VERSION}\n" in script
