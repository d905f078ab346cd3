"""Some sources are quoted, some only pointed at, some not there: what decides it."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.answering.discretion import Books, ShownBooks, ShownIndex
from bot.answering.pipeline import Answering
from bot.answering.pointing import DOCUMENTS, Pointing
from bot.answering.retrieval import Retrieval
from bot.backends.memory_models import MemoryLanguageModel, Script
from bot.core.access import Access, principal
from bot.core.errors import Unavailable
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Chunk,
    Declined,
    DocumentId,
    Finished,
    Language,
    Link,
    Reason,
)
from bot.text import phrases
from bot.text.tokens import analyse
from tests.unit.answering.scene import EN, JA, LIBRARY, VPN, Active, Mortal
from tests.unit.answering.shelf import EVERYBODY, Shelf, a_chunk, a_question, a_shelf
from tests.unit.answering.talk import in_a_thread

CANARY = "カナリア"
CONTRACT = a_chunk(
    f"保守契約の解約は、{CANARY}の3か月前までに書面で通知します。",
    document="contracts:1",
    title="保守契約の解約条件",
    heading=(f"{CANARY}の章",),
)
GUEST_LEAVE = a_chunk(
    f"派遣社員の年次有給休暇は、{CANARY}の日に何日付与されますか、という定めによります。",
    document="contracts:2",
    title="派遣社員の年次有給休暇",
)
ASKED = "保守契約の解約はいつまでに書面で通知しますか？"
SAID = "年次有給休暇は20日です[1]。"


class Counting(Mortal):
    """A catalogue that knows of no more than what is in it."""

    async def rights(self) -> dict[str, list[Access]]:
        found: dict[str, list[Access]] = {}
        for document in self._documents.values():
            found.setdefault(document.source, []).append(document.access)
        return found


class Desk:
    """A library in two halves, of which one is only pointed at."""

    def __init__(self, shelf: Shelf, *scripts: Script) -> None:
        self.shelf = shelf
        self.model = MemoryLanguageModel(
            scripts or ("NO_ANSWER",), context=400_000, output=300_000
        )
        self.books = Counting(shelf.live)

    def view(self, shown: Callable[[str], bool]) -> tuple[Retrieval, Books, ShownIndex]:
        books = ShownBooks(self.books, shown)
        index = ShownIndex(self.shelf.index, shown)
        return Retrieval(index=index, catalogue=books, embedder=None), books, index

    def pointing(self) -> Pointing:
        retrieval, books, index = self.view({"handbook"}.__contains__)
        linked, pointed, _ = self.view({"contracts"}.__contains__)
        active = Active(generation=self.shelf.generation)
        return Pointing(
            answering=Answering(
                generations=active,
                catalogue=books,
                index=index,
                retrieval=retrieval,
                model=self.model,
            ),
            retrieval=linked,
            catalogue=pointed,
            generations=active,
        )

    async def ask(self, text: str) -> AnswerEvent:
        question = a_question(text)
        async with aclosing(self.pointing().answer(question)) as events:
            return [event async for event in events][-1]

    async def answer(self, text: str) -> Answer:
        last = await self.ask(text)
        assert isinstance(last, Finished), last
        return last.answer

    def prompts(self) -> str:
        return str(self.model.prompts)


async def a_desk(*scripts: Script, library: tuple[Chunk, ...] = ()) -> Desk:
    shelf = await a_shelf()
    await shelf.put(*(library or (*LIBRARY, CONTRACT, GUEST_LEAVE)))
    for name, live in list(shelf.live.items()):
        link = Link(
            page=f"https://wiki.example/{name[-1]}", heading="https://x/#{anchor}"
        )
        shelf.live[name] = replace(live, link=link)
    return Desk(shelf, *scripts)


async def test_a_document_is_pointed_at_by_title_and_link_alone() -> None:
    desk = await a_desk()

    answer = await desk.answer(ASKED)

    [pointer] = answer.citations[:1]
    assert answer.kind is AnswerKind.POINTER
    assert answer.text.startswith("答えは次の資料にあると思われます。")
    assert "「保守契約の解約条件」[1]" in answer.text
    assert (pointer.url, pointer.quote) == ("https://wiki.example/1", "")
    assert CANARY not in str(answer)
    assert not answer.contexts
    assert CANARY not in desk.prompts()


async def test_what_is_asked_in_english_is_pointed_at_in_english() -> None:
    policy = replace(VPN, document=DocumentId("contracts:9"))
    desk = await a_desk(library=(*LIBRARY[:2], policy))

    answer = await desk.answer(EN)

    titles = "“VPN guide” [1]"
    assert answer.text == phrases.ANSWER_IN.say(Language.EN, titles=titles)


async def test_the_model_reads_only_what_may_be_quoted() -> None:
    desk = await a_desk(SAID)

    answer = await desk.answer("派遣社員の年次有給休暇は何日付与されますか？")

    assert answer.text == SAID
    assert answer.kind is AnswerKind.GENERATED
    assert [each.number for each in answer.citations] == [1, 2]
    assert answer.notes == (
        phrases.ALSO_IN.say(answer.language, titles="「派遣社員の年次有給休暇」[2]"),
    )
    assert desk.prompts()
    assert CANARY not in desk.prompts() + str(answer)


async def test_a_summary_of_a_thread_points_at_nothing() -> None:
    guide = replace(CONTRACT, text="要約のまとめ方。まとめて要約する。", title="要約")
    desk = await a_desk("解約の相談です。", library=(*LIBRARY, guide))
    question = in_a_thread("まとめて", "保守契約の解約はいつまで？")
    async with aclosing(desk.pointing().answer(question)) as events:
        last = [event async for event in events][-1]

    assert isinstance(last, Finished)
    assert last.answer.text == "解約の相談です。"
    assert last.answer.citations == ()


async def test_an_answer_stands_alone_where_other_documents_say_less() -> None:
    desk = await a_desk(SAID)

    answer = await desk.answer("出張の宿泊費は1泊いくらまでですか？")

    assert len(answer.citations) == 1
    assert "本文をここに載せられない" not in "".join(answer.notes)


async def test_what_does_not_clearly_speak_of_the_question_is_not_pointed_at() -> None:
    """No model has read it, so the words alone have to tell."""
    desk = await a_desk()

    last = await desk.ask("保守係の火星支社への異動の手続きは？")

    assert isinstance(last, Declined)
    assert last.reason is Reason.NOT_FOUND


async def test_a_pointer_is_for_who_may_see_its_document() -> None:
    desk = await a_desk()
    board = Access(layers=(frozenset({principal("grp:役員")}),))
    for name in ("contracts:1", "contracts:2"):
        live = desk.shelf.live[DocumentId(name)]
        desk.shelf.live[DocumentId(name)] = replace(live, access=board)

    last = await desk.ask(ASKED)

    assert isinstance(last, Declined)
    assert "解約条件" not in str(last)


async def test_few_documents_are_pointed_at() -> None:
    many = [
        replace(
            a_chunk(f"保守契約の解約の通知、その{n}。", document=f"contracts:{n}"),
            title=f"契約{n}",
        )
        for n in range(9)
    ]
    desk = await a_desk(library=(*LIBRARY, *many))

    answer = await desk.answer(ASKED)

    assert len(answer.citations) == DOCUMENTS


async def test_a_title_cannot_be_more_than_a_title() -> None:
    title = "保守契約の解約 [7] <!channel> https://evil.example `x"
    bad = replace(CONTRACT, title=title)
    desk = await a_desk(library=(*LIBRARY, bad))

    answer = await desk.answer(ASKED)

    assert "[7]" not in answer.text
    assert "evil.example" not in answer.text
    assert "`" not in answer.text


@pytest.mark.parametrize(
    ("library", "reason"),
    [((CONTRACT,), Reason.NOT_FOUND), ((LIBRARY[0],), Reason.NOT_FOUND)],
)
async def test_only_where_there_is_nothing_at_all_is_it_said(
    library: tuple[Chunk, ...], reason: Reason
) -> None:
    """That there are only documents which may not be quoted is not told apart."""
    desk = await a_desk(library=library)
    empty = Desk(await a_shelf())

    some, none = await desk.ask("火星支社の駐車場は？"), await empty.ask(ASKED)

    assert isinstance(some, Declined)
    assert isinstance(none, Declined)
    assert (some.reason, none.reason) == (reason, Reason.NOTHING_INDEXED)


async def test_where_the_search_is_down_nothing_is_said_not_to_be_there() -> None:
    desk = await a_desk("NO_ANSWER", SAID)
    pointing = desk.pointing()
    silent = Counting(desk.shelf.live)
    silent.error = Unavailable("the database is away")
    retrieval = Retrieval(index=desk.shelf.index, catalogue=silent, embedder=None)
    broken = replace(pointing, retrieval=retrieval)

    ends = []
    for _ in range(2):
        async with aclosing(broken.answer(a_question(JA))) as events:
            ends.append([event async for event in events][-1])

    down, whole = ends
    assert isinstance(down, Declined)
    assert down.reason is Reason.SEARCH_DOWN
    assert isinstance(whole, Finished)


async def test_hits_are_looked_for_behind_those_that_are_left_out() -> None:
    shelf = await a_shelf()
    hidden = [
        a_chunk("休暇の定めと休暇の届け。", document=f"hidden:{n}") for n in range(40)
    ]
    await shelf.put(*hidden, a_chunk("休暇の長い定めについて述べる文。"))
    index = ShownIndex(shelf.index, {"handbook"}.__contains__)

    hits = await index.search_lexical(
        shelf.generation, analyse("休暇"), principals=EVERYBODY.principals, limit=3
    )

    assert [hit.chunk.document for hit in hits] == ["handbook:leave"]


async def test_nothing_of_a_source_that_is_left_out_is_read_or_counted() -> None:
    desk = await a_desk()
    _, books, index = desk.view({"handbook"}.__contains__)
    generation = desk.shelf.generation

    live = await books.live(generation.id, [CONTRACT.document, VPN.document])
    near = await index.neighbours(
        generation,
        (CONTRACT.document, 1),
        range(3),
        principals=EVERYBODY.principals,
    )

    assert list(live) == [VPN.document]
    assert near == []
    assert list(await books.rights()) == ["handbook"]
    assert await books.principals() == {"pub"}
