"""The promises of `Runs` and `Quarantine`: what a sync did and could not do."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.core.access import NOBODY
from bot.core.errors import Conflict
from bot.core.model import (
    GenerationId,
)
from bot.core.sync import RunState
from tests.contracts.state_records import (
    LEAVE,
    NOW,
    SOURCE,
    Desk,
    OneSource,
    Ports,
    a_desk,
    a_failure,
    a_generation,
    a_report,
    a_state,
)


class RunsContract:
    """What every `Runs` does."""

    async def test_a_run_is_remembered_with_its_report(self, state: Ports) -> None:
        desk = await a_desk(state)
        report = replace(
            a_report(RunState.HELD),
            listed=9,
            failures=(a_failure(LEAVE), replace(a_failure(LEAVE), document=None)),
            held=("12 documents would be removed",),
        )
        report.warnings.update({"表": 2})
        later = NOW + timedelta(minutes=3)

        await state.runs.finish(desk.run, report, checkpoint="頁9", now=later)

        [run] = await state.runs.recent(SOURCE, limit=5)
        assert run.report == report
        assert (run.id, run.source, run.state) == (desk.run, SOURCE, RunState.HELD)
        assert (run.started_at, run.finished_at) == (NOW, later)
        assert await state.runs.checkpoint(SOURCE) == "頁9"

    async def test_moments_come_back_in_utc(self, state: Ports) -> None:
        tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
        generation = (await a_generation(state)).id
        await state.runs.begin(SOURCE, generation=generation, now=tokyo)

        [run] = await state.runs.recent(SOURCE, limit=1)

        assert run.started_at == NOW
        assert run.started_at.utcoffset() == timedelta(0)

    async def test_a_moment_without_a_zone_is_refused(self, state: Ports) -> None:
        generation = (await a_generation(state)).id

        with pytest.raises(Exception, match="time zone"):
            await state.runs.begin(
                SOURCE, generation=generation, now=NOW.replace(tzinfo=None)
            )

    async def test_a_run_without_a_checkpoint_leaves_the_last_one(
        self, state: Ports
    ) -> None:
        assert await state.runs.checkpoint(SOURCE) is None
        desk = await a_desk(state)
        await state.runs.finish(desk.run, a_report(), checkpoint="一", now=NOW)
        desk = await a_desk(state)
        await state.runs.finish(desk.run, a_report(), checkpoint=None, now=NOW)

        assert await state.runs.checkpoint(SOURCE) == "一"
        assert await state.runs.checkpoint("他") is None

    async def test_a_new_run_fences_off_the_open_one_of_its_source_only(
        self, state: Ports
    ) -> None:
        first = await a_desk(state)
        other = await a_desk(state, generation=first.generation, source="他")
        second = await a_desk(state, generation=first.generation)

        with pytest.raises(Conflict):
            await state.runs.finish(first.run, a_report(), checkpoint="x", now=NOW)

        runs = await state.runs.recent(SOURCE, limit=9)
        assert [(run.id, run.state) for run in runs] == [
            (second.run, RunState.RUNNING),
            (first.run, RunState.CANCELLED),
        ]
        assert await state.runs.checkpoint(SOURCE) is None
        await state.runs.finish(other.run, a_report(), checkpoint=None, now=NOW)

    async def test_a_run_needs_a_generation(self, state: Ports) -> None:
        with pytest.raises(Conflict):
            await state.runs.begin(SOURCE, generation=GenerationId("g9"), now=NOW)

    @pytest.mark.parametrize(
        ("ending", "counts"),
        [
            (RunState.FINISHED, True),
            (RunState.HELD, True),
            (RunState.INCOMPLETE, False),
            (RunState.FAILED, False),
            (RunState.CANCELLED, False),
        ],
    )
    async def test_a_source_counts_as_read_when_it_was_read_whole(
        self, state: Ports, ending: RunState, *, counts: bool
    ) -> None:
        desk = await a_desk(state)
        await state.runs.finish(desk.run, a_report(ending), checkpoint=None, now=NOW)

        [status] = await state.catalogue.sources()

        assert (status.last_success is not None) == counts


class QuarantineContract(OneSource):
    """What every `Quarantine` does."""

    async def test_what_fails_again_waits_longer_and_stays_live(
        self, desk: Desk
    ) -> None:
        await desk.publish(a_state(LEAVE))
        waits = []
        for attempt in range(1, 8):
            await desk.state.quarantine.failed(desk.run, [a_failure(LEAVE)], now=NOW)
            known = await desk.known()
            assert known is not None
            assert known.retry_at is not None
            assert known.attempts == attempt
            waits.append(known.retry_at - NOW)

        assert waits == sorted(waits)
        assert timedelta(0) < waits[0] < waits[1]
        assert waits[-1] <= timedelta(days=7)
        assert await desk.live() == 1

    async def test_a_failure_is_remembered_in_words_with_its_version(
        self, desk: Desk
    ) -> None:
        await desk.state.quarantine.failed(desk.run, [a_failure(LEAVE)], now=NOW)

        known = await desk.known()

        assert known is not None
        assert known.error == "encoding_unknown: 文字コードが不明"
        assert known.failed_version == "v7"
        assert (known.revision, known.access) == (None, NOBODY)

    @pytest.mark.parametrize("how", ["publish", "touch", "remove"])
    async def test_what_could_be_read_or_is_gone_is_forgiven(
        self, desk: Desk, how: str
    ) -> None:
        await desk.publish(a_state(LEAVE))
        await desk.state.quarantine.failed(desk.run, [a_failure(LEAVE)], now=NOW)
        match how:
            case "publish":
                await desk.publish(a_state(LEAVE, text="直した"))
            case "touch":
                await desk.state.ledger.touch(desk.run, [a_state(LEAVE)])
            case "remove":
                await desk.state.ledger.remove(desk.run, [LEAVE])
                await desk.stage(a_state(LEAVE))

        known = await desk.known()

        assert known is not None
        assert (known.attempts, known.retry_at, known.error) == (0, None, None)
        assert known.failed_version is None

    async def test_a_place_in_the_source_has_nothing_to_count(self, desk: Desk) -> None:
        place = replace(a_failure(LEAVE), document=None)

        await desk.state.quarantine.failed(desk.run, [place], now=NOW)
        await desk.state.quarantine.failed(desk.run, [], now=NOW)

        assert await desk.state.ledger.known(desk.run) == {}

    async def test_a_fenced_off_run_counts_nothing(self, desk: Desk) -> None:
        second = await a_desk(desk.state, generation=desk.generation)

        with pytest.raises(Conflict):
            await desk.state.quarantine.failed(desk.run, [a_failure(LEAVE)], now=NOW)

        assert await second.known() is None
