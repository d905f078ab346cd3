"""What every embedder promises, whatever runs it."""

import math
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.backends.hosts import HostedEmbedder, ModelHost
from bot.backends.memory_models import MemoryEmbedder
from bot.backends.ollama import OllamaEmbedder, OllamaHost
from bot.backends.openai import OpenAIEmbedder, OpenAIHost
from bot.backends.yielding import MemoryOpenQuestions, YieldingEmbedder
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import Vector
from bot.core.ports import Embedder

LEAVE = "Employees receive twenty days of paid leave every year."
SERVERS = "The server room on the second floor is cooled by two fans."
QUESTION = "How many days of paid leave do employees receive?"
TEXTS = ("有給休暇は年に20日です。", LEAVE, SERVERS, "経費は月末までに精算します。")


def likeness(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def all_of(vectors: Sequence[Vector | None]) -> list[Vector]:
    found = [vector for vector in vectors if vector is not None]
    assert len(found) == len(vectors)
    return found


class EmbedderContract:
    """Subclass it and give one fixture."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError

    async def test_it_says_which_vectors_come_out(self, embedder: Embedder) -> None:
        spec = await embedder.spec()

        [vector] = all_of(await embedder.embed_documents(["有給休暇"]))

        assert spec == await embedder.spec()
        assert spec.model
        assert spec.digest
        assert spec.prefix
        assert len(vector) == len(await embedder.embed_query("休暇")) == spec.dimensions

    async def test_vectors_are_finite_and_of_length_one(
        self, embedder: Embedder
    ) -> None:
        vectors = all_of(await embedder.embed_documents(TEXTS))

        assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * 4)
        assert {vector.typecode for vector in vectors} == {"f"}

    async def test_vectors_come_in_the_order_of_the_texts(
        self, embedder: Embedder
    ) -> None:
        texts = [f"第{number}条 rule number {number}" for number in range(40)]

        together = all_of(await embedder.embed_documents(texts))
        [last, first] = all_of(await embedder.embed_documents([texts[39], texts[0]]))

        assert likeness(together[39], last) == pytest.approx(1.0, abs=1e-3)
        assert likeness(together[0], first) == pytest.approx(1.0, abs=1e-3)
        assert likeness(first, last) < 0.99

    async def test_no_texts_give_no_vectors(self, embedder: Embedder) -> None:
        assert await embedder.embed_documents([]) == []

    async def test_a_blank_text_has_no_vector_and_harms_no_other(
        self, embedder: Embedder
    ) -> None:
        blank, vector, wide = await embedder.embed_documents(["", LEAVE, " \n　"])

        assert blank is None
        assert wide is None
        assert vector is not None
        with pytest.raises(Unavailable):
            await embedder.embed_query(" ")

    async def test_a_question_is_nearer_to_its_answer_than_to_anything_else(
        self, embedder: Embedder
    ) -> None:
        question = await embedder.embed_query(QUESTION)

        leave, servers = all_of(await embedder.embed_documents([LEAVE, SERVERS]))

        assert likeness(question, leave) > likeness(question, servers) + 0.2

    async def test_a_text_beyond_every_context_still_has_a_vector(
        self, embedder: Embedder
    ) -> None:
        texts = [f"{LEAVE} " * 100, LEAVE, SERVERS]

        long, leave, servers = all_of(await embedder.embed_documents(texts))

        assert likeness(long, leave) > likeness(long, servers) + 0.2


class TestMemoryEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return MemoryEmbedder()


class TestHostedEmbedder(EmbedderContract):
    """Two hosts behind one port, and questions before all of it."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        hosts: list[ModelHost[Embedder]] = [
            ModelHost(name=f"gpu{number}", model=MemoryEmbedder())
            for number in range(2)
        ]
        return YieldingEmbedder(HostedEmbedder(hosts), questions=MemoryOpenQuestions())


@pytest.mark.ollama
class TestOllamaEmbedder(EmbedderContract):
    @pytest.fixture
    async def host(self, ollama_url: str) -> AsyncIterator[OllamaHost]:
        async with OllamaHost(ollama_url) as host:
            yield host

    @pytest.fixture
    def embedder(self, host: OllamaHost, minilm_model: str) -> Embedder:
        return OllamaEmbedder(host, model=minilm_model)

    async def test_meaning_counts_more_than_words(self, embedder: Embedder) -> None:
        question = await embedder.embed_query("How long is my vacation?")

        leave, servers = all_of(await embedder.embed_documents([LEAVE, SERVERS]))

        assert likeness(question, leave) > likeness(question, servers) + 0.2

    async def test_an_unknown_model_is_the_operators_business(
        self, host: OllamaHost
    ) -> None:
        embedder = OllamaEmbedder(host, model="bge-m3")

        with pytest.raises(ConfigError, match="`ollama pull bge-m3`"):
            await embedder.spec()
        with pytest.raises(ConfigError, match="`ollama pull bge-m3`"):
            await embedder.embed_documents(["有給休暇"])

    async def test_warming_up_loads_the_model(
        self, host: OllamaHost, minilm_model: str
    ) -> None:
        await OllamaEmbedder(host, model=minilm_model).warm_up()


@pytest.mark.ollama
class TestOpenAIEmbedderOnOllama(EmbedderContract):
    """A server that embeds the beginning of what is too long."""

    @pytest.fixture
    async def host(self, ollama_url: str) -> AsyncIterator[OpenAIHost]:
        async with OpenAIHost(ollama_url) as host:
            yield host

    @pytest.fixture
    def embedder(self, host: OpenAIHost, minilm_model: str) -> Embedder:
        return OpenAIEmbedder(host, model=minilm_model)

    async def test_both_adapters_find_the_same_vectors(
        self, embedder: Embedder, ollama_url: str, minilm_model: str
    ) -> None:
        async with OllamaHost(ollama_url) as host:
            other = OllamaEmbedder(host, model=minilm_model)
            one = await other.embed_query(QUESTION)

        assert likeness(one, await embedder.embed_query(QUESTION)) > 0.999

    async def test_the_end_of_a_long_text_counts_although_the_server_cuts(
        self, embedder: Embedder
    ) -> None:
        text = f"{SERVERS} " * 60 + f"{LEAVE} " * 60

        [long] = all_of(await embedder.embed_documents([text]))
        leave, servers = all_of(await embedder.embed_documents([LEAVE, SERVERS]))

        assert likeness(long, leave) > 0.25
        assert likeness(long, servers) > 0.25

    async def test_warming_up_warns_that_the_server_cuts(
        self, host: OpenAIHost, minilm_model: str
    ) -> None:
        [warning] = await OpenAIEmbedder(host, model=minilm_model).warm_up()

        assert "in silence" in warning


class TestOpenAIEmbedderOnLlama(EmbedderContract):
    @pytest.fixture
    async def embedder(self, llama_minilm: str) -> AsyncIterator[Embedder]:
        async with OpenAIHost(llama_minilm) as host:
            yield OpenAIEmbedder(host, model="all-minilm")

    async def test_a_server_that_refuses_is_nothing_to_warn_of(
        self, llama_minilm: str
    ) -> None:
        async with OpenAIHost(llama_minilm) as host:
            assert await OpenAIEmbedder(host, model="all-minilm").warm_up() == ()
