"""The promises of `Ledger`: documents change whole, at once, and never go back."""

import pytest

from bot.core.access import NOBODY, OPEN
from bot.core.errors import Conflict
from bot.core.model import document_id
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
    groups,
)


class LedgerContract(OneSource):
    """What every `Ledger` does."""

    # --- stage and publish ---

    async def test_what_is_staged_is_not_live_yet(self, desk: Desk) -> None:
        assert await desk.stage(a_state()) == 1

        assert await desk.live() is None
        known = await desk.known()
        assert known is not None
        assert (known.revision, known.version, known.content) == (None, None, None)
        assert (known.staged, known.staged_version) == (1, "v1")
        assert known.staged_content == a_state().content
        assert known.access == OPEN

    async def test_what_is_published_is_live_as_it_was_staged(self, desk: Desk) -> None:
        state = a_state(access=STAFF)
        await desk.publish(state, embedded=True)

        live = (await desk.state.catalogue.live(desk.generation, [LEAVE]))[LEAVE]

        assert live.revision == 1
        assert live.access == STAFF
        assert live.source == SOURCE
        assert (live.title, live.path, live.link) == (
            state.title,
            state.path,
            state.link,
        )
        assert (live.updated_at, live.author) == (state.updated_at, state.author)
        assert live.reviewed
        assert (live.labels, live.language) == (state.labels, state.language)
        known = await desk.known()
        assert known is not None
        assert (known.revision, known.version) == (1, "v1")
        assert known.content == state.content
        assert known.indexed_access == STAFF.digest()
        assert known.embedded
        assert known.staged is None

    async def test_a_document_that_goes_back_gets_a_new_revision_each_time(
        self, desk: Desk
    ) -> None:
        """A → B → A gives three rising revisions."""
        a, b = a_state(text="あ"), a_state(text="い")

        revisions = [await desk.publish(each) for each in (a, b, a)]

        assert revisions == [[(LEAVE, 1)], [(LEAVE, 2)], [(LEAVE, 3)]]
        assert await desk.live() == 3
        assert await desk.garbage() == [1, 2]

    async def test_the_old_revision_stays_live_until_the_new_one_is_published(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(text="旧"))

        await desk.stage(a_state(text="新"))

        assert await desk.live() == 1
        assert await desk.garbage() == []

    async def test_the_same_content_staged_again_keeps_its_revision(
        self, desk: Desk
    ) -> None:
        await desk.stage(a_state(version="v1", access=OPEN))

        again = await desk.stage(a_state(version="v2", access=STAFF))

        assert again == 1
        await desk.state.ledger.publish(desk.run, {LEAVE: False})
        known = await desk.known()
        assert known is not None
        assert (known.version, known.access) == ("v2", STAFF)
        assert known.indexed_access == STAFF.digest()
        assert await desk.garbage() == []

    async def test_other_content_abandons_what_was_staged(self, desk: Desk) -> None:
        """Its chunks may be in the index, so it is garbage; its number is used up."""
        await desk.stage(a_state(text="一"))

        assert await desk.stage(a_state(text="二")) == 2
        assert await desk.garbage() == [1]
        assert await desk.state.projection.staged((LEAVE, 1)) is None

    async def test_two_documents_with_equal_content_are_two(self, desk: Desk) -> None:
        await desk.publish(a_state(LEAVE), a_state(TRAVEL))
        await desk.state.ledger.remove(desk.run, [LEAVE])

        assert await desk.live(LEAVE) is None
        assert await desk.live(TRAVEL) == 1
        kept = await desk.state.projection.staged((TRAVEL, 1))
        assert kept is not None
        assert kept.markdown == a_state().markdown

    async def test_nothing_is_published_unless_all_of_it_is_staged(
        self, desk: Desk
    ) -> None:
        await desk.stage(a_state(LEAVE))

        with pytest.raises(Conflict, match="出張"):
            await desk.state.ledger.publish(desk.run, {LEAVE: False, TRAVEL: False})

        assert await desk.live(LEAVE) is None

    async def test_more_than_200_documents_are_not_published_at_once(
        self, desk: Desk
    ) -> None:
        states = [a_state(document_id(SOURCE, f"頁{n}")) for n in range(201)]
        await desk.state.ledger.stage(desk.run, states)

        with pytest.raises(ValueError, match="201"):
            await desk.state.ledger.publish(
                desk.run, {each.document: False for each in states}
            )

        await desk.state.ledger.publish(
            desk.run, {each.document: False for each in states[:200]}
        )
        assert await desk.live(states[199].document) == 1
        assert await desk.live(states[200].document) is None

    async def test_a_thousand_documents_are_staged_and_removed_in_one_call(
        self, desk: Desk
    ) -> None:
        states = [a_state(document_id(SOURCE, f"頁{n}")) for n in range(1100)]

        numbers = await desk.state.ledger.stage(desk.run, states)
        await desk.state.ledger.remove(desk.run, numbers.keys())

        assert set(numbers.values()) == {1}
        assert len(numbers) == 1100
        assert await desk.state.ledger.known(desk.run) == {}

    async def test_nothing_is_a_batch_too(self, desk: Desk) -> None:
        ledger = desk.state.ledger

        assert await ledger.stage(desk.run, []) == {}
        await ledger.publish(desk.run, {})
        await ledger.touch(desk.run, [])
        await ledger.set_access(desk.run, {})
        await ledger.remove(desk.run, [])

    # --- touch ---

    async def test_a_touched_document_takes_over_all_but_the_content(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(version="v1"), embedded=True)

        await desk.state.ledger.touch(
            desk.run, [a_state(version="v2", title="改題", access=BOARD)]
        )

        live = (await desk.state.catalogue.live(desk.generation, [LEAVE]))[LEAVE]
        assert (live.revision, live.title, live.access) == (1, "改題", OPEN)
        known = await desk.known()
        assert known is not None
        assert (known.version, known.embedded) == ("v2", True)
        assert known.indexed_access == OPEN.digest()

    async def test_a_document_that_went_back_before_publication_is_touched(
        self, desk: Desk
    ) -> None:
        """A is live, B was staged, the source says A again."""
        await desk.publish(a_state(text="あ", version="v1"))
        await desk.stage(a_state(text="い", version="v2"))

        await desk.state.ledger.touch(desk.run, [a_state(text="あ", version="v3")])

        known = await desk.known()
        assert known is not None
        assert (known.revision, known.version, known.staged) == (1, "v3", None)
        assert await desk.garbage() == [2]
        assert await desk.stage(a_state(text="い")) == 3

    async def test_other_content_is_not_touched(self, desk: Desk) -> None:
        await desk.publish(a_state(text="あ", version="v1"))
        await desk.stage(a_state(text="う"))

        await desk.state.ledger.touch(
            desk.run, [a_state(text="い", version="v2"), a_state(TRAVEL)]
        )

        known = await desk.known()
        assert known is not None
        assert (known.version, known.staged) == ("v1", 2)
        assert await desk.known(TRAVEL) is None

    # --- access ---

    async def test_access_changes_at_once_and_the_index_is_known_to_lag(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(access=OPEN))

        await desk.state.ledger.set_access(desk.run, {LEAVE: BOARD})

        assert await desk.access() == BOARD
        known = await desk.known()
        assert known is not None
        assert known.indexed_access == OPEN.digest()

    async def test_publication_never_widens_what_is_enforced(self, desk: Desk) -> None:
        await desk.publish(a_state(text="一", access=STAFF))

        await desk.publish(a_state(text="二", access=OPEN))

        assert await desk.access() == STAFF
        known = await desk.known()
        assert known is not None
        assert known.indexed_access == OPEN.digest()

    async def test_what_was_tightened_while_staged_stays_tight(
        self, desk: Desk
    ) -> None:
        """A killed run staged it as open; the next one lists it as the board's."""
        await desk.stage(a_state(access=OPEN))
        await desk.state.ledger.set_access(desk.run, {LEAVE: BOARD})

        await desk.state.ledger.publish(desk.run, {LEAVE: True})

        assert await desk.access() == BOARD

    async def test_access_of_what_is_unknown_or_removed_changes_nothing(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(access=STAFF))
        await desk.state.ledger.remove(desk.run, [LEAVE])

        await desk.state.ledger.set_access(desk.run, {LEAVE: BOARD, TRAVEL: OPEN})

        assert await desk.state.ledger.known(desk.run) == {}
        await desk.publish(a_state(access=OPEN))
        assert await desk.access() == OPEN

    async def test_every_layer_comes_back(self, desk: Desk) -> None:
        access = groups("grp:a", "grp:b", "grp:c", "grp:d", "grp:e").narrowed(STAFF)
        await desk.publish(a_state(access=access))

        assert await desk.access() == access

    # --- remove ---

    async def test_a_removed_document_is_hidden_and_its_revisions_are_garbage(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(text="あ"))
        await desk.stage(a_state(text="い"))

        for _ in range(2):
            await desk.state.ledger.remove(desk.run, [LEAVE, TRAVEL])

        assert await desk.live() is None
        assert await desk.known() is None
        assert await desk.garbage() == [1, 2]
        assert await desk.state.projection.staged((LEAVE, 1)) is None

    async def test_a_document_that_comes_again_is_new_but_counts_on(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(access=BOARD))
        await desk.state.ledger.remove(desk.run, [LEAVE])

        assert await desk.publish(a_state(access=STAFF)) == [(LEAVE, 2)]

        assert await desk.access() == STAFF

    async def test_a_removed_document_that_is_only_staged_stays_hidden(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state())
        await desk.state.ledger.remove(desk.run, [LEAVE])

        await desk.stage(a_state(access=STAFF))

        assert await desk.live() is None
        known = await desk.known()
        assert known is not None
        assert (known.revision, known.staged, known.access) == (None, 2, STAFF)

    async def test_what_was_never_read_is_readable_by_nobody(self, desk: Desk) -> None:
        await desk.stage(a_state())
        other = await a_generation(desk.state, active=False)
        second = await a_desk(desk.state, generation=other.id)

        known = await second.known()

        assert known is not None
        assert (known.access, known.staged) == (NOBODY, None)

    # --- two generations ---

    async def test_removal_and_access_reach_every_generation(self, desk: Desk) -> None:
        await desk.publish(a_state(LEAVE), a_state(TRAVEL))
        old, new = desk.generation, (await a_generation(desk.state)).id
        second = await a_desk(desk.state, generation=new)
        await second.publish(a_state(LEAVE), a_state(TRAVEL))

        await second.state.ledger.set_access(second.run, {TRAVEL: BOARD})
        await second.state.ledger.remove(second.run, [LEAVE])

        assert await desk.access(TRAVEL) == BOARD
        assert await desk.live_in(old) is None
        assert await desk.live_in(new) is None
        assert await desk.garbage_in(old) == [1]
        assert await desk.garbage_in(new) == [2]

    async def test_a_second_generation_does_not_widen_access(self, desk: Desk) -> None:
        await desk.publish(a_state(access=STAFF))
        second = await a_desk(desk.state)

        await second.publish(a_state(access=OPEN))

        assert await second.access() == STAFF

    # --- fencing ---

    async def test_a_fenced_off_run_writes_nothing(self, desk: Desk) -> None:
        await desk.stage(a_state())
        await desk.state.runs.begin(SOURCE, generation=desk.generation, now=NOW)
        ledger, run = desk.state.ledger, desk.run

        for refused in (
            ledger.known(run),
            ledger.stage(run, [a_state(text="古い")]),
            ledger.publish(run, {LEAVE: True}),
            ledger.touch(run, [a_state()]),
            ledger.set_access(run, {LEAVE: BOARD}),
            ledger.remove(run, [LEAVE]),
        ):
            with pytest.raises(Conflict):
                await refused

        assert await desk.live() is None

    async def test_a_finished_run_writes_nothing(self, desk: Desk) -> None:
        await desk.state.runs.finish(desk.run, a_report(), checkpoint=None, now=NOW)

        with pytest.raises(Conflict):
            await desk.stage(a_state())

    async def test_a_new_run_goes_on_where_a_killed_one_stopped(
        self, desk: Desk
    ) -> None:
        await desk.stage(a_state())
        second = await a_desk(desk.state, generation=desk.generation)

        known = await second.known()
        assert known is not None
        assert (known.staged, known.staged_version) == (1, "v1")

        await second.state.ledger.publish(second.run, {LEAVE: False})
        assert await second.live() == 1

    async def test_a_run_touches_no_document_of_another_source(
        self, desk: Desk
    ) -> None:
        foreign = document_id("他", "休暇")

        with pytest.raises(ValueError, match="他"):
            await desk.stage(a_state(foreign))
        with pytest.raises(ValueError, match="他"):
            await desk.state.ledger.remove(desk.run, [foreign])
