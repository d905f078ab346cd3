"""What a sync does to what people are answered, step by step and across crashes."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryEmbedder
from bot.core.model import Declined, Finished
from bot.core.sync import RunState
from bot.ingest.sync import Policy
from tests.fakes.house import House, Killed, house
from tests.fakes.source import MemorySource, Page

HR = frozenset({"grp:hr"})
LEAVE = "有給休暇は何日もらえますか"
OLD = Page("休暇規程", "## 有給休暇\n\n有給休暇は入社6か月後に10日を付与する。")
NEW = Page("休暇規程", "## 有給休暇\n\n有給休暇は入社6か月後に12日を付与する。")
EXPENSES = Page("経費精算", "## 締め日\n\n経費の締め日は毎月25日とする。")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def embedding(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, embedder=MemoryEmbedder()) as opened:
        yield opened


def said(outcome: Finished | Declined) -> str:
    return outcome.answer.text if isinstance(outcome, Finished) else "-"


async def test_what_was_synced_is_answered_with_its_source(home: House) -> None:
    await home.sync(MemorySource({"休暇.md": OLD}))
    outcome = await home.ask(LEAVE)

    assert isinstance(outcome, Finished)
    assert "10日" in outcome.answer.text
    assert [c.document for c in outcome.answer.citations] == ["handbook:休暇.md"]


async def test_a_second_run_over_the_same_input_does_nothing(embedding: House) -> None:
    source = MemorySource({"休暇.md": OLD, "経費.md": EXPENSES})
    await embedding.sync(source)
    source.fetched.clear()
    before = list(embedding.writes.calls)
    report = await embedding.sync(source)

    assert (source.fetched, report.embedded, report.chunks_written) == ([], 0, 0)
    assert embedding.writes.calls == before
    assert report.unchanged == 2


async def test_a_document_goes_there_and_back_again(embedding: House) -> None:
    """A → B → A: each state is answered, and the third needs no new vectors."""
    source = MemorySource({"休暇.md": OLD})
    answers = []
    for page in (OLD, NEW, OLD):
        source.pages["休暇.md"] = page
        report = await embedding.sync(source)
        answers.append(said(await embedding.ask(LEAVE)))

    assert ["10日" in answers[0], "12日" in answers[1], "10日" in answers[2]] == [
        True
    ] * 3
    assert "12日" not in answers[2]
    assert (report.embedded, report.cached) == (0, 1)
    assert await embedding.stored() == {("handbook:休暇.md", 3)}


async def test_there_and_back_with_a_kill_in_between(
    home: House,
) -> None:
    """B was staged and half written when the run was killed; the source is A again."""
    source = MemorySource({"休暇.md": OLD})
    await home.sync(source)
    source.pages["休暇.md"] = NEW
    home.writes.dies_after = len(home.writes.calls)
    with pytest.raises(Killed):
        await home.sync(source)
    home.writes.dies_after = None
    assert "10日" in said(await home.ask(LEAVE))
    source.pages["休暇.md"] = OLD
    source.fetched.clear()
    await home.sync(source)

    assert source.fetched == []
    assert "10日" in said(await home.ask(LEAVE))


@pytest.mark.parametrize("write", range(4))
async def test_a_killed_run_leaves_the_old_answers_and_the_next_one_finishes(
    home: House, write: int
) -> None:
    source = MemorySource({"休暇.md": OLD, "経費.md": EXPENSES})
    await home.sync(source)
    source.pages = {
        "休暇.md": NEW,
        "新.md": Page("新", "福利厚生はジムと保養所である。"),
    }
    home.writes.dies_before = len(home.writes.calls) + write
    killed = False
    try:
        await home.sync(source)
    except Killed:
        killed = True
    answer = said(await home.ask(LEAVE))
    assert ("10日" in answer) != ("12日" in answer)
    home.writes.dies_before = None
    report = await home.sync(source)

    assert report.state is RunState.FINISHED
    assert "12日" in said(await home.ask(LEAVE))
    assert isinstance(await home.ask("経費の締め日はいつですか"), Declined)
    assert {document for document, _ in await home.stored()} == {
        "handbook:休暇.md",
        "handbook:新.md",
    }
    assert killed == (write < 2)


async def test_what_a_killed_run_fetched_is_not_fetched_again(home: House) -> None:
    source = MemorySource({"休暇.md": OLD})
    home.writes.dies_before = 0
    with pytest.raises(Killed):
        await home.sync(source)
    home.writes.dies_before = None
    source.fetched.clear()
    await home.sync(source)

    assert source.fetched == []
    assert "10日" in said(await home.ask(LEAVE))


async def test_a_first_import_answers_after_its_first_batch_before_any_embedding(
    tmp_path: Path,
) -> None:
    """The import is killed at its second batch: the first one is answered already."""
    async with house(tmp_path, embedder=MemoryEmbedder()) as home:
        pages = {f"{n}.md": Page(f"文書{n}", f"手順{n}を実施する。") for n in range(40)}
        source = MemorySource({"休暇.md": OLD, **pages})
        home.writes.dies_before = 1
        with pytest.raises(Killed):
            await home.sync(source)
        generation = await home.state.generations.active()
        assert generation is not None
        pending = await home.state.projection.pending(generation.id, source="handbook")

        assert "10日" in said(await home.ask(LEAVE))
        assert pending == 10


async def test_a_removed_document_is_hidden_and_its_chunks_go(home: House) -> None:
    source = MemorySource({"休暇.md": OLD, "経費.md": EXPENSES})
    await home.sync(source)
    del source.pages["休暇.md"]
    report = await home.sync(source)

    assert report.removed == 1
    assert isinstance(await home.ask(LEAVE), Declined)
    assert await home.stored() == {("handbook:経費.md", 1)}


async def test_a_listing_that_breaks_off_removes_nothing(home: House) -> None:
    source = MemorySource({"経費.md": EXPENSES, "休暇.md": OLD})
    await home.sync(source)
    source.breaks_after = 1
    report = await home.sync(source)

    assert (report.state, report.removed) == (RunState.INCOMPLETE, 0)
    assert "export it again" in (report.detail or "")
    assert "10日" in said(await home.ask(LEAVE))


async def test_a_place_that_cannot_be_listed_removes_nothing(home: House) -> None:
    source = MemorySource({"休暇.md": OLD})
    await home.sync(source)
    source.pages, source.unlisted = {"経費.md": EXPENSES}, ["人事/"]
    report = await home.sync(source)

    assert (report.removed, report.added) == (0, 1)
    assert "10日" in said(await home.ask(LEAVE))


async def test_an_empty_source_is_held_until_it_is_approved(home: House) -> None:
    source = MemorySource({"休暇.md": OLD})
    await home.sync(source)
    source.pages = {}
    held = await home.sync(source)
    assert (held.state, held.removed) == (RunState.HELD, 0)
    assert "10日" in said(await home.ask(LEAVE))
    approved = await home.sync(source, Policy(removals=True))

    assert (approved.state, approved.removed) == (RunState.FINISHED, 1)


async def test_a_moved_document_keeps_its_vectors_and_needs_no_approval(
    embedding: House,
) -> None:
    """Thirty files in another folder: new ids, the same contents."""
    pages = {
        f"旧/{n}.md": Page(f"手順{n}", f"手順{n}は担当{n}が実施する。")
        for n in range(30)
    }
    source = MemorySource(dict(pages))
    await embedding.sync(source)
    source.pages = {name.replace("旧/", "新/"): page for name, page in pages.items()}
    report = await embedding.sync(source)

    assert (report.state, report.added, report.removed) == (RunState.FINISHED, 30, 30)
    assert (report.embedded, report.cached) == (0, 30)
    outcome = await embedding.ask("手順7は誰が実施しますか")
    assert isinstance(outcome, Finished)
    assert outcome.answer.citations[0].document.startswith("handbook:新/")


async def test_two_documents_with_equal_content_are_one_embedding_and_one_citation(
    embedding: House,
) -> None:
    source = MemorySource({"甲.md": OLD, "乙.md": OLD})
    report = await embedding.sync(source)
    outcome = await embedding.ask(LEAVE)

    assert report.embedded == 1
    assert isinstance(outcome, Finished)
    assert len(outcome.answer.citations) == 1


async def test_of_equal_documents_one_is_cited_that_the_asker_may_see(
    home: House,
) -> None:
    secret = Page(OLD.title, OLD.markdown, layers=(HR,))
    await home.sync(MemorySource({"人事.md": secret, "公開.md": OLD}))
    outcome = await home.ask(LEAVE)

    assert isinstance(outcome, Finished)
    assert [c.document for c in outcome.answer.citations] == ["handbook:公開.md"]


async def test_a_tightened_access_holds_at_once_and_needs_no_fetch(
    home: House,
) -> None:
    source = MemorySource({"休暇.md": OLD})
    await home.sync(source)
    source.pages["休暇.md"] = Page(OLD.title, OLD.markdown, layers=(HR,))
    source.fetched.clear()
    report = await home.sync(source)

    assert (source.fetched, report.access_changed) == ([], 1)
    assert isinstance(await home.ask(LEAVE), Declined)
    assert "10日" in said(await home.ask(LEAVE, holding=["grp:hr"]))


async def test_an_access_that_widens_before_a_crash_is_right_at_every_step(
    home: House,
) -> None:
    """The new text is public, the old one was not: nobody ever sees the old one."""
    source = MemorySource({"休暇.md": Page(OLD.title, OLD.markdown, layers=(HR,))})
    await home.sync(source)
    source.pages["休暇.md"] = NEW
    for write in range(4):
        home.writes.dies_before = len(home.writes.calls) + write
        with contextlib.suppress(Killed):
            await home.sync(source)
        assert "10日" not in said(await home.ask(LEAVE))
    home.writes.dies_before = None
    await home.sync(source)

    assert "12日" in said(await home.ask(LEAVE))
    assert "12日" in said(await home.ask(LEAVE, holding=["grp:hr", "pub"]))


async def test_an_index_that_was_left_behind_is_caught_up(home: House) -> None:
    """The run died between the catalogue and the index; nothing else changed."""
    source = MemorySource({"休暇.md": Page(OLD.title, OLD.markdown, layers=(HR,))})
    await home.sync(source)
    source.pages["休暇.md"] = OLD
    home.writes.dies_before = len(home.writes.calls)
    with pytest.raises(Killed):
        await home.sync(source)
    home.writes.dies_before = None
    await home.sync(source)

    assert "10日" in said(await home.ask(LEAVE))


async def test_unknown_access_is_seen_by_nobody(home: House) -> None:
    await home.sync(MemorySource({"休暇.md": Page(OLD.title, OLD.markdown, layers=())}))

    assert isinstance(await home.ask(LEAVE, holding=["pub", "grp:hr"]), Declined)


async def test_opening_many_documents_to_everybody_is_held(home: House) -> None:
    pages = {
        f"{n}.md": Page(f"給与{n}", f"等級{n}の給与は{n}万円である。", layers=(HR,))
        for n in range(25)
    }
    source = MemorySource(dict(pages))
    await home.sync(source)
    for page in source.pages.values():
        page.layers = (frozenset({"pub"}),)
    held = await home.sync(source)
    assert held.state is RunState.HELD
    assert isinstance(await home.ask("等級7の給与はいくらですか"), Declined)
    await home.sync(source, Policy(widening=True))

    assert "7万円" in said(await home.ask("等級7の給与はいくらですか"))


async def test_one_bad_file_stops_nothing_and_its_old_version_stays(
    home: House,
) -> None:
    source = MemorySource({"休暇.md": OLD, "経費.md": EXPENSES})
    await home.sync(source)
    source.pages["休暇.md"] = Page(NEW.title, NEW.markdown, broken=True)
    source.pages["新.md"] = Page("福利厚生", "福利厚生はジムと保養所である。")
    report = await home.sync(source)

    assert [failure.document for failure in report.failures] == ["handbook:休暇.md"]
    assert report.added == 1
    assert "10日" in said(await home.ask(LEAVE))


async def test_a_bad_file_is_tried_again_later_or_when_it_changes(home: House) -> None:
    source = MemorySource({"休暇.md": Page(NEW.title, NEW.markdown, broken=True)})
    await home.sync(source)
    source.fetched.clear()
    await home.sync(source)
    assert source.fetched == []
    home.now += timedelta(days=30)
    await home.sync(source)
    assert source.fetched == ["休暇.md"]
    source.pages["休暇.md"] = NEW
    await home.sync(source)

    assert "12日" in said(await home.ask(LEAVE))


async def test_vectors_that_could_not_be_made_are_filled_in_later(
    tmp_path: Path,
) -> None:
    index = MemoryIndex()
    embedder = MemoryEmbedder()
    source = MemorySource({"休暇.md": OLD})
    async with house(tmp_path, index=index, embedder=embedder) as home:
        home.writes.dies_after = 0
        with pytest.raises(Killed):
            await home.sync(source)
    source.fetched.clear()
    async with house(tmp_path, index=index, embedder=embedder) as home:
        report = await home.sync(source)

        assert (source.fetched, report.embedded, report.pending) == ([], 1, 0)


async def test_a_model_that_appears_makes_a_new_generation_without_a_fetch(
    tmp_path: Path,
) -> None:
    index = MemoryIndex()
    source = MemorySource({"休暇.md": OLD, "経費.md": EXPENSES})
    async with house(tmp_path, index=index) as home:
        await home.sync(source)
        before = await home.state.generations.active()
    source.fetched.clear()
    async with house(tmp_path, index=index, embedder=MemoryEmbedder()) as home:
        await home.sync(source)
        after = await home.state.generations.active()

        assert source.fetched == []
        assert before is not None
        assert after is not None
        assert (before.spec.embedding, after.id != before.id) == (None, True)
        assert after.spec.embedding is not None
        assert "10日" in said(await home.ask(LEAVE))


async def test_a_document_with_half_a_character_is_stored_without_it(
    home: House,
) -> None:
    page = Page("休暇\ud83d規程", OLD.markdown + "\ud83d\0")
    await home.sync(MemorySource({"休暇.md": page}))

    assert "10日" in said(await home.ask(LEAVE))


async def test_vectors_that_come_while_an_opening_is_held_hide_nothing_for_good(
    tmp_path: Path,
) -> None:
    """The chunks are put again under the narrow access; the approval widens them."""
    index = MemoryIndex()
    pages = {
        f"{n}.md": Page(f"給与{n}", f"等級{n}の給与は{n}万円である。", layers=(HR,))
        for n in range(25)
    }
    source = MemorySource(pages)
    async with house(tmp_path, index=index, embedder=MemoryEmbedder()) as home:
        home.writes.dies_after = 2
        with pytest.raises(Killed):
            await home.sync(source)
    for page in pages.values():
        page.layers = (frozenset({"pub"}),)
    async with house(tmp_path, index=index, embedder=MemoryEmbedder()) as home:
        held = await home.sync(source)
        assert (held.state, held.pending) == (RunState.HELD, 0)
        await home.sync(source, Policy(widening=True))

        assert "7万円" in said(await home.ask("等級7の給与はいくらですか"))
