"""The desk sees every question through to one outcome, whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat.desk import ATTEMPTS, HISTORY, HOPELESS, Desk
from bot.chat.permitting import Permits
from bot.chat.rush import FEW, MANY, Rush
from bot.chat.surface import Earlier, Ended, Posted, packed, unpacked
from bot.core.access import PUB, Audience, principal
from bot.core.errors import Unavailable
from bot.core.feedback import Judgement, Verdict, provenance
from bot.core.inbox import Claim, Incoming, Kind, Origin, QuestionId
from bot.core.model import (
    Answer,
    AnswerEvent,
    AnswerKind,
    Citation,
    ConversationId,
    Declined,
    DocumentId,
    Finished,
    GenerationId,
    Language,
    Outcome,
    Question,
    Reason,
    Searching,
    Sentence,
)
from bot.core.ports import TICKET, Place
from bot.core.thread import Said
from bot.core.thread import Thread as Talk
from bot.state.store import State, open_state

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
HR = principal("grp:人事部")
INSIDE = Audience(principals=frozenset({PUB, HR}))
OUTSIDE = Audience(principals=frozenset(), limited="社外の方がいます")
TEXT = "年次有給休暇は20日です。[1]"


def clock() -> datetime:
    return NOW


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=clock) as opened:
        yield opened


def incoming(message: str, *, thread: str = "1", **more: object) -> Incoming:
    question = Incoming(
        event=f"Ev{message}",
        kind=Kind.MENTION,
        origin=Origin(surface="chat", channel="C1", thread=thread, message=message),
        asker="U山田",
        conversation=ConversationId(f"chat:C1:{thread}"),
        text=f"有給休暇は何日ですか？{message}",
        language=Language.JA,
        asked_at=NOW + timedelta(seconds=float(message)),
        expires_at=NOW + timedelta(minutes=15),
    )
    return replace(question, **more)  # type: ignore[arg-type]  # fields by name


def finished(question: Question) -> Finished:
    citation = Citation(
        number=1,
        document=DocumentId("wiki:1"),
        revision=1,
        title="休暇規程",
        path=(),
        heading_path=(),
        url="https://wiki.example/1",
        quote="年次有給休暇は20日",
        updated_at=NOW,
    )
    return Finished(
        answer=Answer(
            text=TEXT,
            language=question.language,
            kind=AnswerKind.GENERATED,
            citations=(citation,),
            confidence=0.9,
            generation=GenerationId("g1"),
        )
    )


def a_plain_question() -> Question:
    return Question(
        id="1",
        text="有給休暇は何日ですか？",
        language=Language.JA,
        audience=INSIDE,
        asked_at=NOW,
        conversation=ConversationId("chat:C1:1"),
    )


async def answer(question: Question) -> AsyncGenerator[AnswerEvent, None]:
    yield Searching(queries=(question.text,))
    yield Sentence(text=TEXT)
    yield finished(question)


@dataclass
class Thread:
    """What stands under one question."""

    events: list[AnswerEvent] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    failures: int = 0
    before_end: Callable[[], None] = lambda: None

    def moved(self, place: Place, /) -> None:
        self.places.append(place)

    async def show(self, event: AnswerEvent, /) -> None:
        self.events.append(event)

    async def end(self, ended: Ended, /) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the chat is down")
        self.before_end()
        self.ends.append(ended)


@dataclass
class Board:
    """A surface in memory; `audiences` are told one after the other, then the last."""

    name: str = "chat"
    threads: dict[QuestionId, Thread] = field(default_factory=dict)
    order: list[QuestionId] = field(default_factory=list)
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    audiences: list[Audience] = field(default_factory=lambda: [INSIDE])
    thread: Callable[[], Thread] = Thread
    silent: int = 0

    async def audience(self, incoming: Incoming, /) -> Audience:
        del incoming
        if self.silent:
            self.silent -= 1
            raise Unavailable("the chat does not say who reads it")
        return self.audiences[0] if len(self.audiences) == 1 else self.audiences.pop(0)

    @asynccontextmanager
    async def showing(self, claim: Claim, posted: Posted, /) -> AsyncIterator[Thread]:
        self.order.append(claim.question)
        self.begun.release()
        thread = self.threads.setdefault(claim.question, self.thread())
        await posted(f"m{claim.question}")
        yield thread


async def permitted(_: Answer, __: Audience) -> bool:
    return True


@asynccontextmanager
async def at_work(
    state: State,
    board: Board,
    answer: Callable[[Question], AsyncGenerator[AnswerEvent, None]] = answer,
    *,
    earlier: Earlier | None = None,
    permits: Permits = permitted,
    rush: Rush | None = None,
) -> AsyncIterator[Desk]:
    desk = Desk(
        surface=board,
        answer=answer,
        claims=state.questions,
        conversations=state.conversations,
        worker="甲",
        clock=clock,
        pause=lambda _: asyncio.sleep(0.01),
        earlier=earlier,
        permits=permits,
        rush=rush,
    )
    running = asyncio.create_task(desk.run())
    try:
        yield desk
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def accept(state: State, question: Incoming) -> QuestionId:
    return (await state.questions.accept(question, now=NOW)).question


async def seen_through(desk: Desk, board: Board, *, questions: int = 1) -> None:
    async with asyncio.timeout(20):
        for _ in range(questions):
            await board.begun.acquire()
        await desk.drain()


async def test_a_question_is_answered_once_and_remembered(state: State) -> None:
    board = Board()
    asked = await accept(state, incoming("1"))

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    thread = board.threads[asked]
    assert [ended.outcome for ended in thread.ends] == [Outcome.ANSWERED]
    assert Sentence(text=TEXT) in thread.events
    turns = await state.conversations.turns(ConversationId("chat:C1:1"), limit=4)
    assert [turn.answer for turn in turns] == [TEXT]


async def test_what_an_answer_was_made_with_is_known_to_feedback(
    state: State,
) -> None:
    """Also of one that was staged before a crash and ended by somebody else."""
    ended = finished(a_plain_question()).answer
    staged = Ended(
        outcome=Outcome.ANSWERED, language=Language.JA, text=TEXT, answer=ended
    )
    board = Board()
    asked = [await accept(state, incoming("1"))]
    claim = await state.questions.claim(
        "乙", surfaces=["chat"], now=NOW, until=NOW + timedelta(seconds=1)
    )
    assert claim is not None
    await state.questions.stage(claim, packed(staged))
    await state.questions.release(claim)
    asked.append(await accept(state, incoming("2", thread="2")))

    async with at_work(state, board) as desk:
        await seen_through(desk, board, questions=2)

    for question in asked:
        judgement = Judgement(
            question=question, person="U佐藤", verdict=Verdict.GOOD, given_at=NOW
        )
        assert await state.feedback.record(judgement)
    found = [
        each
        async for each in state.feedback.judged(kinds=[Kind.MENTION], ended_since=NOW)
    ]
    assert [each.question for each in found] == asked
    for each in found:
        assert each.provenance == provenance(ended)
        assert each.staged is not None
        assert unpacked(each.staged).answer == ended


async def test_few_are_begun_while_many_come_in(state: State) -> None:
    enough = asyncio.Event()

    async def slow(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        await enough.wait()
        yield finished(question)

    board, rush, coming = Board(), Rush(), ExitStack()
    for _ in range(MANY):
        coming.enter_context(rush.taking())
    for number in range(1, FEW + 3):
        await accept(state, incoming(str(number), thread=str(number)))

    async with at_work(state, board, slow, rush=rush) as desk:
        async with asyncio.timeout(20):
            for _ in range(FEW):
                await board.begun.acquire()
            await state.questions.find(incoming("1").origin)  # the desk looks meanwhile
            begun = len(board.order)
            coming.close()
            desk.wake()
            await board.begun.acquire()
            await board.begun.acquire()
        enough.set()
        await desk.drain()

    assert begun == FEW
    assert len(board.order) == FEW + 2


async def test_what_was_overheard_is_on_no_account_before_the_model(
    state: State,
) -> None:
    """Nor is it worked on before it is due, whatever else there is to do."""
    accounts: dict[str, str | None] = {}

    async def noting(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        ticket = TICKET.get()
        accounts[question.text[-1]] = ticket.asker if ticket else None
        yield finished(question)

    board, later = Board(), NOW + timedelta(seconds=1)
    await accept(state, incoming("1", kind=Kind.OVERHEARD, due_at=NOW))
    await accept(state, incoming("2", thread="2", kind=Kind.OVERHEARD, due_at=later))
    await accept(state, incoming("3", thread="3"))

    async with at_work(state, board, noting) as desk:
        await seen_through(desk, board, questions=2)

    assert accounts == {"1": "", "3": "U山田"}


async def test_why_there_is_no_answer_is_known_to_feedback(state: State) -> None:
    async def nothing(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Declined(reason=Reason.NOT_FOUND, text=f"{question.text}: 無し")

    board = Board()
    asked = await accept(state, incoming("1"))

    async with at_work(state, board, nothing) as desk:
        await seen_through(desk, board)

    found = await state.feedback.unmet(kinds=[Kind.MENTION], ended_since=NOW)
    assert [each.question for each in found] == [asked]
    assert [ended.reason for ended in board.threads[asked].ends] == [Reason.NOT_FOUND]


async def test_a_thread_is_answered_in_the_order_of_the_platform(state: State) -> None:
    board = Board()
    asked = [await accept(state, incoming(message)) for message in ("3", "1", "2")]

    async with at_work(state, board) as desk:
        await seen_through(desk, board, questions=3)

    assert board.order == [asked[1], asked[2], asked[0]]


async def test_an_answer_that_was_staged_is_shown_and_not_made_again(
    state: State,
) -> None:
    asked = await accept(state, incoming("1"))
    until = NOW + timedelta(seconds=1)
    claim = await state.questions.claim("乙", surfaces=["chat"], now=NOW, until=until)
    assert claim
    ended = Ended(outcome=Outcome.ANSWERED, language=Language.JA, text="前の回答[1]")
    await state.questions.stage(claim, packed(ended))
    await state.questions.release(claim)
    board = Board()

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    assert board.threads[asked].ends == [ended]
    assert board.threads[asked].events == []


async def test_what_was_staged_and_may_not_be_shown_any_more_is_made_anew(
    state: State,
) -> None:
    """Rights or settings were changed before it could be shown."""
    asked = await accept(state, incoming("1"))
    until = NOW + timedelta(seconds=1)
    claim = await state.questions.claim("乙", surfaces=["chat"], now=NOW, until=until)
    assert claim
    answer_then = replace(finished(a_plain_question()).answer, text="もう秘密です[1]")
    ended = Ended(
        outcome=Outcome.ANSWERED,
        language=Language.JA,
        text=answer_then.text,
        answer=answer_then,
    )
    await state.questions.stage(claim, packed(ended))
    await state.questions.release(claim)
    board, looked = Board(), list[tuple[str, Audience]]()

    async def permits(answer: Answer, audience: Audience) -> bool:
        looked.append((answer.text, audience))
        return False

    async with at_work(state, board, permits=permits) as desk:
        await seen_through(desk, board)

    assert looked == [(answer_then.text, INSIDE)]
    assert [ended.text for ended in board.threads[asked].ends] == [TEXT]


async def for_ever(_: float) -> None:
    await asyncio.Event().wait()


async def test_the_clock_is_set_ahead_and_nothing_is_answered_twice(
    state: State,
) -> None:
    """As far as that all claims are over: the desk knows what it works on."""
    times, gate, asked = [NOW], asyncio.Event(), list[str]()

    async def slow(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        asked.append(question.id)
        await gate.wait()
        yield finished(question)

    board = Board()
    one = await accept(state, incoming("1"))
    desk = Desk(
        surface=board,
        answer=slow,
        claims=state.questions,
        conversations=state.conversations,
        worker="甲",
        clock=lambda: times[-1],
        pause=for_ever,
    )
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(20):
        await board.begun.acquire()
        times.append(NOW + timedelta(minutes=10))
        other = await accept(state, incoming("2", thread="2"))
        desk.wake()
        await board.begun.acquire()
        gate.set()
        await desk.drain()
    running.cancel()

    assert asked == [one, other]
    assert board.order == [one, other]


async def test_a_platform_that_is_down_gets_the_answer_later(state: State) -> None:
    board = Board(thread=lambda: Thread(failures=3))
    asked = await accept(state, incoming("1"))

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    assert [ended.text for ended in board.threads[asked].ends] == [TEXT]


async def test_what_breaks_ends_with_an_apology_and_a_number(state: State) -> None:
    async def broken(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Searching(queries=(question.text,))
        raise ZeroDivisionError

    board = Board()
    asked = await accept(state, incoming("1"))

    async with at_work(state, board, broken) as desk:
        await seen_through(desk, board)

    (ended,) = board.threads[asked].ends
    assert ended.outcome is Outcome.FAILED
    assert asked[:8] in ended.text


async def test_a_question_past_its_deadline_says_so(state: State) -> None:
    async def slow(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Searching(queries=(question.text,))
        await asyncio.sleep(60)

    board = Board()
    asked = await accept(
        state, incoming("1", expires_at=NOW + timedelta(milliseconds=50))
    )

    async with at_work(state, board, slow) as desk:
        await seen_through(desk, board)

    assert [ended.outcome for ended in board.threads[asked].ends] == [Outcome.EXPIRED]


async def test_stop_ends_the_answer_that_is_being_written(state: State) -> None:
    begun = asyncio.Event()
    freed = asyncio.Event()

    async def endless(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        try:
            yield Sentence(text="休暇は")
            begun.set()
            await asyncio.sleep(60)
        finally:
            freed.set()
        yield finished(question)

    board = Board()
    asked = await accept(state, incoming("1"))

    async with at_work(state, board, endless) as desk:
        await begun.wait()
        assert desk.stop(asked)
        await seen_through(desk, board)
        assert not desk.stop(asked)

    assert freed.is_set()
    assert [end.outcome for end in board.threads[asked].ends] == [Outcome.CANCELLED]


async def test_what_is_stopped_at_the_last_moment_has_no_answer(state: State) -> None:
    """Who stopped it was told that there is none."""
    board = Board()
    asked = await accept(state, incoming("1"))
    stopped: list[bool] = []

    async def written(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Sentence(text=TEXT)
        stopped.append(desk.stop(asked))
        yield finished(question)

    async with at_work(state, board, written) as desk:
        await seen_through(desk, board)

    assert stopped == [True]
    assert [end.outcome for end in board.threads[asked].ends] == [Outcome.CANCELLED]


async def test_a_question_that_fails_every_time_is_given_up(state: State) -> None:
    asked = await accept(state, incoming("1"))
    until = NOW + timedelta(seconds=1)
    for _ in range(ATTEMPTS):
        claim = await state.questions.claim(
            "乙", surfaces=["chat"], now=NOW, until=until
        )
        assert claim
        await state.questions.release(claim)
    board = Board()

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    assert [ended.outcome for ended in board.threads[asked].ends] == [Outcome.FAILED]


async def test_an_answer_that_cannot_be_shown_harms_no_other(state: State) -> None:
    board = Board()
    good = await accept(state, incoming("2", thread="2"))
    bad = await accept(state, incoming("1"))

    def broken() -> None:
        raise ZeroDivisionError

    board.threads[bad] = Thread(before_end=broken)

    async with at_work(state, board) as desk:
        await seen_through(desk, board, questions=2)

    assert [ended.outcome for ended in board.threads[good].ends] == [Outcome.ANSWERED]


async def test_what_can_never_be_shown_is_given_up(state: State) -> None:
    asked = await accept(state, incoming("1"))
    until = NOW + timedelta(seconds=1)
    for _ in range(HOPELESS):
        claim = await state.questions.claim(
            "乙", surfaces=["chat"], now=NOW, until=until
        )
        assert claim
        await state.questions.release(claim)
    board = Board()

    async with at_work(state, board) as desk:
        async with asyncio.timeout(20):
            while await state.line.ahead(asked) is not None:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
        await desk.drain()

    assert board.threads == {}


async def test_an_answer_that_is_there_outlives_many_kills(state: State) -> None:
    """A process that dies is no fault of the answer that waits to be shown."""
    asked = await accept(state, incoming("1"))
    until = NOW + timedelta(seconds=1)
    ended = Ended(outcome=Outcome.ANSWERED, language=Language.JA, text=TEXT)
    for number in range(HOPELESS - 1):
        claim = await state.questions.claim(
            "乙", surfaces=["chat"], now=NOW, until=until
        )
        assert claim
        if number == 0:
            await state.questions.stage(claim, packed(ended))
        await state.questions.release(claim)
    board = Board()

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    assert board.threads[asked].ends == [ended]


# --- who reads it --------------------------------------------------------------


async def test_who_reads_it_is_asked_until_the_chat_says(state: State) -> None:
    board = Board(silent=3)
    asked = await accept(state, incoming("1"))

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    assert [end.outcome for end in board.threads[asked].ends] == [Outcome.ANSWERED]


async def test_a_guest_who_comes_before_the_first_sentence_narrows_it(
    state: State,
) -> None:
    asked_as: list[Audience] = []

    async def noting(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        asked_as.append(question.audience)
        async for event in answer(question):
            yield event

    board = Board(audiences=[INSIDE, OUTSIDE])
    asked = await accept(state, incoming("1"))

    async with at_work(state, board, noting) as desk:
        await seen_through(desk, board)

    assert asked_as == [INSIDE, OUTSIDE]
    assert [ended.limited for ended in board.threads[asked].ends] == [OUTSIDE.limited]


async def test_a_guest_who_comes_after_it_takes_the_answer_back(state: State) -> None:
    board = Board(audiences=[INSIDE, INSIDE, OUTSIDE])
    asked = await accept(state, incoming("1"))

    async with at_work(state, board) as desk:
        await seen_through(desk, board)

    (ended,) = board.threads[asked].ends
    assert ended.outcome is Outcome.REFUSED
    assert ended.answer is None
    assert "参加者" in ended.text


# --- what is lost --------------------------------------------------------------


async def test_a_question_that_was_ended_meanwhile_is_let_go(state: State) -> None:
    board = Board()
    asked = await accept(state, incoming("1"))

    async def cancelled(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        await state.questions.end(asked, Outcome.CANCELLED, now=NOW)
        async for event in answer(question):
            yield event

    async with at_work(state, board, cancelled) as desk:
        await seen_through(desk, board)

    assert board.threads[asked].ends == []


async def test_declined_is_refused_and_says_why(state: State) -> None:
    async def declined(_: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Declined(reason=Reason.NOT_FOUND, text="資料に見つかりませんでした。")

    board = Board()
    asked = await accept(state, incoming("1"))

    async with at_work(state, board, declined) as desk:
        await seen_through(desk, board)

    (ended,) = board.threads[asked].ends
    assert (ended.outcome, ended.text) == (
        Outcome.REFUSED,
        "資料に見つかりませんでした。",
    )


def test_an_ending_outlives_the_process() -> None:
    question = Question(
        id="q1",
        text="休暇は？",
        language=Language.JA,
        audience=INSIDE,
        asked_at=NOW,
        conversation=ConversationId("c"),
    )
    ended = Ended(
        outcome=Outcome.ANSWERED,
        language=Language.JA,
        text=TEXT,
        answer=finished(question).answer,
        limited="ゲストがいます",
    )

    assert unpacked(packed(ended)) == ended


# --- what others said in the thread -----------------------------------------------


def kept(folder: Path) -> bytes:
    """Return everything in the files of a folder."""
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


async def test_what_was_said_in_the_thread_is_known_and_never_stored(
    state: State, tmp_path: Path
) -> None:
    said = Said(place=1, author="佐藤", text="カナリア・経費", said_at=NOW)
    asked: list[Question] = []

    async def read(question: Incoming, /) -> Talk | None:
        return Talk(said=(said,), count=1) if question.origin.thread else None

    async def noted(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        asked.append(question)
        yield finished(question)

    board = Board()
    for message in ("1", "2"):
        await accept(state, incoming(message))
    async with at_work(state, board, noted, earlier=read) as desk:
        await seen_through(desk, board, questions=2)

    assert [question.thread for question in asked] == [Talk(said=(said,), count=1)] * 2
    assert TEXT.encode() in kept(tmp_path)
    assert "カナリア".encode() not in kept(tmp_path)


async def test_a_summary_tells_of_more_turns_than_a_follow_up_does(
    state: State,
) -> None:
    board, told = Board(), dict[str, int]()

    async def counted(question: Question) -> AsyncGenerator[AnswerEvent, None]:
        told[question.text] = len(question.history)
        yield finished(question)

    for number in range(1, 8):
        await accept(state, incoming(f"{number}", asker=f"U{number}"))
    await accept(state, incoming("8", text="いつまで？"))
    await accept(state, incoming("9", text="まとめて", asker="U佐藤"))
    async with at_work(state, board, counted) as desk:
        await seen_through(desk, board, questions=9)

    assert (told["いつまで？"], told["まとめて"]) == (HISTORY, 8)
