"""What is found is live, permitted, said once, and best first."""

import asyncio
from array import array
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import pytest

from bot.answering.retrieval import Limits, Retrieval
from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryEmbedder
from bot.core.access import PUB, Access, Audience, Principal
from bot.core.errors import ConfigError, Unavailable
from bot.core.model import Generation, Hit, Passage, Vector
from tests.unit.answering.shelf import Shelf, a_chunk, a_question, a_shelf

LEAVE = "年次有給休暇は、入社半年後に10日付与される。"
TRAVEL = "出張の旅費は、帰着後5日以内に精算する。"
LAPTOP = "Lost laptops are reported to the help desk within one hour."

BOARD = Access(layers=(frozenset({Principal("grp:board")}),))


def finder(shelf: Shelf, limits: Limits | None = None) -> Retrieval:
    return Retrieval(
        index=shelf.index,
        catalogue=shelf.catalogue,
        embedder=shelf.embedder,
        limits=limits,
    )


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]


async def a_library(*, alpha: float | None = None) -> Shelf:
    shelf = await a_shelf(alpha=alpha)
    await shelf.put(a_chunk(LEAVE, document="hr:leave"))
    await shelf.put(a_chunk(TRAVEL, document="hr:travel", title="旅費規程"))
    await shelf.put(a_chunk(LAPTOP, document="it:laptop", title="IT handbook"))
    return shelf


# --- what is found ---


async def test_the_passage_that_speaks_of_the_question_comes_first() -> None:
    shelf = await a_library()

    found = await finder(shelf).find(
        a_question("有給休暇は何日もらえますか？"), shelf.generation
    )

    best = found.passages[0]
    assert (best.text, best.chunk.title) == (LEAVE, "就業規則")
    assert best.document == shelf.live[best.chunk.document]
    assert best.score == max(passage.score for passage in found.passages)
    assert found.confidence > 0.5


async def test_both_legs_are_searched_and_their_scores_are_kept() -> None:
    shelf = await a_library(alpha=0.5)

    found = await finder(shelf).find(
        a_question("When are lost laptops reported?"), shelf.generation
    )

    assert found.passages[0].text == LAPTOP
    assert found.passages[0].lexical is not None
    assert found.passages[0].vector is not None
    assert not found.degraded
    assert LEAVE in texts(found.passages), "only the vector leg can find it"


async def test_a_follow_up_is_found_by_what_was_asked_before() -> None:
    shelf = await a_library()
    question = a_question("いつまでですか？", history=["出張の旅費の精算について"])

    found = await finder(shelf).find(question, shelf.generation)

    assert found.passages[0].text == TRAVEL
    assert len(found.queries) == 2


async def test_a_question_without_words_finds_nothing() -> None:
    shelf = await a_library()

    found = await finder(shelf).find(a_question("🍣🍣🍣"), shelf.generation)

    assert (found.passages, found.confidence, found.degraded) == ((), 0.0, False)


# --- who may see it, and whether it is live ---


async def test_the_catalogue_wins_over_the_index() -> None:
    """Access that was tightened a moment ago is not in the index yet."""
    shelf = await a_library()
    await shelf.put(a_chunk(LEAVE + "役員のみ。", document="hr:board"), live=BOARD)
    question = a_question("有給休暇は何日？")
    board = Audience(principals=frozenset({PUB, Principal("grp:board")}))

    seen = await finder(shelf).find(question, shelf.generation)
    by_board = await finder(shelf).find(
        a_question(question.text, audience=board), shelf.generation
    )

    secret = LEAVE + "役員のみ。"
    assert secret not in texts(seen.passages)
    assert texts(seen.passages)[0] == LEAVE
    assert secret in texts(by_board.passages)


@pytest.mark.parametrize("held", [frozenset(), frozenset({Principal("guest")})])
async def test_an_audience_from_outside_sees_nothing_that_is_open_inside(
    held: frozenset[Principal],
) -> None:
    shelf = await a_library()
    question = a_question("有給休暇は何日？", audience=Audience(principals=held))

    found = await finder(shelf).find(question, shelf.generation)

    assert (found.passages, found.confidence) == ((), 0.0)


async def test_a_superseded_or_removed_revision_is_not_found() -> None:
    shelf = await a_shelf()
    await shelf.put(a_chunk(LEAVE, document="hr:leave", revision=1))
    await shelf.put(a_chunk("有給休暇は20日。", document="hr:leave", revision=2))
    await shelf.put(a_chunk(LEAVE, document="hr:gone"), live=None)

    found = await finder(shelf).find(a_question("有給休暇は何日？"), shelf.generation)

    assert texts(found.passages) == ["有給休暇は20日。"]


async def test_dead_chunks_before_a_live_one_make_the_search_go_on() -> None:
    """A revoked space of 300 better matches must not hide the one open page."""
    shelf = await a_shelf()
    for number in range(300):
        text = f"有給休暇 有給休暇 有給休暇 {number}"
        await shelf.put(a_chunk(text, document=f"old:{number}"), live=None)
    await shelf.put(a_chunk("休暇と、" + TRAVEL * 5, document="hr:leave"))

    found = await finder(shelf, Limits(candidates=10)).find(
        a_question("有給休暇"), shelf.generation
    )

    assert [passage.chunk.document for passage in found.passages] == ["hr:leave"]


