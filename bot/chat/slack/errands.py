"""What the outbox has Slack do: sentences, answers to take away, questions to share.

Each is done once as far as can be seen: what may have been done is looked for first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeAlias, assert_never

from pydantic import Field, TypeAdapter

from bot.chat.slack import actions
from bot.chat.slack.contents import followable
from bot.chat.slack.directory import Directory
from bot.chat.slack.literal import line, literal
from bot.chat.slack.markup import escaped
from bot.chat.slack.placing import is_private
from bot.chat.slack.posting import Content, Json, Posting, Spot, mark, marked
from bot.chat.slack.refusals import Denied, Missing
from bot.chat.slack.repeats import Repeats
from bot.chat.slack.spoken import spoken
from bot.chat.slack.terms import SURFACE
from bot.core.errors import Unavailable
from bot.core.inbox import Errand, Incoming, Notice, QuestionId
from bot.core.ports import Askings, Inbox
from bot.text import chatting, pressing, replies
from bot.text.phrases import Phrase

EDITED: Final = "edited"
"""Begins the key of an offer to answer an edited question again."""

NOTICE: Final = "notice"
"""What such a message is, as its metadata says."""

_LABELS: Final = {
    actions.AGAIN: chatting.AGAIN,
    actions.ASK_EDITED: replies.ASK_EDITED,
    actions.WITHDRAW: replies.TAKE_AWAY,
}

SOON: Final = 5.0
"""Seconds until one looks again whether an answer stands that is to go."""

_PATIENCE: Final = 1.0
"""Seconds for which the sentences of others wait for it."""

_TITLE: Final = 250
_BACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A button below a sentence; it speaks as who may press it has Slack.

    `label` is for people of whom that is not known.
    """

    action: str
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document that is named below a sentence; `label` is on what opens it."""

    text: str
    url: str | None
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence for a person: in a thread, or where only that person reads it.

    `calls` is a group of people who are notified of it, `named` what they are shown
    with it. In a channel without a thread it begins one; where it cannot, the person
    is told what is `otherwise`.
    """

    kind: Literal["told"] = "told"
    text: str
    person: str
    channel: str | None = None
    thread: str | None = None
    offer: Offer | None = None
    calls: str | None = None
    named: tuple[Named, ...] = ()
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The answer to a question that was deleted, to be taken away.

    Unless it is `wanted`, it stays where others have gone on after it, and the asker
    is asked.
    """

    kind: Literal["withdrawal"] = "withdrawal"
    question: str
    wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """A question that was answered privately, to be asked in its channel too."""

    kind: Literal["sharing"] = "sharing"
    question: str
    person: str


Task: TypeAlias = Annotated[Told | Withdrawal | Sharing, Field(discriminator="kind")]
_TASK: TypeAdapter[Told | Withdrawal | Sharing] = TypeAdapter(Task)


def notice(
    key: str, incoming: Incoming, phrase: Phrase, /, *, offer: Offer | None = None
) -> Notice:
    """Return what is told where the answer to a question would have been."""
    origin = incoming.origin
    private = is_private(incoming)
    told = Told(
        text=phrase.say(incoming.language),
        person=incoming.asker,
        channel=None if private else origin.channel,
        thread=None if private else origin.thread or origin.message,
        offer=offer,
    )
    return task(key, told)


def task(key: str, content: Told | Withdrawal | Sharing, /) -> Notice:
    """Return something to do, which is done once by this key."""
    return Notice(key=key, surface=SURFACE, content=_TASK.dump_json(content).decode())


class Errands:
    """Does in one workspace what is in the outbox.

    `left` returns when nothing more is posted for a question.
    """

    def __init__(
        self,
        posting: Posting,
        directory: Directory,
        repeats: Repeats,
        /,
        *,
        inbox: Inbox,
        lookups: Askings,
        clock: Callable[[], datetime],
        left: Callable[[QuestionId], Awaitable[None]],
    ) -> None:
        self._posting = posting
        self._directory = directory
        self._repeats = repeats
        self._inbox = inbox
        self._lookups = lookups
        self._clock = clock
        self._left = left

    async def run(self, errand: Errand, /) -> None:
        """Do one; raises `Denied` where Slack says no, and `Unavailable`."""
        content = _TASK.validate_json(errand.notice.content)
        match content:
            case Told():
                await self._tell_or_say_so(errand, content)
            case Withdrawal():
                await self._withdraw(errand, content)
            case Sharing():
                await self._share(errand, content)
            case _:
                assert_never(content)

    # --- sentences ----------------------------------------

    async def _tell_or_say_so(self, errand: Errand, told: Told) -> None:
        try:
            if told.calls and told.channel and told.thread is None:
                await self._require_in(told.person, told.channel)
            await self._tell(errand, told)
        except Denied:
            if not told.otherwise:
                raise
            await self._tell(errand, Told(text=told.otherwise, person=told.person))

    async def _require_in(self, person: str, channel: str) -> None:
        """Raise `Denied` for who has something said in a channel they have left."""
        if not await self._directory.is_in(person, channel):
            raise Denied("not_in_channel")

    async def _tell(self, errand: Errand, told: Told) -> str:
        channel = told.channel or await self._posting.direct(told.person)
        found = await self._standing(errand, channel, told.thread)
        if found is not None:
            return found
        blocks = _call(told) if told.calls else await self._blocks(told)
        content = Content(text=escaped(told.text), blocks=blocks)
        marks = mark(errand.notice.key, NOTICE)
        if told.thread is None:
            return await self._posting.open(channel, content, mark=marks)
        spot = Spot(
            channel=channel,
            thread=told.thread,
            reader=told.person,
            team=self._repeats.us.team,
        )
        return await self._posting.post(spot, content, mark=marks)

    async def _blocks(self, told: Told) -> list[Json]:
        """Return the blocks of a sentence that has a button; no others need any."""
        offer = told.offer
        if offer is None:
            return []
        language = await spoken(self._directory, told.person, default=None)
        label = _LABELS[offer.action].say(language) if language else offer.label
        button = {
            "type": "button",
            "action_id": offer.action,
            "value": offer.value,
            "text": _plain(label),
        }
        return [
            {"type": "section", "text": _plain(told.text)},
            {"type": "actions", "elements": [button]},
        ]

    async def _standing(
        self, errand: Errand, channel: str, thread: str | None
    ) -> str | None:
        """Return what an earlier attempt posted, as far as can be seen."""
        if errand.attempt == 1:
            return None
        oldest = thread or f"{(self._clock() - _BACK).timestamp():.6f}"
        try:
            found = await self._posting.since(channel, oldest, thread=thread)
        except Denied:
            return None
        ours = (errand.notice.key, NOTICE)
        for message in found:
            if marked(message) == ours:
                return str(message["ts"])
        return None

    # --- answers that go ----------------------------------------

    async def _withdraw(self, errand: Errand, withdrawal: Withdrawal) -> None:
        question = QuestionId(withdrawal.question)
        incoming = await self._lookups.incoming(question)
        if incoming is None:
            return
        await self._require_done(incoming, question)
        shown = await self._lookups.messages(question)
        stays = shown and not withdrawal.wanted
        if stays and await self._went_on(incoming, shown):
            await self._offer(errand, incoming, question)
        else:
            await self._delete(incoming, shown)
        await self._delete(incoming, await self._notices(incoming, question))

    async def _require_done(self, incoming: Incoming, question: QuestionId) -> None:
        """Wait until nothing more is posted: what is posted later would stay."""
        message = f"the answer to {question} is to go, and is being posted"
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._left(question)
        except TimeoutError as error:
            raise Unavailable(message, retry_after=SOON) from error
        still_open = await self._lookups.open_in(incoming.conversation)
        if question in [name for name, _ in still_open]:
            raise Unavailable(message, retry_after=SOON)

    async def _delete(self, incoming: Incoming, messages: Sequence[str]) -> None:
        for message in messages:
            try:
                await self._posting.delete(incoming.origin.channel, message)
            except Denied:
                continue  # it is gone, or never was a message

    async def _notices(self, incoming: Incoming, question: QuestionId) -> list[str]:
        """Find what was told or offered about a question: it goes with it."""
        origin = incoming.origin
        thread, asked = origin.thread or origin.message, origin.message
        if thread is None or asked is None:
            return []
        try:
            found = await self._posting.since(origin.channel, asked, thread=thread)
        except Denied:
            return []
        return [str(message["ts"]) for message in found if _about(message, question)]

    async def _went_on(self, incoming: Incoming, shown: tuple[str, ...]) -> bool:
        """Whether somebody wrote after the question; who cannot tell leaves it."""
        origin = incoming.origin
        thread, asked = origin.thread or origin.message, origin.message
        if thread is None or asked is None:
            return True
        try:
            found = await self._posting.since(origin.channel, asked, thread=thread)
        except Missing:
            return False
        except Denied:
            return True
        return any(
            message.get("user") != self._repeats.us.user
            and message["ts"] not in {thread, asked, *shown}
            for message in found
        )

    async def _offer(
        self, errand: Errand, incoming: Incoming, question: QuestionId
    ) -> None:
        """Ask who deleted a question whether the answer is to go too."""
        language = incoming.language
        label = replies.TAKE_AWAY.say(language)
        told = Told(
            text=replies.ANSWER_STAYS.say(language),
            person=incoming.asker,
            offer=Offer(action=actions.WITHDRAW, value=question, label=label),
        )
        await self._tell(errand, told)

    # --- questions that are shared ----------------------------------------

    async def _share(self, errand: Errand, sharing: Sharing) -> None:
        question = QuestionId(sharing.question)
        before = await self._lookups.incoming(question)
        if before is None:
            return
        if not before.text:
            said = pressing.FORGOTTEN.say(before.language)
            await self._tell(errand, Told(text=said, person=sharing.person))
            return
        try:
            thread = await self._opened(errand, before, sharing.person)
        except Denied:
            said = replies.NOT_SHARED.say(before.language)
            await self._tell(errand, Told(text=said, person=sharing.person))
            return
        incoming = self._repeats.shared(
            before, sharing.person, thread, now=self._clock()
        )
        await self._inbox.accept(incoming, now=self._clock())

    async def _opened(self, errand: Errand, before: Incoming, person: str) -> str:
        """Open a thread in the channel that says what is asked."""
        await self._require_in(person, before.origin.channel)
        asked = line(literal(before.text), characters=_TITLE)
        said = replies.SHARED.say(before.language, question=asked)
        told = Told(text=said, person=person, channel=before.origin.channel)
        return await self._tell(errand, told)


def _call(told: Told) -> list[Json]:
    """Return the blocks that call people: of messages with blocks only those do."""
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": _called(told)}},
        {"type": "section", "text": _plain(told.text)},
        *(_opened(number, each) for number, each in enumerate(told.named, start=1)),
    ]


def _called(told: Told) -> str:
    """Name the group, and in a thread of our own who asks: nobody would know it."""
    asker = f" <@{told.person}>" if told.thread is None else ""
    return f"<!subteam^{told.calls}>{asker}"


def _opened(number: int, named: Named) -> Json:
    """Name a document, with a button that opens it."""
    block: Json = {"type": "section", "text": _plain(named.text)}
    url = followable(named.url)
    if url is None:
        return block
    button = {
        "type": "button",
        "action_id": actions.numbered(actions.LINK, number),
        "text": _plain(named.label),
        "url": url,
    }
    return block | {"accessory": button}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def _about(message: Mapping[str, Any], question: QuestionId) -> bool:
    key, part = marked(message) or ("", "")
    return part == NOTICE and question in key.split(":")
