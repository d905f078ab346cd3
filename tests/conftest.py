"""The real servers that tests talk to: one of each a run, started on demand."""

import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, Protocol
from uuid import uuid4

import pytest
from hypothesis import settings

from tests.fakes import (
    llama_server,
    ollama_models,
    ollama_server,
    postgres_server,
    weaviate_server,
)
from tests.fakes.ollama_server import RunningOllama
from tests.fakes.postgres_server import RunningPostgres
from tests.fakes.scripted_http import ScriptedHTTP, serving
from tests.fakes.weaviate_server import Node

settings.register_profile("nightly")

# What a shell runs in the background ignores Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class ScriptedModel(Protocol):
    """Makes a model on the running server that always says the same."""

    def __call__(
        self,
        name: str,
        says: str | Sequence[str],
        /,
        *,
        endless: bool = False,
        context: int | None = None,
    ) -> str:
        """Return the model's name; `says` is a text or its pieces, token by token.

        `context` is built into the model, for requests that cannot name it.
        """


def missing_server(sentence: str, /) -> NoReturn:
    """Skip the test, or fail it where the servers have to be there."""
    if os.environ.get("SHIRUBE_REQUIRE_SERVERS") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOllama]:
    """A real Ollama server, without models at first."""
    binary = ollama_server.find_binary()
    if binary is None:
        missing_server("no Ollama server: run `make servers`")
    with ollama_server.running(binary, tmp_path_factory.mktemp("ollama")) as server:
        yield server


@pytest.fixture(scope="session")
def ollama_url(ollama: RunningOllama) -> str:
    """The address of the real Ollama server."""
    return ollama.url


@pytest.fixture(scope="session")
def scripted_model(ollama: RunningOllama) -> ScriptedModel:
    """Makes scripted models on the real server; each is made once."""
    made: dict[str, tuple[list[str], bool, int | None]] = {}

    def make(
        name: str,
        says: str | Sequence[str],
        /,
        *,
        endless: bool = False,
        context: int | None = None,
    ) -> str:
        pieces = ollama_models.pieces_of(says) if isinstance(says, str) else says
        script = (list(pieces), endless, context)
        if made.get(name) != script:
            weights = ollama.folder / f"{name}.gguf"
            ollama_models.scripted(weights, pieces, endless=endless)
            ollama.create(name, weights, {"num_ctx": context} if context else None)
            made[name] = script
        return name

    return make


@pytest.fixture(scope="session")
def minilm_model(ollama: RunningOllama) -> str:
    """MiniLM on the real server: 384 dimensions, 512 tokens, English."""
    published = ollama_server.find_minilm()
    if published is None:
        missing_server("no MiniLM weights: run `make servers`")
    weights = ollama_models.minilm(ollama.folder / "minilm.gguf", published)
    return ollama.create("all-minilm", weights)


class LlamaModel(Protocol):
    """Starts a llama.cpp server whose one model always says the same."""

    def __call__(
        self, name: str, says: str | Sequence[str], /, *, endless: bool = False
    ) -> str:
        """Return the server's address; the context is 1024 tokens."""


@pytest.fixture(scope="session")
def llama_package() -> Path:
    """The package of a real llama.cpp server."""
    package = llama_server.find_package()
    if package is None:
        missing_server("no llama.cpp server: run `make servers`")
    return package


@pytest.fixture(scope="session")
def llama_model(
    llama_package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaModel]:
    """Starts real llama.cpp servers with scripted models; each is started once."""
    started: dict[str, str] = {}
    folder = tmp_path_factory.mktemp("llama")
    with ExitStack() as stack:

        def start(
            name: str, says: str | Sequence[str], /, *, endless: bool = False
        ) -> str:
            pieces = ollama_models.pieces_of(says) if isinstance(says, str) else says
            if name not in started:
                weights = folder / f"{name}.gguf"
                ollama_models.scripted(weights, pieces, endless=endless)
                server = llama_server.running(llama_package, weights, alias=name)
                started[name] = stack.enter_context(server)
            return started[name]

        yield start


@pytest.fixture(scope="session")
def llama_minilm(
    llama_package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a real llama.cpp server that embeds with MiniLM."""
    published = ollama_server.find_minilm()
    if published is None:
        missing_server("no MiniLM weights: run `make servers`")
    weights = tmp_path_factory.mktemp("llama") / "minilm.gguf"
    ollama_models.minilm(weights, published)
    with llama_server.running(
        llama_package, weights, alias="all-minilm", context=512, embedding=True
    ) as url:
        yield url


@pytest.fixture
async def scripted_http() -> AsyncIterator[ScriptedHTTP]:
    """A server that shows the faults that a healthy one does not."""
    async with serving() as server:
        yield server


@pytest.fixture(scope="session")
def weaviate_binary() -> Path:
    """The program of a real Weaviate server."""
    binary = weaviate_server.find_binary()
    if binary is None:
        missing_server("no Weaviate server: run `make servers`")
    return binary


@pytest.fixture(scope="session")
def weaviate(
    weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A real Weaviate server that wants keys; tests take prefixes of their own."""
    folder = tmp_path_factory.mktemp("weaviate")
    with weaviate_server.running(weaviate_binary, folder, keys=True) as node:
        yield node


@pytest.fixture(scope="session")
def weaviate_cluster(
    weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Node]]:
    """A real cluster of three nodes that anybody may use.

    Three servers beside everything else are more than two cores carry, so these
    tests run only when they are asked for.
    """
    if os.environ.get("SHIRUBE_TEST_CLUSTER") != "1":
        pytest.skip("three Weaviate nodes: SHIRUBE_TEST_CLUSTER=1 make test")
    folder = tmp_path_factory.mktemp("weaviate-cluster")
    with weaviate_server.cluster(weaviate_binary, folder, 3) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    """A real PostgreSQL server with a database, and nothing in it."""
    binaries = postgres_server.find_binaries()
    if binaries is None:
        missing_server("no PostgreSQL: run `make servers`")
    with postgres_server.running(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: RunningPostgres) -> str:
    """The address of an empty schema that is this test's own."""
    schema = f"状態 {uuid4().hex[:8]} A"
    postgres.make_schema(schema)
    return postgres.url(schema)
