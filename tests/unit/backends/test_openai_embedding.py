"""What becomes of texts on an OpenAI-compatible host, and what it says of itself."""

from collections.abc import AsyncIterator, Callable

import pytest

from bot.backends.openai import OpenAIEmbedder, OpenAIHost, inspect
from bot.core.errors import ConfigError, Unavailable
from tests.conftest import LlamaModel
from tests.fakes.openai_shaped import EMBEDDINGS, MODEL, refused, teach
from tests.fakes.scripted_http import (
    Cut,
    Reply,
    Request,
    ScriptedHTTP,
    json_reply,
)

TEXTS = [f"第{number}条 休暇の規程" for number in range(16)]


def vector(text: str) -> list[float]:
    """Any direction that tells texts apart."""
    return [1.0, float(len(text)), float(ord(text[-1]) % 97), 1.0]


def embedding(
    refusing: Callable[[str], Reply | None] = lambda _: None,
) -> Callable[[Request], Reply]:
    """Embed like vLLM: one refusal is the batch's; rows come in any order."""

    def reply(request: Request) -> Reply:
        texts = request.json["input"]
        refusals = [refusal for text in texts if (refusal := refusing(text))]
        if refusals:
            return refusals[0]
        rows = [{"index": n, "embedding": vector(text)} for n, text in enumerate(texts)]
        return json_reply({"data": rows[::-1], "usage": {"prompt_tokens": 99}})

    return reply


def sent(server: ScriptedHTTP) -> list[list[str]]:
    return [request.json["input"] for request in server.sent_to(EMBEDDINGS)]


@pytest.fixture
async def embedder(scripted_http: ScriptedHTTP) -> AsyncIterator[OpenAIEmbedder]:
    teach(scripted_http)
    async with OpenAIHost(scripted_http.url) as host:
        yield OpenAIEmbedder(host, model=MODEL)


async def test_rows_are_put_in_the_order_of_the_texts(
    scripted_http: ScriptedHTTP, embedder: OpenAIEmbedder
) -> None:
    scripted_http.on(EMBEDDINGS, embedding())

    together = await embedder.embed_documents(TEXTS)
    alone = [await embedder.embed_query(text) for text in TEXTS]

    assert together == alone
    assert len(sent(scripted_http)) == 1 + len(TEXTS)


@pytest.mark.parametrize(
    "refusal",
    [
        refused("This model's maximum context length is 512 tokens. However, ..."),
        refused(
            "The decoder prompt (length 702) is longer than the maximum model length"
        ),
        refused("input (702 tokens) is too large to process", status=500),
    ],
)
async def test_a_text_that_is_too_long_is_embedded_in_parts(
    scripted_http: ScriptedHTTP, embedder: OpenAIEmbedder, refusal: Reply
) -> None:
    scripted_http.on(
        EMBEDDINGS, embedding(lambda text: refusal if len(text) > 300 else None)
    )

    before, found, after = await embedder.embed_documents(
        ["前", "有給休暇は年20日です。" * 80, "後"]
    )

    assert before is not None
    assert found is not None
    assert after is not None


async def test_a_host_that_read_too_few_tokens_gets_the_text_in_parts(
    scripted_http: ScriptedHTTP, embedder: OpenAIEmbedder
) -> None:
    scripted_http.on(EMBEDDINGS, embedding())

    [found] = await embedder.embed_documents(["paid leave " * 100])

    assert found is not None
    assert [len(texts[0].split()) for texts in sent(scripted_http)] == [200, 100, 100]


@pytest.mark.parametrize(
    "reply", [Reply(steps=[Cut()]), refused("busy", status=503), Reply(steps=[b"<p>"])]
)
async def test_a_host_that_is_not_well_is_unavailable(
    scripted_http: ScriptedHTTP, embedder: OpenAIEmbedder, reply: Reply
) -> None:
    scripted_http.on(EMBEDDINGS, reply)

    with pytest.raises(Unavailable):
        await embedder.embed_documents(TEXTS)


async def test_a_host_that_cannot_embed_is_the_operators_business(
    llama_model: LlamaModel,
) -> None:
    async with OpenAIHost(llama_model("writer", "はい、そうです[1]。")) as host:
        with pytest.raises(ConfigError, match="--embeddings"):
            await OpenAIEmbedder(host, model="writer").spec()


async def test_other_weights_under_the_same_name_have_another_digest(
    scripted_http: ScriptedHTTP, embedder: OpenAIEmbedder
) -> None:
    scripted_http.on(EMBEDDINGS, embedding())
    served = {"id": MODEL, "root": "社内/other", "max_model_len": 512}

    before = await embedder.spec()
    scripted_http.on("/v1/models", json_reply({"data": [served]}))
    after = await embedder.spec()

    assert before.digest != after.digest
    assert (before.dimensions, before.prefix) == (4, "none")


async def test_a_host_reports_itself(scripted_http: ScriptedHTTP) -> None:
    teach(scripted_http)

    async with OpenAIHost(scripted_http.url) as host:
        report = await inspect(host, [MODEL, "無い-model"])
    async with OpenAIHost("http://127.0.0.1:9") as host:
        away = await inspect(host, [MODEL])

    chat, missing = report.models
    assert report.reachable
    assert report.version == "0.19.1"
    assert (chat.context, chat.problem) == (16_384, None)
    assert missing.problem is not None
    assert MODEL in missing.problem
    assert not away.reachable
    assert away.problem is not None


@pytest.mark.parametrize(
    ("told", "asked_for", "context"),
    [(16_384, None, 16_384), (16_384, 4096, 4096), (None, 4096, 4096)],
)
async def test_a_report_says_what_a_request_may_use(
    scripted_http: ScriptedHTTP,
    told: int | None,
    asked_for: int | None,
    context: int,
) -> None:
    teach(scripted_http, context=told)

    async with OpenAIHost(scripted_http.url) as host:
        report = await inspect(host, [MODEL], writes=MODEL, context=asked_for)

    assert [model.context for model in report.models] == [context]


async def test_a_writer_whose_context_nobody_says_is_a_problem(
    scripted_http: ScriptedHTTP,
) -> None:
    teach(scripted_http, context=None)

    async with OpenAIHost(scripted_http.url) as host:
        [writer] = (await inspect(host, [MODEL], writes=MODEL)).models
        [embedder] = (await inspect(host, [MODEL])).models

    assert "set the context in the settings" in str(writer.problem)
    assert embedder.problem is None


async def test_what_is_no_model_server_is_called_so(
    scripted_http: ScriptedHTTP,
) -> None:
    scripted_http.on("/v1/models", Reply(status=404, steps=["<h1>無い</h1>".encode()]))

    async with OpenAIHost(scripted_http.url) as host:
        report = await inspect(host, [MODEL])

    assert not report.reachable
    assert report.problem is not None
    assert "404 (a web page, not JSON); it does not speak as" in report.problem
    assert "None" not in report.problem


async def test_a_real_host_reports_itself(llama_model: LlamaModel) -> None:
    async with OpenAIHost(llama_model("writer", "はい、そうです[1]。")) as host:
        report = await inspect(host, ["writer"])

    [model] = report.models
    assert report.version
    assert model.context == 1024
    assert model.digest
