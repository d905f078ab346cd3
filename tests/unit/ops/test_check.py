"""Things are looked at side by side, in order, and never for long."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from bot.core.errors import ConfigError
from bot.core.model import Language
from bot.ops.check import (
    Finding,
    Findings,
    Level,
    Speaker,
    Thing,
    aside,
    fault,
    look_at,
    size,
)
from bot.text import findings as say


def a_thing(
    name: str,
    look: Callable[[], Awaitable[Findings]],
    *,
    limit: float = 30,
    fault: Level = Level.ERROR,
) -> Thing:
    return Thing(name=name, title=name, look=look, limit=limit, fault=fault)


async def seen(*things: Thing, language: Language = Language.JA) -> tuple[Level, str]:
    """Look, and return the worst level with all that was shown."""
    shown: list[str] = []

    def show(thing: Thing, finding: Finding) -> None:
        shown.append(f"{thing.name} {finding.level} {finding.text}")

    worst = await look_at(things, show, language)
    return worst, "\n".join(shown)


async def test_one_that_waits_for_another_shows_that_they_run_side_by_side() -> None:
    """They are shown in their order all the same."""
    second_ran = asyncio.Event()

    async def first() -> Findings:
        await second_ran.wait()
        return [Speaker(Language.JA).ok(say.READABLE, source="規程")]

    async def second() -> Findings:
        second_ran.set()
        return [Speaker(Language.JA).warning(say.NEVER_SYNCED)]

    worst, shown = await seen(a_thing("一", first), a_thing("二", second))

    assert worst is Level.WARNING
    assert shown.startswith("一 ok 規程: 読み込めます。\n二 warning まだ何も")


@pytest.mark.parametrize("fault", [Level.WARNING, Level.ERROR])
async def test_what_never_answers_is_given_up(fault: Level) -> None:
    async def hang() -> Findings:
        await asyncio.Event().wait()
        return []

    async def fine() -> Findings:
        return [Speaker(Language.JA).ok(say.NO_VECTORS)]

    worst, shown = await seen(
        a_thing("索引", hang, limit=0.01, fault=fault), a_thing("次", fine)
    )

    assert worst is fault
    assert "0.01 秒以内に応答がありませんでした" in shown
    assert shown.endswith("次 ok ベクトルなし")


async def test_an_error_of_the_house_is_one_sentence() -> None:
    async def broken() -> Findings:
        raise ConfigError("state.url is not an address; correct it")

    worst, shown = await seen(a_thing("state", broken), language=Language.EN)

    assert worst is Level.ERROR
    assert shown == "state error state.url is not an address; correct it."


def test_a_sentence_ends_once() -> None:
    assert fault("no answer.", Language.EN).text == "no answer."
    assert fault("応答がありません。", Language.JA).text == "応答がありません。"


async def test_blocking_work_that_hangs_does_not_keep_us() -> None:
    gate = threading.Event()

    def work() -> Findings:
        gate.wait(20)
        return []

    _, shown = await seen(a_thing("git", lambda: aside(work), limit=0.05))
    gate.set()

    assert "0.05 秒以内" in shown
    assert await aside(lambda: "済み") == "済み"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (53_248, "53.2 kB"),
        (999_600, "1000 kB"),
        (1_234_567, "1.23 MB"),
        (30_000_000_000, "30 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_read_by_people(count: int, text: str) -> None:
    assert size(count) == text
