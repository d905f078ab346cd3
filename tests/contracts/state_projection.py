"""The promises of `Projection`: what one generation shows and what is left in it."""

import pytest

from bot.core.access import OPEN
from bot.core.errors import Conflict
from bot.core.model import GenerationId, document_id
from bot.core.sync import RunState
from tests.contracts.state_records import (
    BOARD,
    LEAVE,
    NOW,
    SOURCE,
    STAFF,
    TRAVEL,
    Desk,
    OneSource,
    a_desk,
    a_generation,
    a_report,
    a_state,
    all_live,
)


class ProjectionContract(OneSource):
    """What every `Projection` does."""

    async def test_a_stored_state_comes_back_whole(self, desk: Desk) -> None:
        state = a_state(text="# 休暇\r\n\r\n| 表 | 👩‍💻 |\n" * 500)
        await desk.stage(state)

        assert await desk.state.projection.staged((LEAVE, 1)) == state
        assert await desk.state.projection.staged((LEAVE, 2)) is None

    async def test_a_live_state_has_the_access_that_is_enforced(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(access=OPEN))
        await desk.state.ledger.set_access(desk.run, {LEAVE: BOARD})
        await desk.stage(a_state(text="次", access=STAFF))

        live = await desk.state.projection.staged((LEAVE, 1))
        staged = await desk.state.projection.staged((LEAVE, 2))

        assert live is not None
        assert staged is not None
        assert (live.access, staged.access) == (BOARD, STAFF)

    async def test_many_states_come_back_at_once(self, desk: Desk) -> None:
        """Neither those that are gone nor other revisions of the same documents."""
        old, travel = a_state(text="一"), a_state(TRAVEL, text="旅費")
        await desk.publish(old, travel)
        await desk.stage(a_state(text="二"))
        wanted = [(LEAVE, 1), (TRAVEL, 1), (TRAVEL, 2), (document_id(SOURCE, "無"), 1)]

        found = await desk.state.projection.states(wanted)

        assert found == {(LEAVE, 1): old, (TRAVEL, 1): travel}
        assert await desk.state.projection.states([]) == {}

    async def test_what_the_index_was_told_is_remembered(self, desk: Desk) -> None:
        [old] = await desk.publish(a_state(text="一"))
        [new] = await desk.publish(a_state(text="二"))

        await desk.state.projection.indexed(
            desk.generation, access={LEAVE: BOARD.digest()}, embedded=[old]
        )
        known = await desk.known()
        assert known is not None
        assert (known.indexed_access, known.embedded) == (BOARD.digest(), False)

        await desk.state.projection.indexed(desk.generation, embedded=[new])
        known = await desk.known()
        assert known is not None
        assert known.embedded

    async def test_live_and_staged_revisions_are_kept(self, desk: Desk) -> None:
        await desk.publish(a_state(text="一"))
        await desk.publish(a_state(text="二"))
        await desk.stage(a_state(text="三"))
        asked = [(LEAVE, number) for number in range(5)] + [(TRAVEL, 1)]

        kept = await desk.state.projection.kept(desk.generation, asked)

        assert kept == {(LEAVE, 2), (LEAVE, 3)}
        other = GenerationId("g99")
        assert await desk.state.projection.kept(other, asked) == frozenset()

    async def test_garbage_is_forgotten_once_it_is_collected(self, desk: Desk) -> None:
        for text in "一二三":
            await desk.publish(a_state(text=text))
        projection = desk.state.projection
        assert await projection.garbage(desk.generation, limit=1) == [(LEAVE, 1)]

        for _ in range(2):
            await projection.collected(desk.generation, [(LEAVE, 1)])

        assert await desk.garbage() == [2]
        assert await desk.live() == 3

    # --- vectors to be filled in ---

    async def test_live_documents_without_vectors_are_named(self, desk: Desk) -> None:
        first, second = await desk.publish(a_state(LEAVE), a_state(TRAVEL))
        await desk.stage(a_state(document_id(SOURCE, "未公開")))
        projection, generation = desk.state.projection, desk.generation

        assert await projection.unembedded(generation, source=SOURCE, limit=9) == [
            first,
            second,
        ]
        assert await projection.unembedded(generation, source=SOURCE, limit=1) == [
            first
        ]
        assert await projection.pending(generation, source=SOURCE) == 2
        assert await projection.pending(generation, source="他") == 0

        await projection.indexed(generation, embedded=[first])

        assert await projection.pending(generation, source=SOURCE) == 1
        assert await projection.unembedded(generation, source=SOURCE, limit=9) == [
            second
        ]

    # --- another generation ---

    async def test_the_live_revisions_are_walked_in_order(self, desk: Desk) -> None:
        names = [document_id(SOURCE, f"頁{n:04}") for n in range(1100)]
        for start in range(0, len(names), 200):
            await desk.publish(*map(a_state, names[start : start + 200]))
        await desk.stage(a_state(LEAVE))

        walked = [each async for each in desk.state.projection.live(desk.generation)]

        assert walked == [(name, 1) for name in names]

    async def test_a_revision_is_shown_by_a_second_generation(self, desk: Desk) -> None:
        """A rebuild takes the texts that are stored; nothing is fetched."""
        revisions = await desk.publish(a_state(LEAVE), a_state(TRAVEL))
        new = (await a_generation(desk.state, active=False)).id

        await desk.state.projection.adopt(
            new, {each: (OPEN.digest(), True) for each in revisions}
        )

        assert await all_live(desk.state, new) == dict(revisions)
        second = await a_desk(desk.state, generation=new)
        known = await second.known()
        assert known is not None
        assert (known.revision, known.version, known.embedded) == (1, "v1", True)
        assert known.indexed_access == OPEN.digest()

    async def test_what_another_generation_does_not_show_so_is_behind(
        self, desk: Desk
    ) -> None:
        """Other revisions, other access, missing vectors; what is removed is not."""
        projection, gone = desk.state.projection, document_id(SOURCE, "廃止")
        new = (await a_generation(desk.state, active=False)).id
        first, second, _ = await desk.publish(
            a_state(LEAVE, access=OPEN), a_state(TRAVEL), a_state(gone)
        )

        async def behind(*, vectors: bool = False) -> list[str]:
            found = await projection.behind(new, of=desk.generation, vectors=vectors)
            return [document for document, _ in found]

        assert await behind() == sorted([LEAVE, TRAVEL, gone])
        await desk.state.ledger.remove(desk.run, [gone])
        shown = {first: (OPEN.digest(), True), second: (OPEN.digest(), False)}
        await projection.adopt(new, shown)
        assert (await behind(), await behind(vectors=True)) == ([], [TRAVEL])
        await desk.state.ledger.set_access(desk.run, {LEAVE: BOARD})
        await desk.publish(a_state(TRAVEL, text="新しい旅費"))
        assert await behind() == sorted([LEAVE, TRAVEL])
        assert await projection.behind(desk.generation, of=new, vectors=False) == [
            first,
            second,
        ]

    async def test_a_text_stays_while_any_generation_shows_it(self, desk: Desk) -> None:
        [shared] = await desk.publish(a_state(text="一"))
        new = (await a_generation(desk.state, active=False)).id
        await desk.state.projection.adopt(new, {shared: (OPEN.digest(), True)})

        await desk.publish(a_state(text="二"))

        assert await desk.garbage() == [1]
        assert await desk.state.projection.staged(shared) is not None
        assert await desk.live_in(new) == 1

        second = await a_desk(desk.state, generation=new)
        await second.publish(a_state(text="三"))

        assert await desk.state.projection.staged(shared) is None
        assert await desk.garbage_in(new) == [1]

    async def test_what_was_superseded_while_it_was_copied_is_garbage(
        self, desk: Desk
    ) -> None:
        [old] = await desk.publish(a_state(text="一"))
        new = (await a_generation(desk.state, active=False)).id
        [current] = await desk.publish(a_state(text="二"))
        projection = desk.state.projection

        await projection.adopt(new, {old: (OPEN.digest(), True)})
        assert await desk.live_in(new) is None
        assert await desk.garbage_in(new) == [1]

        await projection.adopt(new, {current: (OPEN.digest(), False)})
        assert await desk.live_in(new) == 2

    async def test_adopting_again_replaces_what_was_adopted(self, desk: Desk) -> None:
        [old] = await desk.publish(a_state(text="一"))
        new = (await a_generation(desk.state, active=False)).id
        projection = desk.state.projection
        for _ in range(2):
            await projection.adopt(new, {old: (OPEN.digest(), True)})
        assert await desk.garbage_in(new) == []

        [current] = await desk.publish(a_state(text="二"))
        await projection.adopt(new, {current: (OPEN.digest(), True)})

        assert await desk.live_in(new) == 2
        assert await desk.garbage_in(new) == [1]
        assert await projection.kept(new, [old, current]) == {current}

    # --- retiring ---

    async def test_a_retired_generation_leaves_nothing(self, desk: Desk) -> None:
        [shared] = await desk.publish(a_state(LEAVE))
        [own] = await desk.publish(a_state(TRAVEL))
        old, new = desk.generation, await a_generation(desk.state)
        await desk.state.projection.adopt(new.id, {shared: (OPEN.digest(), True)})

        for _ in range(2):
            await desk.state.generations.retire(old)

        projection = desk.state.projection
        assert await all_live(desk.state, old) == {}
        assert await projection.staged(own) is None
        assert await projection.staged(shared) is not None
        assert await desk.live_in(new.id) == 1
        with pytest.raises(Conflict):
            await desk.stage(a_state())
        with pytest.raises(Conflict):
            await projection.adopt(old, {shared: (OPEN.digest(), True)})
        [run] = await desk.state.runs.recent(SOURCE, limit=9)
        assert run.state is RunState.CANCELLED

    async def test_finishing_keeps_the_access_that_is_in_use(self, desk: Desk) -> None:
        """Unused access is tidied away then; what documents need stays."""
        await desk.publish(a_state(LEAVE, access=BOARD))
        await desk.stage(a_state(TRAVEL, access=STAFF))
        await desk.state.runs.finish(desk.run, a_report(), checkpoint=None, now=NOW)
        second = await a_desk(desk.state, generation=desk.generation)

        known = await second.state.ledger.known(second.run)

        assert {key: row.access for key, row in known.items()} == {
            LEAVE: BOARD,
            TRAVEL: STAFF,
        }
