"""What becomes of texts that an embedding model stumbles over."""

import json
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.backends.ollama import OllamaEmbedder, OllamaHost, Timeouts
from bot.core.errors import ConfigError, Unavailable
from tests.fakes.ollama_shaped import EMBEDDER, running, teach
from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    Request,
    ScriptedHTTP,
    Take,
    json_reply,
)

TEXTS = [f"第{number}条 休暇の規程" for number in range(16)]

Refusing = Callable[[str], Reply | None]


def vector(text: str) -> list[float]:
    """Any direction that tells texts apart."""
    return [1.0, float(len(text)), float(ord(text[-1]) % 97), 1.0]


def embedding(refusing: Refusing = lambda _: None) -> Callable[[Request], Reply]:
    """Embed like Ollama: one by one, and the first refusal is the batch's."""

    def reply(request: Request) -> Reply:
        texts = request.json["input"]
        refusals = [refusal for text in texts if (refusal := refusing(text))]
        if refusals:
            return refusals[0]
        return json_reply({"embeddings": [vector(text) for text in texts]})

    return reply


def error(text: str, status: int = 500) -> Reply:
    return json_reply({"error": text}, status=status)


def inputs(server: ScriptedHTTP) -> list[list[str]]:
    return [request.json["input"] for request in server.sent_to("/api/embed")]


@pytest.fixture
async def embedder(scripted_http: ScriptedHTTP) -> AsyncIterator[OllamaEmbedder]:
    teach(scripted_http, loaded=[EMBEDDER])
    async with OllamaHost(scripted_http.url) as host:
        yield OllamaEmbedder(host, model=EMBEDDER)


