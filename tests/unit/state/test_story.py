"""Whatever a sync does, in whatever order, ledger, catalogue and index agree."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.core.access import OPEN, PUB, Access
from bot.core.errors import Conflict
from bot.core.model import DocumentId, GenerationId, Revision, RunId, document_id
from bot.core.sync import Failure, Staged
from bot.state.store import State, open_state
from tests.contracts.state_records import BOARD, SOURCE, STAFF, a_spec, a_state

NOW = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)
Result = TypeVar("Result")

DOCUMENTS = [document_id(SOURCE, name) for name in ("休暇", "経費 👩‍💻")]
OLD, NEW = GenerationId("g1"), GenerationId("g2")

documents = st.sampled_from(DOCUMENTS)
texts = st.sampled_from(["あ", "い"])
rights = st.sampled_from([OPEN, STAFF, BOARD])
generations = st.sampled_from([OLD, NEW])


@dataclass
class Page:
    """What is true of one document, told as simply as possible."""

    counter: int = 1
    access: Access | None = None
    attempts: int = 0
    live: dict[GenerationId, tuple[int, Staged]] = field(default_factory=dict)
    staged: dict[GenerationId, tuple[int, Staged]] = field(default_factory=dict)
    indexed: dict[GenerationId, tuple[str, bool]] = field(default_factory=dict)
    garbage: dict[GenerationId, set[int]] = field(
        default_factory=lambda: {OLD: set(), NEW: set()}
    )

    def drop(self, generation: GenerationId) -> None:
        if old := self.staged.pop(generation, None):
            self.garbage[generation].add(old[0])


class Story(RuleBasedStateMachine):
    """Two generations, three documents, one source."""

    template: Path

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp()) / "標"
        shutil.copytree(self.template, self.folder)
        self.loop = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.pages: dict[DocumentId, Page] = {}
        self.state: State = self.do(
            self.stack.enter_async_context(open_state(self.folder, clock=lambda: NOW))
        )
        self.begin(OLD)

    def do(self, work: Awaitable[Result]) -> Result:
        async def run() -> Result:
            return await work

        return self.loop.run(run())

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder.parent)

    # --- what a sync does ---

    @rule(generation=generations)
    def begin(self, generation: GenerationId) -> None:
        """A killed run, the next one, or a rebuild beside it."""
        self.generation = generation
        self.run: RunId = self.do(
            self.state.runs.begin(SOURCE, generation=generation, now=NOW)
        )

    @rule()
    def reopen(self) -> None:
        self.do(self.stack.aclose())
        self.state = self.do(
            self.stack.enter_async_context(open_state(self.folder, clock=lambda: NOW))
        )

    @rule(names=st.sets(documents, min_size=1), text=texts, access=rights)
    def stage(self, names: set[DocumentId], text: str, access: Access) -> None:
        states = [a_state(name, text, access=access) for name in sorted(names)]

        numbers = self.do(self.state.ledger.stage(self.run, states))

        for state in states:
            page = self.pages.setdefault(state.document, Page())
            before = page.staged.get(self.generation)
            if before and before[1].content == state.content:
                number = before[0]
            else:
                page.drop(self.generation)
                number, page.counter = page.counter, page.counter + 1
            page.staged[self.generation] = (number, state)
            assert numbers[state.document] == number

    @rule(names=st.sets(documents, min_size=1), embedded=st.booleans())
    def publish(self, names: set[DocumentId], *, embedded: bool) -> None:
        ready = {
            name
            for name in names
            if name in self.pages and self.generation in self.pages[name].staged
        }
        work = self.state.ledger.publish(self.run, dict.fromkeys(names, embedded))
        if ready != names:
            with pytest.raises(Conflict):
                self.do(work)
            return
        self.do(work)
        for name in names:
            page = self.pages[name]
            if old := page.live.get(self.generation):
                page.garbage[self.generation].add(old[0])
            page.live[self.generation] = page.staged.pop(self.generation)
            wanted = page.live[self.generation][1].access
            page.indexed[self.generation] = (wanted.digest(), embedded)
            page.access = page.access or wanted
            page.attempts = 0

    @rule(name=documents, text=texts, access=rights)
    def change(self, name: DocumentId, text: str, access: Access) -> None:
        """What happens most: a document changes."""
        self.stage({name}, text, access)
        self.publish({name}, embedded=True)

    @rule(name=documents, text=texts, version=st.sampled_from(["v2", "v3"]))
    def touch(self, name: DocumentId, text: str, version: str) -> None:
        state = a_state(name, text, version=version)
        self.do(self.state.ledger.touch(self.run, [state]))

        page = self.pages.get(name)
        live = page.live.get(self.generation) if page else None
        if page and live and live[1].content == state.content:
            number = live[0]
            for generation, (other, _) in page.live.items():
                if other == number:
                    page.live[generation] = (number, state)
            page.drop(self.generation)
            page.attempts = 0

    @rule(name=documents, access=rights)
    def set_access(self, name: DocumentId, access: Access) -> None:
        self.do(self.state.ledger.set_access(self.run, {name: access}))

        if page := self.known().get(name):
            page.access = access

    @rule(names=st.sets(documents, min_size=1))
    def remove(self, names: set[DocumentId]) -> None:
        self.do(self.state.ledger.remove(self.run, names))

        for name in names & self.pages.keys():
            page = self.pages[name]
            for generation in (OLD, NEW):
                page.drop(generation)
                if old := page.live.pop(generation, None):
                    page.garbage[generation].add(old[0])
            page.indexed.clear()
            page.access, page.attempts = None, -1

    @rule(name=documents)
    def fail(self, name: DocumentId) -> None:
        failure = Failure(what="x", reason="壊", detail="れ", document=name)
        self.do(self.state.quarantine.failed(self.run, [failure], now=NOW))

        page = self.pages.setdefault(name, Page())
        page.attempts = max(page.attempts, 0) + 1

    @rule(into=generations)
    def adopt(self, into: GenerationId) -> None:
        """What the other generation shows is copied into this one."""
        source = NEW if into == OLD else OLD
        shown = {
            (name, page.live[source][0]): ("digest", True)
            for name, page in self.pages.items()
            if source in page.live
        }
        self.do(self.state.projection.adopt(into, shown))

        for name, _ in shown:
            page = self.pages[name]
            number, state = page.live[source]
            if (old := page.live.get(into)) and old[0] != number:
                page.garbage[into].add(old[0])
            page.live[into] = (number, state)
            page.indexed[into] = ("digest", True)
            page.garbage[into].discard(number)

    @rule(generation=generations, limit=st.integers(1, 3))
    def collect(self, generation: GenerationId, limit: int) -> None:
        found = self.do(self.state.projection.garbage(generation, limit=limit))
        kept = self.do(self.state.projection.kept(generation, found))
        assert kept == frozenset()
        self.do(self.state.projection.collected(generation, found))

        for name, number in found:
            self.pages[name].garbage[generation].remove(number)

    # --- what is true at every moment ---

    def known(self) -> dict[DocumentId, Page]:
        """The documents that are not removed; one that came again is not, either."""
        return {
            name: page
            for name, page in self.pages.items()
            if page.attempts >= 0 or page.staged or page.live
        }

    @precondition(lambda self: hasattr(self, "state"))
    @invariant()
    def the_catalogue_shows_what_was_published(self) -> None:
        for generation in (OLD, NEW):
            live = self.do(self.state.catalogue.live(generation, DOCUMENTS))
            assert {
                name: (found.revision, found.access) for name, found in live.items()
            } == {
                name: (page.live[generation][0], page.access)
                for name, page in self.pages.items()
                if generation in page.live
            }
        named = {
            name
            for page in self.pages.values()
            if page.live and page.access
            for layer in page.access.layers
            for name in layer
        }
        assert named <= {PUB, "grp:staff", "grp:board"}
        assert self.do(self.state.catalogue.principals()) == named

    @precondition(lambda self: hasattr(self, "state"))
    @invariant()
    def the_ledger_knows_where_everything_stands(self) -> None:
        known = self.do(self.state.ledger.known(self.run))
        assert known.keys() == self.known().keys()
        for name, row in known.items():
            page = self.pages[name]
            number, live = page.live.get(self.generation, (None, None))
            staged, waiting = page.staged.get(self.generation, (None, None))
            assert (row.revision, row.staged) == (number, staged)
            assert row.version == (live.version if live else None)
            assert row.content == (live.content if live else None)
            assert row.staged_content == (waiting.content if waiting else None)
            assert row.attempts == max(page.attempts, 0)
            if page.access:
                assert row.access == page.access
            indexed = page.indexed.get(self.generation, (None, False))
            assert (row.indexed_access, row.embedded) == indexed

    @precondition(lambda self: hasattr(self, "state"))
    @invariant()
    def garbage_is_what_is_neither_live_nor_staged(self) -> None:
        for generation in (OLD, NEW):
            garbage = self.do(self.state.projection.garbage(generation, limit=999))
            assert set(garbage) == {
                (name, number)
                for name, page in self.pages.items()
                for number in page.garbage[generation]
            }

    @precondition(lambda self: hasattr(self, "state"))
    @invariant()
    def a_text_is_stored_exactly_while_somebody_needs_it(self) -> None:
        for name, page in self.pages.items():
            needed = {
                number: state
                for kind in (page.live, page.staged)
                for number, state in kind.values()
            }
            for number in range(page.counter):
                wanted: Revision = (name, number)
                stored = self.do(self.state.projection.staged(wanted))
                assert (stored and stored.markdown) == (
                    needed[number].markdown if number in needed else None
                )


async def make_template(folder: Path) -> None:
    """Two generations; the first answers."""
    async with open_state(folder, clock=lambda: NOW) as state:
        for _ in range(2):
            await state.generations.create(a_spec())
        await state.generations.activate(OLD, expected=None)


def test_the_story_of_any_syncs(tmp_path: Path) -> None:
    """Staged, published, touched, removed, adopted, collected, in any order."""
    asyncio.run(make_template(tmp_path / "標"))

    class Told(Story):
        template = tmp_path / "標"

    run_state_machine_as_test(
        Told,
        settings=settings(max_examples=25, stateful_step_count=30, deadline=None),
    )
