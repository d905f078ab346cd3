"""The promises of `Catalogue` and `Generations`: what answers are made from."""

import asyncio

import pytest

from bot.core.access import NOBODY, OPEN, PUB
from bot.core.errors import Conflict
from bot.core.model import (
    GenerationId,
    Language,
    document_id,
)
from bot.core.sync import RunState
from tests.contracts.state_records import (
    BOARD,
    LEAVE,
    NOW,
    SOURCE,
    STAFF,
    TRAVEL,
    Ports,
    a_desk,
    a_failure,
    a_generation,
    a_report,
    a_spec,
    a_state,
)


class CatalogueContract:
    """What every `Catalogue` does."""

    async def test_only_live_documents_of_the_generation_are_named(
        self, state: Ports
    ) -> None:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE))
        await desk.stage(a_state(TRAVEL))
        unknown = document_id(SOURCE, "無い")

        found = await state.catalogue.live(desk.generation, [LEAVE, TRAVEL, unknown])

        assert found.keys() == {LEAVE}
        assert await state.catalogue.live(desk.generation, []) == {}
        assert await state.catalogue.live(GenerationId("g9"), [LEAVE]) == {}

    async def test_any_number_of_documents_is_asked_at_once(self, state: Ports) -> None:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE))
        many = [document_id(SOURCE, f"頁{n}") for n in range(1200)]

        found = await state.catalogue.live(desk.generation, [*many, LEAVE])

        assert found.keys() == {LEAVE}

    async def test_the_principals_are_those_of_live_documents(
        self, state: Ports
    ) -> None:
        desk = await a_desk(state)
        assert await state.catalogue.principals() == frozenset()

        await desk.publish(
            a_state(LEAVE, access=BOARD.narrowed(STAFF)),
            a_state(TRAVEL, access=OPEN),
            a_state(document_id(SOURCE, "誰も"), access=NOBODY),
        )
        await desk.stage(a_state(document_id(SOURCE, "未"), access=BOARD))
        assert await state.catalogue.principals() == {"grp:board", "grp:staff", PUB}

        await state.ledger.set_access(desk.run, {TRAVEL: STAFF})
        await state.ledger.remove(desk.run, [LEAVE])
        assert await state.catalogue.principals() == {"grp:staff"}

    async def test_the_rights_of_a_source_are_those_of_its_live_documents(
        self, state: Ports
    ) -> None:
        desk = await a_desk(state)
        assert await state.catalogue.rights() == {}

        await desk.publish(a_state(LEAVE, access=BOARD), a_state(TRAVEL, access=BOARD))
        third = document_id(SOURCE, "規程")
        await desk.publish(a_state(third, access=OPEN))
        await desk.stage(a_state(document_id(SOURCE, "未"), access=STAFF))
        found = await state.catalogue.rights()
        assert sorted(found[SOURCE], key=repr) == sorted([BOARD, OPEN], key=repr)

        await state.ledger.remove(desk.run, [third])
        assert await state.catalogue.rights() == {SOURCE: [BOARD]}

    async def test_a_source_is_described_by_what_is_live_of_it(
        self, state: Ports
    ) -> None:
        desk = await a_desk(state)
        await desk.publish(a_state(LEAVE), embedded=True)
        await desk.publish(a_state(TRAVEL))
        broken = document_id(SOURCE, "壊れた.docx")
        await state.quarantine.failed(desk.run, [a_failure(broken)], now=NOW)

        [status] = await state.catalogue.sources()
        assert (status.source, status.documents) == (SOURCE, 2)
        assert (status.pending_vectors, status.failing) == (1, 1)
        assert status.last_run is not None
        assert status.last_run.id == desk.run
        assert status.last_run.state is RunState.RUNNING
        assert status.last_success is None

        await state.runs.finish(desk.run, a_report(), checkpoint=None, now=NOW)
        [status] = await state.catalogue.sources()
        assert status.last_success == NOW

    async def test_sources_come_by_name_also_when_nothing_is_live(
        self, state: Ports
    ) -> None:
        generation = (await a_generation(state, active=False)).id
        for source in ("社内", "wiki"):
            await a_desk(state, generation=generation, source=source)

        found = await state.catalogue.sources()

        assert [(each.source, each.documents) for each in found] == [
            ("wiki", 0),
            ("社内", 0),
        ]

    async def test_without_an_embedding_model_no_vector_is_missing(
        self, state: Ports
    ) -> None:
        made = await state.generations.create(a_spec(embedding=False))
        await state.generations.activate(made.id, expected=None)
        desk = await a_desk(state, generation=made.id)
        await desk.publish(a_state(LEAVE))

        [status] = await state.catalogue.sources()

        assert (status.documents, status.pending_vectors) == (1, 0)


