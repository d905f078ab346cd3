"""The whole bot before the fake Slack, answering from documents of the test."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.answering.pipeline import Answering
from bot.backends.memory import MemoryIndex
from bot.backends.memory_models import MemoryLanguageModel, Script
from bot.chat.slack import actions
from bot.core.model import AnswerEvent, Profile, Question
from bot.core.ports import Completion, LanguageModel, Token
from bot.core.ports import Message as Told
from bot.state.ageing import Ageing
from bot.state.store import open_state
from bot.telemetry.metrics import Metrics
from tests.fakes.house import House, Writes
from tests.fakes.shown import Right
from tests.fakes.slack import Slack
from tests.fakes.slack.model import Message
from tests.fakes.slack_bot import Answerer, Around, Bot, platform
from tests.fakes.source import MemorySource, Page


class Obedient(MemoryLanguageModel):
    """Writes what it is told to, after `meanwhile` has happened."""

    def __init__(self) -> None:
        super().__init__(context=400_000, output=300_000)
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def say(self, *scripts: Script) -> None:
        """Set what is written from now on."""
        self._scripts = list(scripts)

    @property
    def told(self) -> str:
        """Everything that it was ever given."""
        return "\n".join(message.text for prompt in self.prompts for message in prompt)

    async def generate(
        self, messages: Sequence[Told], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        """Write it."""
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        async for event in super().generate(messages, profile=profile):
            yield event


@dataclass
class Reader(Answerer):
    """Answers from documents."""

    answering: Answering | None = None

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer a question."""
        assert self.answering is not None
        self.asked.append(question)
        async for event in self.answering.answer(question):
            yield event


@dataclass
class Library:
    """A bot that runs, with the documents that it answers from."""

    slack: Slack
    bot: Bot
    house: House
    source: MemorySource = field(default_factory=MemorySource)

    async def read(self, **pages: Page) -> None:
        """Change these documents and sync."""
        self.source.pages |= pages
        await self.house.sync(self.source)

    async def ask(self, who: str, where: str, text: str) -> str:
        """Ask where `dm` is one's own conversation; return all of what is shown."""
        direct = where == "dm"
        channel = self.slack.dm(who) if direct else where
        said = await self.slack.say(
            who, channel, text if direct else f"@shirube {text}"
        )
        return await self.shown(said)

    async def follow_up(self, who: str, to: Message, text: str) -> str:
        """Write in a thread; return what is shown then."""
        before = len(self.slack.replies(to))
        said = await self.slack.say(who, to.channel, text, thread=to)
        return await self.shown(said, before=before)

    async def told(self, who: str) -> str:
        """Wait for the end of an answer in somebody's conversation with the bot."""
        channel = self.slack.dm(who)

        def answered() -> list[Message]:
            roots = [m for m in channel.messages.values() if m.thread_ts is None]
            return [root for root in roots if self.bot.answers(root)]

        [*_, last] = await self.slack.until(answered, within=20)
        return await self.shown(last)

    async def shown(self, message: Message, *, before: int = 0) -> str:
        """Wait for the end of an answer; return everything of it that is read."""

        def ended() -> list[Message]:
            replies = self.slack.replies(message)[before:]
            moving = any(actions.STOP in str(reply.blocks) for reply in replies)
            return [] if moving or not self.bot.answers(message)[before:] else replies

        replies = await self.slack.until(ended, within=20)
        return "\n".join(reply.reads for reply in replies)


@asynccontextmanager
async def library(
    slack: Slack,
    folder: Path,
    pages: dict[str, Page],
    around: Around | None = None,
    /,
    *,
    model: LanguageModel | None = None,
    index: MemoryIndex | None = None,
    ageing: Ageing | None = None,
) -> AsyncIterator[Library]:
    """Read documents, then run the bot; without a model it quotes them."""
    slack.tiers.enforced = False
    async with open_state(folder, clock=slack.clock.datetime, ageing=ageing) as state:
        chunks = index or MemoryIndex()
        house = House(state=state, index=chunks, writes=Writes(chunks), model=model)
        source = MemorySource(dict(pages))
        await house.sync(source)
        reader = Reader(slack.platform.notify, answering=house.answering())
        right = Right()
        metrics = Metrics()
        made = platform(slack, state, reader, around or Around(), metrics=metrics)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(made.run(right))
            try:
                await slack.until(lambda: len(slack.sockets.open) > 1)
                bot = Bot(slack, state, made, reader, right, metrics)
                yield Library(slack, bot, house, source)
            finally:
                running.cancel()
