"""Many questions, processes that die, a Slack that fails: one outcome for each."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot.chat.desk import Desk
from bot.chat.slack.showing import Showings
from bot.chat.surface import Posted, Showing
from bot.core.access import PUB, Audience
from bot.core.inbox import Claim, Incoming, QuestionId
from bot.core.model import (
    AnswerEvent,
    ConversationId,
    Finished,
    Question,
    Searching,
    Sentence,
)
from bot.state.store import State, open_state
from tests.fakes.shown import Thread, answered, asked, commanded
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import CUT_AFTER, CUT_BEFORE, Fault, fail, ratelimited
from tests.fakes.slack.model import Message

QUESTIONS = 24
METHODS = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "conversations.open",
    "conversations.replies",
    "conversations.history",
    "assistant.threads.setStatus",
)
FAULTS: list[Fault] = [CUT_AFTER, CUT_BEFORE, fail(500), ratelimited(2)]


@dataclass
class Board:
    """The surface of one process."""

    showings: Showings
    name: str = "slack"

    async def audience(self, incoming: Incoming, /) -> Audience:
        """Everybody sees what is public."""
        del incoming
        return Audience(principals=frozenset({PUB}))

    def showing(
        self, claim: Claim, posted: Posted, /
    ) -> AbstractAsyncContextManager[Showing]:
        """Show it in Slack."""
        return self.showings.showing(claim, posted)


@dataclass
class Firm:
    """People who ask, and processes that answer for as long as they live."""

    thread: Thread
    state: State
    dice: random.Random
    asked: dict[int, QuestionId] = field(default_factory=dict)
    kills: int = 0

    @property
    def slack(self) -> Slack:
        """Where they ask."""
        return self.thread.slack

    async def ask(self, number: int, root: Message) -> None:
        """Ask in a thread, now and then by a command."""
        later = self.slack.clock.datetime() + timedelta(hours=9)
        if self.dice.random() < 0.2:
            incoming = replace(
                commanded(self.slack),
                event=f"Trigger{number}",
                text=f"番号{number}は？",
                conversation=ConversationId(f"slack:command:{number}"),
                expires_at=later,
            )
        else:
            text = f"@shirube 番号{number}は？"
            message = await self.slack.say("tanaka", "general", text, thread=root)
            incoming = asked(message, expires_at=later)
        now = self.slack.clock.datetime()
        accepted = await self.state.questions.accept(incoming, now=now)
        self.asked[number] = accepted.question

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer in some sentences, short and long ones."""
        yield Searching(queries=(question.text,))
        found = re.search(r"番号(\d+)", question.text)
        assert found is not None
        sentences = [
            f"質問{found[1]}の{n}文目です。{'長い' * self.dice.choice([1, 400])}[1]"
            for n in range(self.dice.randint(1, 6))
        ]
        for sentence in sentences:
            yield Sentence(text=sentence)
            await asyncio.sleep(0)
        answer = answered("".join(sentences)).answer
        assert answer is not None
        yield Finished(answer=answer)

    async def open(self) -> int:
        """Count the questions without an outcome."""
        places = [await self.state.line.ahead(q) for q in self.asked.values()]
        return sum(place is not None for place in places)

    async def live(self, worker: str, *, last: bool) -> None:
        """Answer until killed; the last process answers what is left, in peace."""
        await self.state.inbox_upkeep.recover(worker, surfaces=["slack"])
        desk = Desk(
            surface=Board(self.thread.process()),
            answer=self.answer,
            claims=self.state.questions,
            conversations=self.state.conversations,
            worker=worker,
            clock=self.slack.clock.datetime,
            pause=self.thread.pause,
        )
        running = asyncio.create_task(desk.run())
        self.slack.platform.streaming = last or self.dice.random() < 0.7
        await (self._until_empty() if last else self._trouble())
        self.thread.right.over = True  # so that nothing of it is sent any more
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        self.thread.right.over = False

    async def _trouble(self) -> None:
        for _ in range(self.dice.randint(5, 80)):
            if self.dice.random() < 0.3:
                method, fault = self.dice.choice(METHODS), self.dice.choice(FAULTS)
                self.slack.faults.next(method, fault)
            await self._pass()
        self.kills += 1

    async def _until_empty(self) -> None:
        self.slack.faults.clear()
        async with asyncio.timeout(60):
            while await self.open():
                await self._pass()

    async def _pass(self) -> None:
        """Let a moment pass, for people and for programs."""
        await self.slack.clock.advance(0.3)
        await asyncio.sleep(self.dice.choice([0, 0.001, 0.003]))


async def test_rows_1_4_5_every_question_has_one_outcome_whatever_dies(
    slack: Slack, thread: Thread, tmp_path: Path
) -> None:
    """Kills at random moments, cut connections, ambiguous posts, 5xx and 429."""
    async with open_state(tmp_path, clock=slack.clock.datetime) as state:
        thread.owner = state.questions.answered_by
        firm = Firm(thread, state, random.Random(7))
        roots = [await slack.say("sato", "general", "始めます") for _ in range(5)]
        for number in range(QUESTIONS):
            await firm.ask(number, firm.dice.choice(roots))

        for life in range(8):
            await firm.live(f"第{life}代", last=False)
        await firm.live("最後", last=True)

    ours = [
        message
        for channel in slack.workspace.channels.values()
        for message in channel.messages.values()
        if message.user == slack.bot.id and not message.deleted
    ]
    outcomes: Counter[QuestionId] = Counter()
    for message in ours:
        shown = message.reads
        outcomes.update(
            firm.asked[int(number)]
            for number in re.findall(r"質問(\d+)の0文目です", shown)
        )
        if "うまく答えられませんでした" in shown:  # it was killed with it every time
            outcomes.update(q for q in firm.asked.values() if q[:8] in shown)
    assert firm.kills == 8
    assert outcomes == Counter(firm.asked.values())
    assert all(message.stream is None for message in ours)
