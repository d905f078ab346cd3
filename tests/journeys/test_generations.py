"""Builds of the index side by side: killed, gone on with, verified, switched."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

import pytest

from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryEmbedder
from bot.core.access import OPEN, Principal
from bot.core.errors import ConfigError, Conflict, Unavailable
from bot.core.model import (
    Chunk,
    ChunkRecord,
    EmbeddingSpec,
    Finished,
    Generation,
    GenerationId,
    Hit,
    Revision,
    Vector,
)
from bot.ingest.progress import silent
from bot.ingest.projecting import cut
from bot.ingest.reconciling import Mended
from bot.text.tokens import analyse
from tests.fakes.house import House, Killed, house
from tests.fakes.source import MemorySource, Page

LEAVE = "有給休暇は何日もらえますか"
G1, G2, G3 = (GenerationId(f"g{number}") for number in (1, 2, 3))


def pages(count: int = 60) -> dict[str, Page]:
    """Return a team's rules; every third is for one group only."""
    named = {
        f"規程{n}.md": Page(
            f"第{n}号 業務規程",
            f"## 手続き\n\n第{n}号の手続きは窓口{n}で{n}日前までに申し込む。",
            layers=(frozenset({"pub" if n % 3 else "grp:hr"}),),
        )
        for n in range(count)
    }
    named["休暇.md"] = Page("休暇規程", "## 有給休暇\n\n有給休暇は10日を付与する。")
    return named


class Other(MemoryEmbedder):
    """Another model: other vectors under another name; it may stop answering."""

    def __init__(self, *, answers: int | None = None) -> None:
        super().__init__(dimensions=48)
        self.answers = answers

    async def spec(self) -> EmbeddingSpec:
        return replace(await super().spec(), model="新しいモデル", digest="other-1")

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        if self.answers is not None and len(self.asked) >= self.answers:
            raise Unavailable("the host went away")
        return await super().embed_documents(texts)


READ: ContextVar[list[GenerationId] | None] = ContextVar("read", default=None)


class Watched(MemoryIndex):
    """Notes which generations are read for a question."""

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        note(generation)
        return await super().search_lexical(
            generation, tokens, principals=principals, limit=limit
        )

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        note(generation)
        return await super().neighbours(
            generation, revision, ordinals, principals=principals
        )