async def test_only_principals_that_some_document_names_reach_the_index() -> None:
    class Watched(MemoryIndex):
        asked_as: AbstractSet[Principal] = frozenset()

        async def search_lexical(
            self,
            generation: Generation,
            tokens: Sequence[str],
            /,
            *,
            principals: AbstractSet[Principal],
            limit: int,
        ) -> list[Hit]:
            self.asked_as = principals
            return await super().search_lexical(
                generation, tokens, principals=principals, limit=limit
            )

    shelf = await a_shelf()
    shelf.index = watched = Watched()
    await watched.create(shelf.generation)
    await shelf.put(a_chunk(LEAVE))
    groups = frozenset(Principal(f"grp:{number}") for number in range(2000))
    audience = Audience(principals=groups | {PUB})

    found = await finder(shelf).find(
        a_question("有給休暇は何日？", audience=audience), shelf.generation
    )

    assert watched.asked_as == {PUB}
    assert texts(found.passages) == [LEAVE]


# --- each thing once, and not all from one place ---


async def test_equal_texts_are_shown_once_and_from_where_it_is_permitted() -> None:
    shelf = await a_shelf()
    text = LEAVE * 4
    await shelf.put(a_chunk(text, document="a:secret"), live=BOARD)
    await shelf.put(a_chunk(text, document="b:open"))
    await shelf.put(a_chunk(text, document="c:copy"))

    found = await finder(shelf).find(a_question("有給休暇は何日？"), shelf.generation)

    assert [passage.document.source for passage in found.passages] in (["b"], ["c"])


async def test_short_equal_texts_under_other_titles_are_different_things() -> None:
    shelf = await a_shelf()
    for name in ("総務部", "経理部"):
        await shelf.put(a_chunk("担当: 佐藤", document=f"hr:{name}", title=name))

    found = await finder(shelf).find(a_question("担当は佐藤？"), shelf.generation)

    assert {passage.chunk.title for passage in found.passages} == {"総務部", "経理部"}


async def test_a_document_that_used_up_its_quota_gives_way_to_others() -> None:
    shelf = await a_shelf()
    for number in range(9):
        text = f"有給休暇の規則 {number}"
        await shelf.put(a_chunk(text, document="hr:long", ordinal=number))
    await shelf.put(a_chunk("休暇の" + TRAVEL, document="hr:other"))

    found = await finder(shelf, Limits(passages=4, per_document=3)).find(
        a_question("有給休暇の規則"), shelf.generation
    )

    documents = [passage.chunk.document for passage in found.passages]
    assert documents == ["hr:long", "hr:long", "hr:long", "hr:other"]


async def test_a_source_that_used_up_its_quota_gives_way_to_others() -> None:
    shelf = await a_shelf()
    for number in range(9):
        await shelf.put(a_chunk(f"有給休暇 {number}", document=f"chat:{number}"))
    await shelf.put(a_chunk("休暇の" + TRAVEL, document="hr:leave"))

    found = await finder(shelf, Limits(passages=4, per_source=2)).find(
        a_question("有給休暇"), shelf.generation
    )

    sources = [passage.document.source for passage in found.passages]
    assert sources == ["chat", "chat", "chat", "hr"], "quotas leave no place empty"


# --- when the embedding model is no help ---


async def find_without_vectors(shelf: Shelf, embedder: MemoryEmbedder | None) -> bool:
    """Whether the result is degraded; that it is found lexically is checked here."""
    retrieval = Retrieval(
        index=shelf.index,
        catalogue=shelf.catalogue,
        embedder=embedder,
        limits=Limits(patience=0.05),
    )
    found = await retrieval.find(a_question("有給休暇は何日？"), shelf.generation)
    assert texts(found.passages)[0] == LEAVE
    assert all(passage.vector is None for passage in found.passages)
    return found.degraded


class Broken(MemoryEmbedder):
    """Fails each question with the same error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def embed_query(self, text: str, /) -> Vector:
        self.asked.append(text)
        raise self.error


class Silent(MemoryEmbedder):
    """Never answers."""

    async def embed_query(self, text: str, /) -> Vector:
        await asyncio.Event().wait()
        return await super().embed_query(text)


class Other(MemoryEmbedder):
    """Is another model than the one the index was built with."""

    async def embed_query(self, text: str, /) -> Vector:
        self.asked.append(text)
        return array("f", [1.0])


@pytest.mark.parametrize(
    "embedder",
    [
        None,
        Broken(Unavailable("host down")),
        Broken(ConfigError("no such model")),
        Silent(),
        Other(),
    ],
)
async def test_without_the_embedding_model_the_words_still_find(
    embedder: MemoryEmbedder | None,
) -> None:
    assert await find_without_vectors(await a_library(alpha=0.5), embedder)


@pytest.mark.parametrize("alpha", [None, 0.0])
async def test_a_language_that_the_model_does_not_speak_is_not_embedded(
    alpha: float | None,
) -> None:
    shelf = await a_library(alpha=alpha)

    assert not await find_without_vectors(shelf, shelf.embedder)
    assert shelf.embedder.asked == []


async def test_an_index_that_does_not_answer_is_said_as_it_is() -> None:
    shelf = await a_library(alpha=0.5)
    await shelf.index.drop(shelf.generation)

    with pytest.raises(Unavailable, match="no generation"):
        await finder(shelf).find(a_question("有給休暇"), shelf.generation)
