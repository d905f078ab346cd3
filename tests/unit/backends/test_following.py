"""Questions are embedded with the weights of the index that answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.backends.hosts import FollowingEmbedder, HostedEmbedder, ModelHost
from bot.backends.memory_models import MemoryEmbedder
from bot.core.errors import Unavailable
from bot.core.model import EmbeddingSpec, Generation, GenerationId, GenerationSpec
from bot.core.ports import Embedder

OLD, NEW = (
    EmbeddingSpec(model=name, digest=name, dimensions=size, prefix="none")
    for name, size in (("旧", 8), ("新", 16))
)


class Generations:
    """One generation that answers, which the test changes."""

    def __init__(self, embedding: EmbeddingSpec | None) -> None:
        self.active_one = Generation(
            id=GenerationId("g1"),
            spec=GenerationSpec(
                analyzer="a1", chunker="c1", backend="memory", embedding=embedding
            ),
        )
        self.down = False

    def switch(self, embedding: EmbeddingSpec | None) -> None:
        spec = replace(self.active_one.spec, embedding=embedding)
        self.active_one = replace(self.active_one, spec=spec)

    async def active(self) -> Generation | None:
        if self.down:
            raise Unavailable("状態データベースが落ちている")
        return self.active_one


class Hosts:
    """Makes an embedder for each spec, and remembers for which."""

    def __init__(self) -> None:
        self.made: list[EmbeddingSpec | None] = []

    def __call__(self, spec: EmbeddingSpec | None) -> HostedEmbedder:
        self.made.append(spec)
        dimensions = spec.dimensions if spec else 4
        one: ModelHost[Embedder] = ModelHost(
            name=spec.model if spec else "設定",
            model=MemoryEmbedder(dimensions=dimensions),
        )
        return HostedEmbedder([one])


async def watch(
    embedder: FollowingEmbedder,
    pause: Callable[[float], Awaitable[None]],
    *,
    until: Callable[[], bool],
) -> None:
    seen = asyncio.Event()

    async def paused(seconds: float) -> None:
        await pause(seconds)
        if until():
            seen.set()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(embedder.watch(pause=paused))
        await seen.wait()
        task.cancel()


async def test_another_generation_is_followed_at_once() -> None:
    generations, hosts = Generations(OLD), Hosts()
    embedder = FollowingEmbedder(generations, hosts)

    old = [len(await embedder.embed_query("有給休暇は？")) for _ in range(2)]
    generations.switch(NEW)
    new = len(await embedder.embed_query("有給休暇は？"))
    both = await embedder.embed_documents(["有給休暇", "paid leave"])

    assert (old, new) == ([8, 8], 16)
    assert [len(vector or ()) for vector in both] == [16, 16]
    assert hosts.made == [None, OLD, NEW]
    assert (await embedder.spec()).dimensions == 16


async def test_an_index_without_vectors_leaves_the_choice_to_the_settings() -> None:
    embedder = FollowingEmbedder(Generations(None), Hosts())

    assert len(await embedder.embed_query("休暇")) == 4
    assert [one.name for one in embedder.standings()] == ["設定"]


async def test_a_state_that_is_down_is_told_and_stops_no_watch() -> None:
    generations = Generations(OLD)
    embedder = FollowingEmbedder(generations, Hosts())
    generations.down = True
    pauses: list[str] = []

    async def pause(_: float) -> None:
        pauses.append(embedder.standings()[0].name)
        generations.down = False
        await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await embedder.embed_query("休暇")
    await watch(embedder, pause, until=lambda: pauses.count("旧") > 1)

    assert pauses[0] == "設定"


async def test_the_watch_goes_over_to_the_hosts_of_the_new_generation() -> None:
    generations = Generations(OLD)
    embedder = FollowingEmbedder(generations, Hosts())
    watched: list[str] = []

    async def pause(_: float) -> None:
        watched.append(embedder.standings()[0].name)
        if len(watched) == 2:
            generations.switch(NEW)
            await embedder.embed_query("休暇")
        await asyncio.sleep(0)

    await watch(embedder, pause, until=lambda: watched.count("新") > 1)

    assert watched[:2] == ["旧", "旧"]