def note(generation: Generation) -> None:
    read = READ.get()
    if read is not None:
        read.append(generation.id)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose team has synced its rules, with vectors."""
    async with house(tmp_path, embedder=MemoryEmbedder()) as opened:
        await opened.sync(MemorySource(pages()))
        yield opened


async def active(home: House) -> Generation:
    found = await home.state.generations.active()
    assert found is not None
    return found


async def spare(home: House) -> list[GenerationId]:
    return [each.id for each in await home.state.generations.spare()]


async def answered(home: House, text: str = LEAVE) -> tuple[str, GenerationId]:
    outcome = await home.ask(text, holding=["pub", "grp:hr"])
    assert isinstance(outcome, Finished)
    return outcome.answer.text, outcome.answer.generation


async def record_of(
    home: House, generation: Generation, name: str = "休暇.md"
) -> ChunkRecord:
    """Return the first chunk of a document as the index may be given it."""
    [revision] = [
        each
        async for each in home.state.projection.live(generation.id)
        if each[0] == f"handbook:{name}"
    ]
    state = await home.state.projection.staged(revision)
    assert state is not None
    return ChunkRecord(chunk=cut(revision, state)[0], tokens=("無",), access=OPEN)


# --- a build that is killed --------------------------------------------------


@pytest.mark.parametrize("write", [0, 1])
async def test_a_killed_build_goes_on_where_it_stopped(home: House, write: int) -> None:
    """The old one answers meanwhile, and no text is embedded twice."""
    home.embedder = model = Other()
    done = len(home.writes.calls)
    home.writes.dies_before = done + write
    with pytest.raises(Killed):
        await home.engine().build(progress=silent)
    text, generation = await answered(home)
    assert ("10日" in text, generation) == (True, G1)
    home.writes.dies_before = None
    embedded = set(model.asked)
    model.asked.clear()
    built, problem = await home.engine().build(progress=silent)

    assert (built.generation.id, built.pending, problem) == (G2, 0, None)
    assert (built.documents, built.written) == (61, 61 - 50 * write)
    assert not embedded & set(model.asked)
    assert await spare(home) == [G2]
    await home.engine().activate(G2, progress=silent)
    assert await answered(home) == (text, G2)


async def test_a_build_goes_on_over_what_changed_since(home: House) -> None:
    """Changed, removed, tightened: the build takes over what is live now."""
    home.embedder = Other()
    await home.engine().build(progress=silent)
    home.embedder = MemoryEmbedder()
    changed = pages()
    changed["休暇.md"] = Page("休暇規程", "## 有給休暇\n\n有給休暇は12日を付与する。")
    del changed["規程1.md"]
    changed["規程2.md"].layers = (frozenset({"grp:hr"}),)
    await home.sync(MemorySource(changed))
    home.embedder = Other()
    built, found = await home.engine().activate(G2, progress=silent)

    assert (built.written, built.documents, found.restricted > 0) == (2, 60, True)
    text, generation = await answered(home)
    assert ("12日" in text, generation) == (True, G2)
    assert await home.stored() == {
        each async for each in home.state.projection.live(G2)
    }


async def test_a_host_that_stops_leaves_a_build_that_can_be_gone_on_with(
    home: House,
) -> None:
    home.embedder = model = Other(answers=32)
    with pytest.raises(Unavailable, match="go on"):
        await home.engine().prepare(progress=silent)
    assert (await active(home)).id == G1
    model.answers = None
    await home.engine().prepare(progress=silent)

    assert (await active(home)).id == G2
    assert len(model.asked) == len(set(model.asked))
    assert await spare(home) == [G1]


async def test_a_build_by_vectors_that_are_cached_embeds_nothing(home: House) -> None:
    home.embedder = model = MemoryEmbedder()
    built, _ = await home.engine().build(progress=silent)

    assert (built.written, built.pending, model.asked) == (61, 0, [])


async def test_a_build_without_a_model_says_what_it_has_not(home: House) -> None:
    home.embedder = None
    built, problem = await home.engine().build(progress=silent)

    assert built.generation.spec.embedding is None
    assert "g1 has vectors, this has none" in (problem or "")


async def test_vectors_of_one_model_are_never_kept_as_those_of_another(
    home: House,
) -> None:
    """Back to the model of before, while the host has the new one only."""
    home.embedder = Other()
    await home.engine().build(progress=silent)
    await home.engine().activate(G2, progress=silent)
    await home.sync(MemorySource(pages() | {"新.md": Page("新", "新しい規程。")}))
    home.embedder = model = Other()
    back, _ = await home.engine().activate(G1, progress=silent)
    assert (back.written, back.pending, model.asked) == (1, 1, [])
    home.embedder = known = MemoryEmbedder()
    await home.sync(MemorySource(pages() | {"新.md": Page("新", "新しい規程。")}))

    assert "新しい規程。" in "".join(known.asked)


# --- who drops what ----------------------------------------------------------


async def test_a_sync_leaves_the_builds_of_others_alone(home: House) -> None:
    """The next one drops the generation that this one replaced, and nothing else."""
    other = replace((await active(home)).spec, analyzer="mecab-1")
    made = await home.state.generations.create(other)
    home.embedder = Other()
    await home.sync(MemorySource(pages()))
    assert (await active(home)).id == G3
    assert await spare(home) == [G1, made.id]
    with pytest.raises(ConfigError, match="a sync built another one in its place"):
        await home.engine().activate(G1, progress=silent)
    await home.sync(MemorySource(pages()))

    assert await spare(home) == [made.id]


async def test_the_one_that_is_replaced_by_hand_stays_to_go_back_to(
    home: House,
) -> None:
    await home.engine().build(progress=silent)
    await home.engine().activate(G2, progress=silent)
    home.embedder = model = MemoryEmbedder()
    await home.sync(MemorySource(pages() | {"新.md": Page("新規程", "新しい規程。")}))
    model.asked.clear()
    built, _ = await home.engine().activate(G1, progress=silent)

    assert (built.written, model.asked) == (1, [])
    assert (await answered(home, "新規程とは何ですか"))[1] == G1
    with pytest.raises(Conflict, match="answers questions now"):
        await home.engine().drop(G1)
    await home.engine().drop(G2)
    assert await spare(home) == []
    with pytest.raises(ConfigError, match="spare are: none"):
        await home.engine().drop(G2)


async def test_a_build_that_was_asked_for_is_a_new_one(home: House) -> None:
    """What answered before may have the fault that it was asked for because of."""
    await home.engine().build(progress=silent)
    await home.engine().activate(G2, progress=silent)
    await home.sync(MemorySource(pages()))
    broken = await record_of(home, await active(home))
    await home.index.put(await active(home), [broken])
    prepared = await home.engine().prepare(progress=silent, rebuild=True)

    assert prepared.generation.id == G3
    assert await spare(home) == [G1, G2]
    assert "10日" in (await answered(home))[0]


# --- what may not answer -----------------------------------------------------


async def test_chunks_that_a_build_lost_are_put_again_before_it_answers(
    home: House,
) -> None:
    built, _ = await home.engine().build(progress=silent)
    lost = await record_of(home, built.generation)
    await home.index.collect(
        built.generation, [(lost.chunk.document, lost.chunk.revision)], kept=none
    )
    again, _ = await home.engine().activate(G2, progress=silent)

    assert again.mended == Mended(put=1)
    assert "10日" in (await answered(home))[0]


async def none(revisions: object) -> frozenset[Revision]:
    del revisions
    return frozenset()


async def test_a_build_that_opens_what_is_restricted_is_refused(home: House) -> None:
    built, _ = await home.engine().build(progress=silent)
    leaky = await record_of(home, built.generation, "規程0.md")
    await home.index.put(built.generation, [leaky])
    with pytest.raises(Conflict, match=r"may not read them: .*規程0") as told:
        await home.engine().activate(G2, progress=silent)

    assert "`shirube index drop g2`" in str(told.value)
    assert (await answered(home))[1] == G1


async def test_a_build_that_is_found_by_nobody_is_refused(home: House) -> None:
    built, _ = await home.engine().build(progress=silent)
    async for document, _ in home.state.projection.live(G2):
        name = document.removeprefix("handbook:")
        await home.index.put(
            built.generation, [await record_of(home, built.generation, name)]
        )
    with pytest.raises(Conflict, match="by words it finds 0% of what g1 finds"):
        await home.engine().activate(G2, progress=silent)

    assert (await answered(home))[1] == G1


async def test_another_way_of_cutting_is_held_against_the_documents_own_words(
    home: House,
) -> None:
    """Chunks cut otherwise cannot be found again; an old release's are not added to."""
    before = await active(home)
    older = replace(before.spec, chunker="以前の分け方")
    made = await home.state.generations.create(older)
    with pytest.raises(ConfigError, match="cut by 以前の分け方"):
        await home.engine().activate(made.id, progress=silent)
    await home.index.create(made)
    shown: dict[Revision, tuple[str, bool]] = {}
    async for document, number in home.state.projection.live(before.id):
        name = document.removeprefix("handbook:")
        record = await record_of(home, before, name)
        words = tuple(analyse(f"{record.chunk.title} {record.chunk.text}"))
        await home.index.put(made, [replace(record, tokens=words)])
        shown[document, number] = (OPEN.digest(), True)
    await home.state.projection.adopt(made.id, shown)
    await home.state.generations.activate(made.id, expected=before.id)
    prepared = await home.engine().prepare(progress=silent)

    assert "the chunker changed from 以前の分け方" in (prepared.rebuilt or "")
    assert "10日" in (await answered(home))[0]


