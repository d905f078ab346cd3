"""A connector that breaks the rules ends no more than what it was asked for."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pytest

from bot.ingest.reading import reading
from connectors.api import Document, Entry, Failed, Problem, Snapshot
from connectors.errors import SourceDenied, SourceError, SourceUnavailable
from tests.fakes.source import EVERYBODY

ENTRY = Entry(id="規程.md", version="1", title="規程", layers=EVERYBODY)


@dataclass(slots=True)
class Breaking:
    """A connector, and its snapshot, that raise an error at one step."""

    step: str
    error: Exception
    closed: bool = False

    def check(self) -> list[Problem]:
        return []

    def samples(self) -> list[str]:
        return []

    def open(self, _: str | None, /, *, stop: threading.Event) -> Snapshot:
        del stop
        self._reach("open")
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closed = True

    def entries(self) -> Iterator[Entry | Failed]:
        yield ENTRY
        self._reach("entries")

    def fetch(self, entry: Entry, /) -> Document | Failed:
        self._reach("fetch")
        return Document(title=entry.title, markdown="本文")

    def checkpoint(self) -> str | None:
        self._reach("checkpoint")
        return None

    def _reach(self, step: str) -> None:
        if step == self.step:
            raise self.error


async def read_whole(connector: Breaking) -> Document | Failed:
    async with reading(connector, None) as reader:
        (listed,) = [part async for part in reader.entries()]
        assert listed == [ENTRY]
        fetched = await reader.fetch(ENTRY)
        await reader.checkpoint()
        return fetched


@pytest.mark.parametrize("step", ["open", "entries", "checkpoint"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("題"), "KeyError"),
        (OSError(28, "No space left on device"), "No space left"),
    ],
)
async def test_what_no_connector_may_raise_ends_its_source_only(
    step: str, error: Exception, said: str
) -> None:
    connector = Breaking(step, error)
    with pytest.raises(SourceUnavailable, match=said):
        await read_whole(connector)

    assert connector.closed == (step != "open")


async def test_an_entry_that_breaks_the_connector_is_one_that_failed() -> None:
    fetched = await read_whole(Breaking("fetch", RecursionError("深い")))

    assert isinstance(fetched, Failed)
    assert (fetched.id, fetched.reason) == ("規程.md", "broken")
    assert "RecursionError" in fetched.detail


@pytest.mark.parametrize("step", ["open", "entries", "fetch", "checkpoint"])
async def test_the_errors_of_connectors_pass(step: str) -> None:
    error: SourceError = SourceDenied("the token is refused; set options.token")
    with pytest.raises(SourceDenied, match="the token is refused"):
        await read_whole(Breaking(step, error))
