"""Whatever happens to questions, in whatever order, each comes to its one outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.core.errors import Conflict
from bot.core.inbox import Claim, Incoming, Load, Notice, QuestionId
from bot.core.model import ConversationId, Outcome
from tests.contracts.state_questions import DEADLINE, LEASE, a_question, a_turn
from tests.contracts.state_records import NOW, Ports

Result = TypeVar("Result")

ROUNDS = count()

STEPS = 30
SHORT = 25
NIGHTLY = 400
"""Stories of so many steps; by night 10,000 steps and more."""
WORKERS = ("甲", "乙")
ASKERS = ("U山田", "U鈴木")

threads = st.sampled_from(["休暇", "経費 👩‍💻"])
workers = st.sampled_from(WORKERS)


@dataclass
class Row:
    """What is true of one question, told as simply as possible."""

    id: QuestionId
    incoming: Incoming
    number: int
    attempt: int = 0
    leased_until: datetime | None = None
    worker: str = ""
    staged: str | None = None
    posted: tuple[str, ...] = ()
    outcome: Outcome | None = None

    @property
    def place(self) -> tuple[datetime, int]:
        return self.incoming.due_at or self.incoming.asked_at, self.number


class QuestionsStory(RuleBasedStateMachine):
    """Two conversations, two people, two processes; every round on its own surface."""

    state: Ports
    run: Callable[[Awaitable[Any]], Any]

    def __init__(self) -> None:
        super().__init__()
        self.surface = f"面{next(ROUNDS)}"
        self.now = NOW
        self.rows: list[Row] = []
        self.claims: list[Claim] = []
        self.told: list[str] = []

    def teardown(self) -> None:
        """Let time pass until all of it is over: nothing is lost."""
        self.now += 2 * DEADLINE
        self.expire()
        while self.next() is not None:
            self.claim("丙")
            self.finish_with(self.claims[-1], Outcome.ANSWERED)
        self.claim("丙")
        assert all(row.outcome for row in self.rows)
        assert not self.run(self.state.line.any())
        assert self.delivered() == self.told

    # --- what happens ---

    @rule(
        thread=threads,
        asked=st.integers(0, 3),
        asker=st.sampled_from(ASKERS),
        later=st.sampled_from([None, None, 2, 20]),
    )
    def accept(self, thread: str, asked: int, asker: str, later: int | None) -> None:
        number = len(self.rows)
        question = a_question(f"{self.surface} {number}", asked=asked, asker=asker)
        question = replace(
            question,
            origin=replace(question.origin, surface=self.surface),
            conversation=ConversationId(f"{self.surface}:{thread}"),
            expires_at=self.now + DEADLINE,
            due_at=None if later is None else self.now + timedelta(seconds=later),
        )
        accepted = self.run(self.state.questions.accept(question, now=self.now))
        assert accepted.new
        self.rows.append(Row(accepted.question, question, number))

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), event=st.sampled_from(["", "他"]))
    def deliver_again(self, data: st.DataObject, event: str) -> None:
        row = data.draw(st.sampled_from(self.rows))
        again = replace(row.incoming, event=row.incoming.event + event)
        accepted = self.run(self.state.questions.accept(again, now=self.now))
        assert (accepted.question, accepted.new) == (row.id, False)

    @rule(seconds=st.sampled_from([1, 15, 30, 600]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(worker=workers)
    def claim(self, worker: str) -> None:
        expected = self.next()
        claim = self.run(
            self.state.questions.claim(
                worker,
                surfaces={self.surface},
                now=self.now,
                until=self.now + LEASE,
            )
        )
        if expected is None:
            assert claim is None
            return
        expected.attempt += 1
        expected.worker, expected.leased_until = worker, self.now + LEASE
        assert claim == Claim(
            question=expected.id,
            attempt=expected.attempt,
            incoming=expected.incoming,
            staged=expected.staged,
            posted=expected.posted,
        )
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        until = self.now + LEASE
        row = self.done(claim, self.state.questions.renew(claim, until=until))
        if row:
            row.leased_until = until

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if row := self.done(claim, self.state.questions.release(claim)):
            row.leased_until = None

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), text=st.sampled_from(["二十日", "十日"]))
    def stage(self, data: st.DataObject, text: str) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if row := self.done(claim, self.state.questions.stage(claim, text)):
            row.staged = text

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), message=st.sampled_from(["ts1", "ts2"]))
    def post(self, data: st.DataObject, message: str) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        self.done(claim, self.state.questions.posted(claim, message))
        row = self.row(claim.question)
        if message not in row.posted:
            row.posted = (*row.posted, message)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def finish(self, data: st.DataObject, outcome: Outcome) -> None:
        self.finish_with(data.draw(st.sampled_from(self.claims)), outcome)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows))
        notice = self.notice(row.id)
        ended = self.run(
            self.state.questions.end(
                row.id, Outcome.CANCELLED, now=self.now, notices=[notice]
            )
        )
        assert ended == (row.outcome is None and row.staged is None)
        if ended:
            row.outcome = Outcome.CANCELLED
            self.told.append(notice.key)

    @rule()
    def expire(self) -> None:
        late = [
            row
            for row in sorted(
                self.open(), key=lambda row: (row.incoming.asked_at, row.number)
            )
            if row.incoming.expires_at <= self.now
            and row.staged is None
            and not self.leased(row)
        ]
        ended = self.run(
            self.state.inbox_upkeep.expire(
                surfaces={self.surface},
                now=self.now,
                telling=lambda question, _: self.notice(question),
            )
        )
        assert ended == [row.id for row in late]
        for row in late:
            row.outcome = Outcome.EXPIRED
            self.told.append(self.notice(row.id).key)

    @rule(worker=workers)
    def recover(self, worker: str) -> None:
        """The other process was killed."""
        theirs = [
            row for row in self.open() if row.leased_until and row.worker != worker
        ]
        upkeep = self.state.inbox_upkeep
        freed = self.run(upkeep.recover(worker, surfaces={self.surface}))
        assert freed == len(theirs)
        for row in theirs:
            row.leased_until = None

    # --- what is true ---

    @invariant()
    def everybody_is_counted(self) -> None:
        for asker in ASKERS:
            rows = [row for row in self.open() if row.incoming.asker == asker]
            running = sum(map(self.leased, rows))
            line = self.state.line
            load = self.run(line.load(asker, surface=self.surface, now=self.now))
            assert load == Load(running=running, waiting=len(rows) - running)

    @invariant()
    def everybody_knows_their_place(self) -> None:
        for row in self.rows:
            ahead = self.run(self.state.line.ahead(row.id))
            before = [each for each in self.open() if each.place < row.place]
            assert ahead == (None if row.outcome else len(before))

    @invariant()
    def what_was_answered_is_remembered(self) -> None:
        for thread in {row.incoming.conversation for row in self.rows}:
            turns = self.run(self.state.conversations.turns(thread, limit=99))
            answered = [
                row.id
                for row in sorted(self.rows, key=lambda row: row.place)
                if row.incoming.conversation == thread
                and row.outcome is Outcome.ANSWERED
            ]
            assert sorted(turn.question for turn in turns) == sorted(answered)

    # --- how it is told ---

    def open(self) -> list[Row]:
        return [row for row in self.rows if row.outcome is None]

    def leased(self, row: Row) -> bool:
        return row.leased_until is not None and row.leased_until > self.now

    def row(self, question: QuestionId) -> Row:
        return next(row for row in self.rows if row.id == question)

    def next(self) -> Row | None:
        """Return what can run and was asked first."""
        for row in sorted(self.open(), key=lambda row: row.place):
            beside = [
                other
                for other in self.open()
                if other is not row
                and other.incoming.conversation == row.incoming.conversation
            ]
            if (
                not self.leased(row)
                and (row.incoming.due_at or self.now) <= self.now
                and (row.incoming.expires_at > self.now or row.staged is not None)
                and not any(map(self.leased, beside))
                and all(row.place < other.place for other in beside)
            ):
                return row
        return None

    def done(self, claim: Claim, step: Awaitable[None]) -> Row | None:
        """Do a step of a claim; return its row if the claim still holds."""
        row = self.row(claim.question)
        if row.outcome is None and row.attempt == claim.attempt:
            self.run(step)
            return row
        with pytest.raises(Conflict):
            self.run(step)
        return None

    def finish_with(self, claim: Claim, outcome: Outcome) -> None:
        answered = outcome is Outcome.ANSWERED
        step = self.state.questions.finish(
            claim,
            outcome,
            now=self.now,
            turn=a_turn(claim.question) if answered else None,
            notices=[self.notice(claim.question)],
        )
        if row := self.done(claim, step):
            row.outcome = outcome
            self.told.append(self.notice(claim.question).key)

    def notice(self, question: QuestionId) -> Notice:
        return Notice(key=f"{question} 終", surface=self.surface, content="{}")

    def delivered(self) -> list[str]:
        """Deliver the whole outbox, and return the keys in order."""
        keys = []
        outbox = self.state.outbox
        while errand := self.run(
            outbox.take(surfaces={self.surface}, now=self.now, until=self.now + LEASE)
        ):
            keys.append(errand.notice.key)
            self.run(outbox.done(errand, now=self.now))
        return keys


def tell(opened: AbstractAsyncContextManager[Ports]) -> None:
    """Run any story of questions against a state, once it is open.

    With `--hypothesis-profile=nightly` many more.
    """
    by_night = settings.get_current_profile_name() == "nightly"
    with asyncio.Runner() as loop:
        stack = AsyncExitStack()
        state = loop.run(stack.enter_async_context(opened))

        async def awaited(work: Awaitable[Result]) -> Result:
            return await work

        class Told(QuestionsStory):
            def __init__(self) -> None:
                self.state = state
                self.run = lambda work: loop.run(awaited(work))
                super().__init__()

        try:
            run_state_machine_as_test(
                Told,
                settings=settings(
                    max_examples=NIGHTLY if by_night else SHORT,
                    stateful_step_count=STEPS,
                    deadline=None,
                ),
            )
        finally:
            loop.run(stack.aclose())
