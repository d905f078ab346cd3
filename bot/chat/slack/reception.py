"""Takes what Slack delivers: every question is in the inbox before Slack hears so."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, assert_never

from bot.chat.rush import Rush
from bot.chat.slack import actions
from bot.chat.slack.cancelling import Cancelling
from bot.chat.slack.directory import Directory
from bot.chat.slack.errands import EDITED, Offer, Sharing, Withdrawal, notice, task
from bot.chat.slack.intake import Intake
from bot.chat.slack.notices import Notices
from bot.chat.slack.overhearing import AT_ONCE, Overhearing, Stopping
from bot.chat.slack.repeats import Repeats
from bot.chat.slack.sparing import Sparing
from bot.chat.slack.spoken import spoken
from bot.chat.slack.taken import (
    Again,
    Asked,
    AskedAgain,
    CancelMine,
    CompanyChanged,
    Deleted,
    EditAsked,
    Edited,
    FollowedUp,
    HelpWanted,
    Hushed,
    Replied,
    StopPressed,
    Taken,
    WithdrawalWanted,
)
from bot.core.inbox import (
    Accepted,
    Incoming,
    Kind,
    Limit,
    Notice,
    Origin,
    QuestionId,
)
from bot.core.model import ConversationId, Language, Outcome
from bot.core.ports import Askings, Inbox, Outbox, Threads
from bot.text import replies
from bot.text.language import detect
from bot.text.phrases import Phrase

TIMES: Final = 10
"""So often somebody asks once more what had no answer."""

ENGAGED: Final = timedelta(days=14)
"""How long a thread is answered in without a mention after something was asked."""


class Lookups(Threads, Askings, Protocol):
    """What people refer to."""


class Work(Stopping, Protocol):
    """What works on questions, and can be woken."""

    def wake(self) -> None:
        """Look into the inbox now."""


class Reception:
    """Does what a delivery asks for; whatever comes twice is done once.

    Raises `Unavailable` where nothing was stored: Slack must deliver it again.
    """

    def __init__(
        self,
        intake: Intake,
        directory: Directory,
        work: Work,
        notices: Notices,
        /,
        *,
        inbox: Inbox,
        lookups: Lookups,
        outbox: Outbox,
        clock: Callable[[], datetime],
        rush: Rush | None = None,
        hears_threads: bool = True,
    ) -> None:
        self._intake = intake
        self._repeats = Repeats(us=intake.us, terms=intake.terms)
        self._directory = directory
        self._work = work
        self._notices = notices
        self._inbox = inbox
        self._lookups = lookups
        self._outbox = outbox
        self._clock = clock
        self._rush = rush or Rush()
        self._hears_threads = hears_threads
        self._overhearing = Overhearing(
            intake.terms.overhears, work, inbox=inbox, lookups=lookups, clock=clock
        )
        self._cancelling = Cancelling(work, inbox=inbox, lookups=lookups, clock=clock)
        self._sparing = Sparing()

    async def take(self, body: Mapping[str, Any], /) -> str | None:
        """Take a delivery; returns what to say at once to who did it."""
        taken = self._intake.read(body, now=self._clock())
        if taken is None:
            return None
        with self._rush.taking():
            said = await self._take(taken)
        self._work.wake()
        self._notices.wake()
        return said

    async def stop(self, body: Mapping[str, Any], /) -> str | None:
        """Stop for an administrator what others asked; Slack is asked who that is.

        Returns what to say to somebody else, and that it is too late.
        """
        taken = self._intake.read(body, now=self._clock())
        if not isinstance(taken, StopPressed):
            return None
        meant = await self._cancelling.meant(taken)
        others = [question for question, asker in meant if asker != taken.user]
        if not others:
            return None
        default = self._intake.terms.language
        language = await spoken(self._directory, taken.user, default=default)
        if not await self._directory.is_admin(taken.user):
            return replies.NOT_YOURS.say(language)
        return await self._cancelling.stop(others, language)

    async def _take(self, taken: Taken) -> str | None:
        match taken:
            case Asked(incoming=incoming):
                return await self._asked(incoming)
            case CancelMine():
                return await self._cancelling.stop_all(taken)
            case HelpWanted(language=first):
                # An ack cannot wait for Slack to say what somebody speaks.
                both = sorted(Language, key=lambda language: language is not first)
                return "\n\n".join(replies.ASK_HELP.say(each) for each in both)
            case FollowedUp() | Hushed() | Replied() | AskedAgain() | EditAsked():
                return await self._spoken(taken)
            case StopPressed():
                return await self._stopped(taken)
            case Edited() | Deleted() | WithdrawalWanted() | CompanyChanged():
                await self._changed(taken)
            case _:
                assert_never(taken)
        return None

    # --- questions ---------------------------------------------------------------

    async def _asked(self, incoming: Incoming) -> str | None:
        if incoming.kind is Kind.DIRECT and incoming.origin.thread is not None:
            incoming = await self._within(incoming)
        if incoming.kind is Kind.OVERHEARD:
            await self._overhearing.take(incoming)
            return None
        if incoming.kind is Kind.MENTION and incoming.origin.thread is not None:
            await self._overhearing.make_room(incoming.conversation)
            await self._lookups.resume(incoming.conversation)
        if incoming.kind in {Kind.COMMAND, Kind.SHORTCUT}:
            accepted = await self._accept(incoming, told=True)
            said = replies.BUSY if accepted.refused else replies.IN_DIRECT
            return said.say(incoming.language)
        await self._accept(incoming)
        if incoming.kind is Kind.MENTION and not self._hears_threads:
            key = f"mention_only:{incoming.origin.channel}"
            told = notice(key, incoming, replies.MENTION_ONLY)
            await self._outbox.put([told], now=self._clock())
        return None

    async def _within(self, incoming: Incoming) -> Incoming:
        """Go on with the conversation that an answer of ours in a thread is of."""
        root = replace(incoming.origin, message=incoming.origin.thread)
        found = await self._lookups.opened_by(root, asker=incoming.asker)
        return replace(incoming, conversation=found) if found else incoming

    async def _spoken(
        self, taken: FollowedUp | Hushed | Replied | AskedAgain | EditAsked
    ) -> str | None:
        match taken:
            case FollowedUp(incoming=incoming):
                await self._followed_up(incoming)
            case Hushed(incoming=incoming):
                await self._hush(incoming)
            case Replied():
                await self._overhearing.heard(taken)
            case AskedAgain():
                return await self._ask_again(taken)
            case EditAsked():
                return await self._ask_edited(taken)
            case _:
                assert_never(taken)
        return None

    async def _ask_edited(self, edit: EditAsked) -> str | None:
        before = await self._lookups.incoming(QuestionId(edit.question))
        if before is None or before.asker != edit.user:
            return None
        edited = self._repeats.edited(before, edit, now=self._clock())
        return await self._accept_anew(edited)

    async def _ask_again(self, again: AskedAgain) -> str | None:
        """Ask once more; returns why not, for who pressed."""
        now = self._clock()
        before = await self._lookups.incoming(QuestionId(again.question))
        if before is None or not before.text:
            return None
        if again.how is Again.SHARED:
            sharing = Sharing(question=again.question, person=again.user)
            told = task(f"share:{again.question}", sharing)
            await self._outbox.put([told], now=now)
            return None
        return await self._accept_anew(self._repeats.again(before, again, now=now))

    async def _engaged(self, conversation: ConversationId) -> bool:
        since = self._clock() - ENGAGED
        return await self._lookups.engaged(conversation, since=since)

    async def _followed_up(self, incoming: Incoming) -> None:
        if await self._engaged(incoming.conversation):
            await self._accept(incoming)
        else:
            here = incoming.conversation
            await self._overhearing.give_way(here, to=incoming.asker)

    async def _hush(self, incoming: Incoming) -> None:
        if incoming.kind is Kind.DIRECT:
            await self._say_hushed(incoming, replies.HUSHED_ALONE)
            return
        await self._overhearing.make_room(incoming.conversation)
        if not await self._engaged(incoming.conversation):
            return
        await self._lookups.hush(incoming.conversation, now=self._clock())
        await self._say_hushed(incoming, replies.HUSHED)

    async def _say_hushed(self, incoming: Incoming, phrase: Phrase) -> None:
        language = await self._understood(incoming)
        heard = replace(incoming, language=language)
        told = notice(f"hushed:{incoming.event}", heard, phrase)
        await self._outbox.put([told], now=self._clock())

    async def _understood(self, incoming: Incoming) -> Language:
        """Return the language of who says one fixed word, such as `mute`."""
        if detect(incoming.text) is Language.JA:
            return Language.JA
        spoken_there = await self._lookups.language(incoming.conversation)
        return spoken_there or self._intake.terms.language

    async def _accept_anew(self, incoming: Incoming) -> str | None:
        """Store what is asked once more, unless that is being answered, or was.

        Returns why not, for who pressed.
        """
        for number in range(1, TIMES + 1):
            event = f"{incoming.event}:{number}" if number > 1 else incoming.event
            accepted = await self._accept(replace(incoming, event=event), told=True)
            if accepted.refused:
                return replies.BUSY.say(incoming.language)
            if accepted.new:
                return None
            outcome = await self._lookups.outcome(accepted.question)
            if outcome in {None, Outcome.ANSWERED}:
                return None
        return None

    async def _accept(self, incoming: Incoming, *, told: bool = False) -> Accepted:
        """Store a question; the third of a person that is open is refused at once.

        Who is `told` so in answer to what they did finds no notice.
        """
        now = self._clock()

        def telling(refused: QuestionId) -> Notice | None:
            if told or not self._sparing.allows(*_where(incoming), now=now):
                return None
            return notice(f"busy:{refused}", incoming, replies.BUSY)

        limit = Limit(open=AT_ONCE, telling=telling)
        return await self._inbox.accept(incoming, now=now, limit=limit)

    # --- what becomes of them ------------------------------------------------------

    async def _changed(
        self,
        taken: Edited | Deleted | WithdrawalWanted | CompanyChanged,
    ) -> None:
        match taken:
            case Edited():
                await self._edited(taken)
            case Deleted(origin=origin):
                await self._deleted(origin)
            case WithdrawalWanted():
                await self._withdraw(taken)
            case CompanyChanged(channel=channel):
                self._directory.changed(channel)
            case _:
                assert_never(taken)

    async def _edited(self, edited: Edited) -> None:
        """Have a question that waits ask something else, if its asker wants so.

        What asks nothing now is kept nowhere.
        """
        question = await self._inbox.find(edited.origin)
        before = question and await self._lookups.incoming(question)
        if not question or not before or before.asker != edited.user:
            return
        asks = edited.asks if before.kind is Kind.OVERHEARD else edited.asks_us
        if not asks:
            await self._overhearing.drop(question)
        elif not await self._lookups.replace(question, edited.text, edited.language):
            await self._offer(question, before, edited)

    async def _offer(
        self, question: QuestionId, before: Incoming, edited: Edited
    ) -> None:
        """Offer to answer what a question says now that it is too late to change."""
        if not edited.text or edited.text == before.text:
            return
        if before.kind is Kind.OVERHEARD and not await self._shown(question):
            return
        await self._outbox.put([_offer(question, before, edited)], now=self._clock())

    async def _shown(self, question: QuestionId) -> bool:
        return bool(await self._lookups.messages(question))

    async def _deleted(self, origin: Origin) -> None:
        """End a question that nobody asks any more, and take its answer away."""
        question = await self._inbox.find(origin)
        if question is not None:
            now = self._clock()
            await self._inbox.end(question, Outcome.CANCELLED, now=now)
            self._work.stop(question)
            gone = task(f"withdraw:{question}", Withdrawal(question=question))
            await self._outbox.put([gone], now=now)

    async def _withdraw(self, wanted: WithdrawalWanted) -> None:
        question = QuestionId(wanted.question)
        incoming = await self._lookups.incoming(question)
        if incoming is not None and incoming.asker == wanted.user:
            content = Withdrawal(question=question, wanted=True)
            gone = task(f"withdraw:{question}:wanted", content)
            await self._outbox.put([gone], now=self._clock())

    async def _stopped(self, taken: StopPressed) -> str | None:
        """Stop what is the asker's own; returns that it is too late."""
        meant = await self._cancelling.meant(taken)
        mine = [question for question, asker in meant if asker == taken.user]
        return await self._cancelling.stop(mine, self._intake.terms.language)


def _where(incoming: Incoming) -> tuple[str, str, str]:
    """Return who is told where and because of what: a direct channel is one place."""
    direct = incoming.kind is Kind.DIRECT
    place = incoming.origin.channel if direct else incoming.conversation
    return incoming.asker, place, incoming.event


def _offer(question: QuestionId, before: Incoming, edited: Edited) -> Notice:
    """Return what is offered; what is too long for a button is told so."""
    value = actions.edited(question, edited.text)
    if value is None:
        return notice(f"{EDITED}:{question}:long", before, replies.EDITED_LONG)
    label = replies.ASK_EDITED.say(before.language)
    offer = Offer(action=actions.ASK_EDITED, value=value, label=label)
    return notice(f"{EDITED}:{value}", before, replies.EDITED, offer=offer)