class GenerationsContract:
    """What every `Generations` does."""

    async def test_there_is_no_active_generation_before_the_first(
        self, state: Ports
    ) -> None:
        assert await state.generations.active() is None
        await state.generations.create(a_spec())
        assert await state.generations.active() is None

    @pytest.mark.parametrize("embedding", [True, False])
    async def test_a_generation_is_what_it_was_made_with(
        self, state: Ports, *, embedding: bool
    ) -> None:
        spec = a_spec(embedding=embedding, chunker="見出し-1")
        made = await state.generations.create(spec)
        await state.generations.activate(made.id, expected=None)

        assert made.spec == spec
        assert await state.generations.active() == made
        assert (await state.generations.create(spec)).id != made.id

    async def test_a_lost_race_changes_nothing(self, state: Ports) -> None:
        first = await a_generation(state)
        second = await a_generation(state, active=False)

        for expected in (None, second.id):
            with pytest.raises(Conflict):
                await state.generations.activate(second.id, expected=expected)
        with pytest.raises(Conflict):
            await state.generations.activate(GenerationId("g9"), expected=first.id)

        assert await state.generations.active() == first

    async def test_of_many_at_once_one_wins(self, state: Ports) -> None:
        first = await a_generation(state)
        made = [await a_generation(state, active=False) for _ in range(4)]

        async def attempt(name: GenerationId) -> bool:
            try:
                await state.generations.activate(name, expected=first.id)
            except Conflict:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(attempt(each.id)) for each in made]

        assert sorted(task.result() for task in tasks) == [False, False, False, True]

    async def test_weights_are_kept_by_language(self, state: Ports) -> None:
        made = await a_generation(state)

        await state.generations.set_alpha(made.id, {Language.JA: 0.0})
        await state.generations.set_alpha(made.id, {Language.EN: 0.5})

        active = await state.generations.active()
        assert active is not None
        assert dict(active.alpha) == {Language.JA: 0.0, Language.EN: 0.5}

    async def test_builds_say_how_they_stand_beside_the_active_one(
        self, state: Ports
    ) -> None:
        blue = await a_desk(state)
        await blue.publish(a_state(LEAVE), a_state(TRAVEL))
        green = await a_generation(state, active=False)
        shown = {(LEAVE, 1): (OPEN.digest(), True)}
        await state.projection.adopt(green.id, shown)

        first, second = await state.generations.builds()

        assert (first.generation.id, first.active) == (blue.generation, True)
        assert (first.documents, first.behind, first.synced) == (2, 0, True)
        assert (second.generation, second.active) == (green, False)
        assert (second.documents, second.behind, second.synced) == (1, 1, False)
        assert second.created_at == NOW
        await state.generations.retire(green.id)
        assert [each.active for each in await state.generations.builds()] == [True]

    async def test_what_was_replaced_says_so_and_what_was_kept_does_not(
        self, state: Ports
    ) -> None:
        blue, green = await a_generation(state), await a_generation(state)
        red = await a_generation(state, active=False)
        await state.generations.activate(
            red.id, expected=green.id, replaced="古いモデル"
        )

        kept, replaced = await state.generations.spare()

        assert (kept, kept.rebuild) == (blue, None)
        assert (replaced.id, replaced.rebuild) == (green.id, "古いモデル")
        with pytest.raises(Conflict, match="another process made one active"):
            await state.generations.activate(
                blue.id, expected=green.id, replaced="遅い"
            )
        assert await state.generations.active() == red

    async def test_spare_generations_are_named_until_they_are_retired(
        self, state: Ports
    ) -> None:
        first = await a_generation(state)
        second = await a_generation(state, active=False)
        third = await a_generation(state)
        assert await state.generations.spare() == [first, second]

        with pytest.raises(Conflict):
            await state.generations.retire(third.id)
        await state.generations.retire(first.id)
        await state.generations.retire(second.id)

        assert await state.generations.spare() == []
        with pytest.raises(Conflict):
            await state.generations.activate(first.id, expected=third.id)

    async def test_the_id_of_a_retired_generation_is_not_used_again(
        self, state: Ports
    ) -> None:
        made = await a_generation(state, active=False)
        await state.generations.retire(made.id)

        assert (await state.generations.create(a_spec())).id != made.id
