"""One index over several backends: each generation is read where it was built."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from bot.app.rooms import Opener, Rooms
from bot.backends.memory import MemoryIndex
from bot.core.errors import ConfigError
from bot.core.model import Generation
from tests.contracts.index_records import a_generation, a_record, search, texts


class Doors:
    """Openers of indexes in memory that note what is opened and closed."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def door(self, name: str) -> Opener:
        @asynccontextmanager
        async def opened() -> AsyncIterator[MemoryIndex]:
            self.seen.append(f"{name} 開")
            await asyncio.sleep(0)
            yield MemoryIndex()
            self.seen.append(f"{name} 閉")

        return opened


def built_in(backend: str) -> Generation:
    generation = a_generation()
    return replace(generation, spec=replace(generation.spec, backend=backend))


async def test_a_generation_is_read_where_it_lies_and_nothing_else_is_opened() -> None:
    doors = Doors()
    async with AsyncExitStack() as stack:
        openers = {name: doors.door(name) for name in ("庫", "蔵", "倉")}
        rooms = Rooms(openers, stack, preferred="庫")
        assert doors.seen == []
        blue, green = built_in("庫"), built_in("蔵")
        async with asyncio.TaskGroup() as group:
            for generation in (blue, green, blue, green):
                group.create_task(rooms.create(generation))
        await rooms.put(blue, [a_record("青い休暇")])
        await rooms.put(green, [a_record("緑の休暇")])

        assert texts(await search(rooms, blue, "休暇")) == ["青い休暇"]
        assert texts(await search(rooms, green, "休暇")) == ["緑の休暇"]
        assert sorted(doors.seen) == sorted(["庫 開", "蔵 開"])
        held = {each.generation.id: each.chunks for each in await rooms.stored()}
        assert held == {blue.id: 1, green.id: 1}
        await rooms.drop(blue)
        assert [each.generation for each in await rooms.stored()] == [green]
        report = await rooms.report(green)
        assert report.engine == "memory"

    assert sorted(doors.seen[2:]) == sorted(["庫 閉", "蔵 閉"])


async def test_a_backend_of_another_release_is_named_with_what_to_do() -> None:
    async with AsyncExitStack() as stack:
        rooms = Rooms({}, stack, preferred="庫")
        with pytest.raises(ConfigError, match=r"'蔵'.*shirube index build"):
            await rooms.create(built_in("蔵"))
