"""Two real model hosts, of which one dies, hangs or swaps its models."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from bot.backends.hosts import (
    Health,
    HostedEmbedder,
    HostedLanguageModel,
    ModelHost,
)
from bot.backends.ollama import (
    OllamaEmbedder,
    OllamaHost,
    OllamaLanguageModel,
    Residency,
    Timeouts,
)
from bot.core.errors import ConfigError, Interrupted
from bot.core.model import Profile
from bot.core.ports import TICKET, Embedder, LanguageModel, Message, Role, Ticket, Token
from tests.conftest import missing_server
from tests.fakes import ollama_models, ollama_server
from tests.fakes.ollama_pair import OllamaPair

PROMPT = (Message(role=Role.USER, text="有給休暇は何日ですか？"),)
QUICK = Timeouts(between_tokens=1.0)
TEXTS = ["有給休暇は年に20日です。", "Paid leave is twenty days a year."]

pytestmark = pytest.mark.ollama


@pytest.fixture(scope="module")
def binary() -> Path:
    found = ollama_server.find_binary()
    if found is None:
        missing_server("no Ollama server: run `make servers`")
    return found


@pytest.fixture
def two(binary: Path, tmp_path: Path) -> Iterator[OllamaPair]:
    with ExitStack() as stack:
        yield OllamaPair(binary, tmp_path, stack)


@pytest.fixture
async def model(two: OllamaPair) -> AsyncIterator[HostedLanguageModel]:
    async with AsyncExitStack() as stack:
        hosts: list[ModelHost[LanguageModel]] = []
        for url in two.urls:
            host = await stack.enter_async_context(OllamaHost(url, timeouts=QUICK))
            one = OllamaLanguageModel(host, model="endless", num_ctx=4096)
            await one.describe()
            hosts.append(ModelHost(name=url, model=one))
        yield HostedLanguageModel(hosts)


@contextmanager
def conversation(name: str) -> Iterator[None]:
    before = TICKET.set(Ticket(conversation=name))
    try:
        yield
    finally:
        TICKET.reset(before)


async def ask(model: LanguageModel) -> str:
    text = ""
    async for event in model.generate(PROMPT, profile=Profile.FAQ):
        text += event.text if isinstance(event, Token) else ""
    return text


def busy(model: HostedLanguageModel) -> str:
    [name] = [standing.name for standing in model.standings() if standing.busy]
    return name


def health(model: HostedLanguageModel | HostedEmbedder, url: str) -> Health:
    return next(one.health for one in model.standings() if one.name == url)


async def until_well(model: HostedLanguageModel, url: str) -> None:
    """Watch, quicker than usual, until a host is well again."""
    well = asyncio.Event()

    async def pause(_: float) -> None:
        if health(model, url) is Health.WELL:
            well.set()
        await asyncio.sleep(0.1)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        watch = group.create_task(model.watch(pause=pause))
        await well.wait()
        watch.cancel()


async def test_a_host_that_dies_in_mid_answer_is_replaced_and_comes_back(
    two: OllamaPair, model: HostedLanguageModel
) -> None:
    with conversation("スレッド"):
        await model.describe()
        async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
            await anext(events)
            home = busy(model)
            two.at(home).kill()
            with pytest.raises(Interrupted):
                async for _ in events:
                    pass

        began = time.monotonic()
        spec = await model.describe()
        async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
            await anext(events)
            waited = time.monotonic() - began
            other = busy(model)
        assert other != home
        assert waited < 5
        assert spec.context == 4096
        assert health(model, home) is Health.DOUBTFUL

        two.restart(home)
        await until_well(model, home)
        async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
            await anext(events)
            assert busy(model) == home


async def test_a_host_that_hangs_in_mid_answer_keeps_nobody_else_waiting(
    two: OllamaPair, model: HostedLanguageModel
) -> None:
    with conversation("スレッド"):
        async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
            await anext(events)
            home = busy(model)
            two.at(home).signal_runners(SIGSTOP)
            try:
                with pytest.raises(Interrupted, match="fell silent"):
                    async for _ in events:
                        pass
                began = time.monotonic()
                text = await ask(model)
            finally:
                two.at(home).signal_runners(SIGCONT)

    assert text.startswith("有給休暇有給休暇")
    assert time.monotonic() - began < 5
    assert health(model, home) is Health.DOUBTFUL


async def test_a_model_that_disappears_from_one_host_is_asked_of_the_other(
    two: OllamaPair, model: HostedLanguageModel
) -> None:
    await model.describe()
    gone = two.urls[0]
    async with OllamaHost(gone) as host:
        with pytest.raises(ConfigError):
            await OllamaLanguageModel(host, model="missing").describe()
    two.at(gone).remove("endless")

    texts = []
    for number in range(6):
        with conversation(f"c{number}"):
            texts.append(await ask(model))

    assert all(text.startswith("有給") for text in texts)
    assert health(model, gone) is Health.ILL
    assert health(model, two.urls[1]) is Health.WELL


async def test_embedding_goes_on_with_one_host_and_only_with_the_same_weights(
    two: OllamaPair, tmp_path: Path
) -> None:
    published = ollama_server.find_minilm()
    if published is None:
        missing_server("no MiniLM weights: run `make servers`")
    weights = ollama_models.minilm(tmp_path / "minilm.gguf", published)
    for server in two.servers:
        server.create("all-minilm", weights)
    async with AsyncExitStack() as stack:
        hosts: list[ModelHost[Embedder]] = []
        for url in two.urls:
            host = await stack.enter_async_context(OllamaHost(url))
            one = OllamaEmbedder(host, model="all-minilm")
            hosts.append(ModelHost(name=url, model=one))
        embedder = HostedEmbedder(hosts, patience=60)

        spec = await embedder.spec()
        before = await embedder.embed_documents(TEXTS)
        two.servers[0].kill()
        after = [await embedder.embed_documents(TEXTS) for _ in range(3)]

        assert spec.dimensions == 384
        assert after == [before] * 3
        assert health(embedder, two.urls[1]) is Health.WELL


async def test_a_host_that_swaps_its_models_is_warned_of(
    binary: Path, tmp_path: Path
) -> None:
    """With room for one model each question throws out what the sync needs."""
    answers = {"chat": ["はい", "です"], "embed": ["いいえ", "違います"]}
    warnings: Sequence[str] = ()
    with ollama_server.running(
        binary, tmp_path, OLLAMA_MAX_LOADED_MODELS="1"
    ) as server:
        for name, pieces in answers.items():
            weights = ollama_models.scripted(tmp_path / f"{name}.gguf", pieces)
            server.create(name, weights)
        async with OllamaHost(server.url) as host:
            residency = Residency(host, list(answers))
            for name in [*answers, *answers]:
                await ask(OllamaLanguageModel(host, model=name, num_ctx=1024))
                warnings = await residency.look()

    assert len(warnings) == 2
    assert all("threw" in warning for warning in warnings)
    assert "OLLAMA_MAX_LOADED_MODELS" in warnings[0]


async def test_a_host_with_room_for_its_models_is_nothing_to_warn_of(
    two: OllamaPair, model: HostedLanguageModel
) -> None:
    url = two.urls[0]
    async with OllamaHost(url) as host:
        residency = Residency(host, ["endless"])
        await ask(model)
        looks = [await residency.look() for _ in range(3)]

    assert looks == [()] * 3
