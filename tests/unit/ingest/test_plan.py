"""What a sync will do, decided from a listing and the ledger alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.access import DENY, NOBODY, OPEN, PUB, Access, Principal
from bot.core.model import DocumentId, document_id
from bot.core.sync import Known
from bot.ingest.plan import (
    SyncPlan,
    access_of,
    exceeds_guard,
    held_removals,
    listing,
    opened,
    plan,
)
from connectors.api import Entry, Failed

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
HR = Principal("grp:人事部".replace("人事部", "%E4%BA%BA%E4%BA%8B%E9%83%A8"))
OPS = Principal("grp:ops")
PRINCIPALS = [Principal(PUB), HR, OPS, Principal("usr:mail:tanaka@example.com")]
ONLY_HR = Access(layers=(frozenset({HR}),))


def entry(
    name: str, version: str = "1", layers: tuple[frozenset[str], ...] = ()
) -> Entry:
    return Entry(
        id=name, version=version, title=name, layers=layers or (frozenset({PUB}),)
    )


def live(name: str, version: str = "1", access: Access = OPEN) -> Known:
    return Known(
        document=document_id("社内", name),
        version=version,
        content=f"content of {name} {version}",
        access=access,
        revision=1,
        indexed_access=access.digest(),
        embedded=True,
    )


def known(*rows: Known) -> dict[DocumentId, Known]:
    return {row.document: row for row in rows}


def planned(listed: list[Entry | Failed], *rows: Known) -> SyncPlan:
    return plan(listing("社内", listed), known(*rows), now=NOW)


def test_the_same_listing_again_is_no_work() -> None:
    work = planned([entry("休暇.md")], live("休暇.md"))

    assert (work.fetch, work.resume, work.remove) == ((), {}, ())
    assert not work.tighten
    assert not work.widen
    assert not work.reindex
    assert work.unchanged == 1


def test_a_new_and_a_changed_document_are_fetched() -> None:
    work = planned([entry("新.md"), entry("旧.md", "2")], live("旧.md"))

    assert [key for key, _ in work.fetch] == ["社内:新.md", "社内:旧.md"]
    assert work.added == {"社内:新.md"}


def test_what_a_killed_run_staged_is_not_fetched_again() -> None:
    row = replace(live("旧.md"), staged=2, staged_version="2", staged_content="x")

    assert planned([entry("旧.md", "2")], row).resume == {"社内:旧.md": 2}


def test_a_source_that_went_back_to_the_live_state_needs_nothing() -> None:
    """A → B (staged, killed) → A."""
    row = replace(live("旧.md"), staged=2, staged_version="2", staged_content="x")

    work = planned([entry("旧.md", "1")], row)

    assert (work.fetch, work.resume) == ((), {})


def test_a_failure_waits_for_its_time_unless_the_version_is_another() -> None:
    row = replace(
        live("壊.md"), failed_version="2", retry_at=NOW + timedelta(hours=1), attempts=1
    )

    assert planned([entry("壊.md", "2")], row).waiting == 1
    assert len(planned([entry("壊.md", "3")], row).fetch) == 1
    later = replace(row, retry_at=NOW - timedelta(hours=1))
    assert len(planned([entry("壊.md", "2")], later).fetch) == 1


def test_only_a_complete_listing_removes() -> None:
    rows = known(live("甲.md"), live("乙.md"))
    whole = listing("社内", [entry("甲.md")])
    broken = listing("社内", [entry("甲.md")], error="the zip is truncated")

    assert plan(whole, rows, now=NOW).remove == ("社内:乙.md",)
    assert plan(broken, rows, now=NOW).remove == ()


def test_a_place_that_could_not_be_listed_makes_the_listing_incomplete() -> None:
    failed = Failed(what="人事/", reason="denied", detail="no permission")

    assert not listing("社内", [failed]).complete


def test_unreadable_is_not_deleted() -> None:
    failed = Failed(what="乙.md", reason="encoding_unknown", detail="…", id="乙.md")

    assert planned([failed], live("乙.md")).remove == ()


def test_a_tighter_access_applies_first_and_a_wider_one_last() -> None:
    either = Access(layers=(frozenset({HR, OPS}),))
    tighter = planned([entry("甲", layers=ONLY_HR.layers)], live("甲", access=either))
    wider = planned([entry("甲", layers=either.layers)], live("甲", access=ONLY_HR))

    assert (tighter.tighten, tighter.widen) == ({"社内:甲": ONLY_HR}, {})
    assert (wider.tighten, wider.widen) == ({}, {"社内:甲": either})


def test_an_access_that_moves_is_first_the_access_of_both() -> None:
    work = planned(
        [entry("甲", layers=(frozenset({OPS}),))], live("甲", access=ONLY_HR)
    )

    assert work.tighten[DocumentId("社内:甲")].permits({HR, OPS})
    assert not work.tighten[DocumentId("社内:甲")].permits({OPS})
    assert work.widen[DocumentId("社内:甲")].permits({OPS})


def test_an_index_that_lags_behind_the_catalogue_is_caught_up() -> None:
    """A run was killed between the catalogue and the index."""
    row = replace(live("甲"), indexed_access=ONLY_HR.digest())

    assert planned([entry("甲")], row).reindex == {"社内:甲": OPEN}


layers = st.lists(
    st.frozensets(st.sampled_from(PRINCIPALS), min_size=1), min_size=1, max_size=3
).map(lambda chosen: Access(layers=tuple(chosen)))


@settings(deadline=None)
@given(before=layers, after=layers, holds=st.frozensets(st.sampled_from(PRINCIPALS)))
def test_nobody_ever_sees_more_than_before_and_after_allow(
    before: Access, after: Access, holds: frozenset[Principal]
) -> None:
    """Between the steps of a run only those see it who may see it before and after."""
    key = document_id("社内", "甲")
    work = planned([entry("甲", layers=after.layers)], live("甲", access=before))
    between = work.tighten.get(key, before)
    last = work.widen.get(key, between)

    assert between.permits(holds) == (before.permits(holds) and after.permits(holds))
    assert last.permits(holds) == after.permits(holds)


def test_unknown_access_is_nobody_and_a_denied_layer_stays() -> None:
    assert access_of(()) == NOBODY
    assert access_of((frozenset({DENY}),)) == NOBODY
    assert access_of((frozenset({"人事部"}),)).permits(
        {Principal("%E4%BA%BA%E4%BA%8B%E9%83%A8")}
    )


def test_many_removals_are_held_unless_their_content_only_moved() -> None:
    gone = [document_id("社内", f"{n}.md") for n in range(30)]

    assert held_removals(gone, live=100, listed=70) is not None
    assert held_removals(gone[:20], live=100, listed=80) is None
    assert held_removals(gone, live=100, listed=70, moved=set(gone[:15])) is None
    assert held_removals(gone[:1], live=1, listed=0) is not None


def test_the_guard_is_twenty_documents_or_a_tenth() -> None:
    assert not exceeds_guard(20, 10)
    assert exceeds_guard(21, 10)
    assert not exceeds_guard(100, 1000)
    assert exceeds_guard(101, 1000)


def test_only_widenings_that_end_open_count_as_opened() -> None:
    both = Access(layers=(frozenset({HR, OPS}),))

    assert opened({DocumentId("a"): OPEN, DocumentId("b"): both}) == {"a"}


def test_the_same_id_twice_is_counted_and_the_first_stays() -> None:
    listed = listing("社内", [entry("甲", "1"), entry("甲", "2")])

    assert listed.entries[DocumentId("社内:甲")].version == "1"
    assert listed.warnings["duplicate_id"] == 1