async def test_of_two_that_are_activated_at_once_one_is_refused(home: House) -> None:
    for _ in range(2):
        await home.state.generations.create((await active(home)).spec)
    outcomes: list[str] = []

    async def switched(name: GenerationId) -> None:
        try:
            await home.engine().activate(name, progress=silent)
        except Conflict as error:
            outcomes.append(str(error))
        else:
            outcomes.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(switched(G2))
        group.create_task(switched(G3))

    won = (await active(home)).id
    assert won in outcomes
    [refused] = [told for told in outcomes if told != won]
    assert "another process made one active" in refused


# --- every night -------------------------------------------------------------


async def test_a_night_puts_what_is_gone_and_deletes_what_is_of_nothing(
    home: House,
) -> None:
    generation = await active(home)
    assert await home.engine().reconcile(generation, progress=silent) == Mended()
    lost = await record_of(home, generation)
    stranger = await record_of(home, generation, "規程5.md")
    foreign = replace(stranger.chunk, id=lost.chunk.id, revision=77)
    await home.index.collect(
        generation, [(lost.chunk.document, lost.chunk.revision)], kept=none
    )
    await home.index.put(generation, [replace(stranger, chunk=foreign)])
    mended = await home.engine().reconcile(generation, progress=silent)

    assert mended == Mended(put=1, collected=1)
    assert "10日" in (await answered(home))[0]
    assert await home.engine().reconcile(generation, progress=silent) == Mended()


# --- while people ask --------------------------------------------------------


async def test_every_answer_comes_from_one_generation(tmp_path: Path) -> None:
    """The model changes while somebody asks on and on."""
    async with house(tmp_path, index=Watched(), embedder=MemoryEmbedder()) as home:
        await home.sync(MemorySource(pages()))
        seen: list[GenerationId] = []

        async def asking() -> None:
            while not seen or seen[-1] == G1:
                READ.set([])
                text, generation = await answered(home)
                assert "10日" in text
                assert {generation} == set(READ.get() or ())
                seen.append(generation)

        home.embedder = Other()
        async with asyncio.TaskGroup() as group:
            group.create_task(asking())
            await home.engine().prepare(progress=silent)

    assert len(seen) > 3
    assert seen == [G1] * (len(seen) - 1) + [G2]