async def test_texts_go_in_batches_of_sixteen_and_are_never_cut(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    scripted_http.on("/api/embed", embedding())

    vectors = await embedder.embed_documents([*TEXTS, *TEXTS, "最後"])

    bodies = [request.json for request in scripted_http.sent_to("/api/embed")]
    assert [len(body["input"]) for body in bodies] == [16, 16, 1]
    assert all(body["truncate"] is False for body in bodies)
    assert all("options" not in body for body in bodies)
    assert None not in vectors


NOT_FINITE = [
    "failed to encode response: json: unsupported value: NaN",
    "embedding contains NaN or Inf values",
]


@pytest.mark.parametrize("said", NOT_FINITE)
async def test_one_text_without_a_vector_costs_the_others_nothing(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder, said: str
) -> None:
    refused = error(said)
    scripted_http.on(
        "/api/embed", embedding(lambda text: refused if "第7" in text else None)
    )

    vectors = await embedder.embed_documents(TEXTS)

    assert None not in vectors  # the half that is well stands for the seventh text
    assert len(inputs(scripted_http)) < len(TEXTS)


async def test_a_text_that_is_hopeless_has_no_vector(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    refused = error(NOT_FINITE[0])
    scripted_http.on(
        "/api/embed", embedding(lambda text: refused if "毒" in text else None)
    )

    good, bad, fine = await embedder.embed_documents(["良い", "毒毒毒毒", "結構"])

    assert good is not None
    assert bad is None
    assert fine is not None
    with pytest.raises(Unavailable, match="no vector for this question"):
        await embedder.embed_query("毒")


async def test_markup_is_taken_off_before_a_text_is_given_up(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    refused = error(NOT_FINITE[1], status=400)
    scripted_http.on(
        "/api/embed", embedding(lambda text: refused if "|" in text else None)
    )

    [found] = await embedder.embed_documents(["| **有給** | ２０日 |\n|---|---|"])

    assert found is not None
    assert inputs(scripted_http)[-1] == ["有給 20日"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "0.0"])
async def test_numbers_that_are_no_direction_are_never_handed_on(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder, number: str
) -> None:
    def reply(request: Request) -> Reply:
        rows = [
            f"[{number}, {number}, {number}, {number}]"
            if "毒" in text
            else json.dumps(vector(text))
            for text in request.json["input"]
        ]
        return Reply(steps=[f'{{"embeddings": [{", ".join(rows)}]}}'.encode()])

    scripted_http.on("/api/embed", reply)

    good, bad = await embedder.embed_documents(["良い", "毒毒"])

    assert good is not None
    assert math.hypot(*good) == pytest.approx(1.0)
    assert bad is None


@pytest.mark.parametrize(
    "refusal",
    [
        error("the input length exceeds the context length", 400),
        error(
            "input (702 tokens) is too large to process. increase the physical batch "
            "size (current batch size: 512)"
        ),
        error("do embedding request: Post http://127.0.0.1:4/embedding: EOF"),
    ],
)
async def test_a_text_that_is_too_long_is_embedded_in_parts(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder, refusal: Reply
) -> None:
    scripted_http.on(
        "/api/embed", embedding(lambda text: refusal if len(text) > 300 else None)
    )
    long = "有給休暇は年20日です。" * 80

    before, found, after = await embedder.embed_documents(["前", long, "後"])

    parts = [texts[0] for texts in inputs(scripted_http) if len(texts) == 1]
    assert before is not None
    assert after is not None
    assert found is not None
    assert math.hypot(*found) == pytest.approx(1.0)
    assert "".join(part for part in parts if 100 < len(part) <= 300) == long
    assert all(part.endswith("。") for part in parts if len(part) > 1 and part != "ok")


async def test_a_text_beyond_every_cut_has_no_vector(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    refusal = error("the input length exceeds the context length", 400)
    scripted_http.on(
        "/api/embed", embedding(lambda text: refusal if len(text) > 10 else None)
    )

    assert await embedder.embed_documents(["長" * 10_000]) == [None]


async def test_a_runner_that_dies_of_everything_is_ill_itself(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    scripted_http.on("/api/embed", error("Post http://127.0.0.1:4/embedding: EOF"))

    with pytest.raises(Unavailable):
        await embedder.embed_documents(TEXTS)


async def test_prefixes_are_those_of_the_family(scripted_http: ScriptedHTTP) -> None:
    name = "hf.co/team/ruri-v3-310m-GGUF:Q8_0"
    teach(scripted_http, models=[name], loaded=[name])
    scripted_http.on("/api/embed", embedding())

    async with OllamaHost(scripted_http.url) as host:
        embedder = OllamaEmbedder(host, model=name)
        await embedder.embed_documents(["休暇の規程"])
        await embedder.embed_query("休暇は？")
        spec = await embedder.spec()

    assert inputs(scripted_http) == [["検索文書: 休暇の規程"], ["検索クエリ: 休暇は？"]]
    assert spec.prefix == "ruri-3"
    assert spec.dimensions == 4
    assert spec.digest == f"d-{name}"


async def test_vectors_of_another_length_mean_another_model(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    scripted_http.on(
        "/api/embed", embedding(), json_reply({"embeddings": [[1.0, 2.0]]})
    )
    await embedder.embed_documents(["休暇"])

    with pytest.raises(ConfigError, match="rebuild the index"):
        await embedder.embed_documents(["休暇"])


async def test_a_reply_with_too_few_vectors_is_not_matched_by_luck(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    scripted_http.on("/api/embed", json_reply({"embeddings": [[1.0, 2.0]]}))

    with pytest.raises(Unavailable, match="1 vectors for 2 texts"):
        await embedder.embed_documents(["休暇", "経費"])


async def test_a_loading_model_is_waited_for_and_a_hanging_one_is_not(
    scripted_http: ScriptedHTTP,
) -> None:
    teach(scripted_http)
    limits = Timeouts(embed=0.1, loading=5.0)
    done = json_reply({"embeddings": [[1.0, 2.0]]})
    slow = replace(done, steps=[Take(0.3), *done.steps])
    scripted_http.on("/api/embed", slow, Reply(steps=[Hang()]))

    async with OllamaHost(scripted_http.url, timeouts=limits) as host:
        embedder = OllamaEmbedder(host, model=EMBEDDER)
        found = await embedder.embed_query("休暇は？")
        scripted_http.on("/api/ps", running(EMBEDDER))
        with pytest.raises(Unavailable, match=r"within 0\.1 s"):
            await embedder.embed_query("休暇は？")

    assert len(found) == 2


@pytest.mark.parametrize(
    "reply", [Reply(steps=[Cut()]), error("busy", 503), Reply(steps=[b"<html>"])]
)
async def test_a_host_that_is_not_well_is_unavailable(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder, reply: Reply
) -> None:
    scripted_http.on("/api/embed", reply)

    with pytest.raises(Unavailable):
        await embedder.embed_documents(TEXTS)


async def test_dimensions_are_measured_where_the_host_does_not_say_them(
    scripted_http: ScriptedHTTP, embedder: OllamaEmbedder
) -> None:
    scripted_http.on("/api/show", json_reply({"model_info": {}}))
    scripted_http.on("/api/embed", embedding())

    spec = await embedder.spec()

    assert spec.dimensions == 4
    assert spec.model == EMBEDDER
    assert spec.digest == f"d-{EMBEDDER}:latest"
