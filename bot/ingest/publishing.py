"""Fetched states go live in batches: stage, put, verify, publish."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.model import DocumentId, RunId
from bot.core.ports import Ledger
from bot.core.sync import Known, Staged
from bot.ingest.projecting import Projector

FIRST = 10
"""Documents of the first batch, small so that a first answer comes soon."""

DOCUMENTS = 100
CHARACTERS = 1_000_000
"""Limits of a later batch; a transaction may publish 200 documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of one batch.

    `touched` documents turned out to have the content that is live already;
    `contents` are the hashes of what was published.
    """

    published: frozenset[DocumentId]
    touched: frozenset[DocumentId]
    contents: frozenset[str]
    chunks: int


class Publisher:
    """Collects states and publishes a batch whenever it is full."""

    def __init__(
        self,
        *,
        run: RunId,
        ledger: Ledger,
        projector: Projector,
        known: Mapping[DocumentId, Known],
        done: Callable[[Batch], None],
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._projector = projector
        self._known = known
        self._done = done
        self._waiting: list[Staged] = []
        self._limit = FIRST
        # A first import answers lexically before anything is embedded; later a
        # document never loses the vectors it had.
        self._embed = any(row.revision is not None for row in known.values())

    async def add(self, state: Staged, /) -> None:
        """Take a state, and publish those that wait once they are enough."""
        self._waiting.append(state)
        characters = sum(len(waiting.markdown) for waiting in self._waiting)
        if len(self._waiting) >= self._limit or characters >= CHARACTERS:
            await self.flush()
            self._limit = DOCUMENTS

    async def flush(self) -> None:
        """Publish what waits; a document goes live whole or stays as it was."""
        waiting, self._waiting = self._waiting, []
        same = [state for state in waiting if self._is_live(state)]
        fresh = [state for state in waiting if not self._is_live(state)]
        if same:
            await self._ledger.touch(self._run, same)
        chunks = await self._publish(fresh) if fresh else 0
        self._done(
            Batch(
                published=frozenset(state.document for state in fresh),
                touched=frozenset(state.document for state in same),
                contents=frozenset(state.content for state in fresh),
                chunks=chunks,
            )
        )

    def _is_live(self, state: Staged) -> bool:
        row = self._known.get(state.document)
        return (
            row is not None
            and row.revision is not None
            and row.content == state.content
        )

    async def _publish(self, fresh: list[Staged]) -> int:
        revisions = await self._ledger.stage(self._run, fresh)
        states = {(state.document, revisions[state.document]): state for state in fresh}
        projected = await self._projector.project(states, embed=self._embed)
        await self._ledger.publish(self._run, projected.embedded)
        return projected.chunks
