"""Answers what waits in the inbox: claims it, sees it through, ends it once."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, repeat
from typing import Final, TypeAlias

import structlog

from bot.answering.streams import closing
from bot.chat.course import Course, Timing
from bot.chat.endings import PassedOver, ending, turn_of, unanswered
from bot.chat.permitting import Permits
from bot.chat.rush import Rush
from bot.chat.surface import Earlier, Ended, Showing, Surface, packed, unpacked
from bot.core.access import Audience
from bot.core.errors import BotError, Conflict, Unavailable
from bot.core.feedback import Provenance, provenance
from bot.core.inbox import Claim, Incoming, Kind, QuestionId
from bot.core.model import (
    Answer,
    AnswerEvent,
    Declined,
    Finished,
    Outcome,
    Profile,
    Question,
    Sentence,
)
from bot.core.ports import TICKET, Conversations, Ticket
from bot.core.ports.questions import Claims
from bot.telemetry import ANSWER_FAILED, INBOX_FAILED, SHOWING_FAILED
from bot.text import phrases
from bot.text.courtesy import wants_more
from bot.text.threads import wants_summary

log = structlog.get_logger()

Answers: TypeAlias = Callable[[Question], AsyncGenerator[AnswerEvent, None]]
Note: TypeAlias = Callable[[QuestionId, Course], object]
Pause: TypeAlias = Callable[[float], Awaitable[None]]

HISTORY: Final = 4
"""Earlier turns that a follow-up may refer to."""

SUMMARISED: Final = 50
"""Earlier turns that a summary tells of."""

CLAIMED: Final = timedelta(seconds=60)
"""How long a claim lasts; it is renewed three times as often."""

LOOK: Final = 2.0
"""Seconds after which the inbox is looked at though nobody said that it has grown."""

AT_ONCE: Final = 50
"""Questions that are worked on at once; those for a model wait before its slots."""

TRIES: Final = 3
"""So often an answer is begun anew because those who will see it have changed."""

ATTEMPTS: Final = 5
"""So often answering is begun; what fails every time must not be tried for ever."""

HOPELESS: Final = 100
"""So often an answer that is there is shown; a process that dies is no fault of it."""

PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to show an answer; the last for as long as it takes."""


async def _whatever_it_is(_: Answer, __: Audience) -> bool:
    return True


class _Narrowed(Exception):
    """Those who will see the answer may see less than before; is some of it shown?"""

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self.shown = shown


@dataclass(slots=True)
class _Work:
    """A question that is worked on; `deadline` ends the answering, not the showing."""

    claim: Claim
    deadline: asyncio.Timeout
    timing: Timing
    stopped: bool = False

    def stop(self) -> None:
        """Have no answer."""
        self.stopped = True
        if not self.deadline.expired():
            self.deadline.reschedule(0)


class Desk:
    """Works on the questions of one surface, in any number of conversations.

    In a conversation one is answered after the other. Every question that is claimed
    ends in one outcome, which is stored before it is shown: whoever claims it after a
    crash goes on from there.
    """

    def __init__(
        self,
        *,
        surface: Surface,
        answer: Answers,
        claims: Claims,
        conversations: Conversations,
        worker: str,
        clock: Callable[[], datetime],
        profile: Callable[[Incoming], Profile] = lambda _: Profile.DOCS,
        earlier: Earlier | None = None,
        permits: Permits = _whatever_it_is,
        note: Note = lambda _, __: None,
        rush: Rush | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._surface = surface
        self._answer = answer
        self._claims = claims
        self._conversations = conversations
        self._worker = worker
        self._clock = clock
        self._profile = profile
        self._earlier = earlier
        self._permits = permits
        self._note = note
        self._rush = rush or Rush()
        self._pause = pause
        self._grown = asyncio.Event()
        self._idle = asyncio.Event()
        self._works: dict[QuestionId, _Work] = {}
        self._mistakes: Counter[QuestionId] = Counter()
        self._running: Counter[QuestionId] = Counter()
        self._draining = False

    def wake(self) -> None:
        """Look into the inbox now; something came in."""
        self._grown.set()

    def stop(self, question: QuestionId, /) -> bool:
        """Have a question end as cancelled; false if it is not worked on here."""
        work = self._works.get(question)
        if work is not None:
            work.stop()
        return work is not None

    async def left(self, question: QuestionId, /) -> None:
        """Return when a question is not worked on here, ended or not."""
        while question in self._running:
            self._idle.clear()
            await self._idle.wait()

    async def drain(self) -> None:
        """Claim nothing more, and return when nothing is worked on."""
        self._draining = True
        self.wake()
        while self._running:
            self._idle.clear()
            await self._idle.wait()

    async def run(self) -> None:
        """Claim and answer until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._grown.clear()
                claim = await self._claimed()
                if claim is None:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK):
                            await self._grown.wait()
                else:
                    self._running[claim.question] += 1
                    group.create_task(self._guarded(claim))

    async def _claimed(self) -> Claim | None:
        if self._draining or self._running.total() >= self._rush.room(AT_ONCE):
            return None
        now = self._clock()
        try:
            return await self._claims.claim(
                self._worker,
                surfaces=[self._surface.name],
                now=now,
                until=now + CLAIMED,
                besides=tuple(self._running),  # the clock may have been set
            )
        except Unavailable as error:
            log.warning(INBOX_FAILED, error=str(error))
            return None

    async def _guarded(self, claim: Claim) -> None:
        """See a question through; what goes wrong is over when its claim is."""
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep(claim))
                await self._see_through(claim)
                keeping.cancel()
        except* Conflict:
            pass  # it was ended, or another has it
        except* Unavailable as errors:
            told = [str(error) for error in errors.exceptions]
            log.warning(SHOWING_FAILED, question=claim.question, errors=told)
        except* Exception:
            # A mistake of ours with one question; the others must not suffer.
            self._mistakes[claim.question] += 1
            log.exception(SHOWING_FAILED, question=claim.question)
        finally:
            self._running -= Counter([claim.question])
            self._idle.set()
            self.wake()

    async def _keep(self, claim: Claim) -> None:
        """Renew a claim until cancelled."""
        while True:
            await self._pause(CLAIMED.total_seconds() / 3)
            with contextlib.suppress(Unavailable):
                await self._claims.renew(claim, until=self._clock() + CLAIMED)

    async def _see_through(self, claim: Claim) -> None:
        mistakes = self._mistakes[claim.question]
        if claim.attempt > HOPELESS or mistakes > 2 * ATTEMPTS:
            # Not even the apology can be shown.
            ended = unanswered(claim, Outcome.FAILED)
            await self._until_done(self._finish, claim, ended)
            return
        posted = partial(self._claims.posted, claim)
        async with self._surface.showing(claim, posted) as showing:
            staged = await self._staged(claim) if mistakes <= ATTEMPTS else None
            if staged is None:
                ended = await self._ended(claim, showing)
                await self._until_done(self._claims.stage, claim, packed(ended))
            else:
                ended = staged
            try:
                await self._until_done(showing.end, ended)
            except PassedOver:
                ended = unanswered(claim, Outcome.CANCELLED)
        await self._until_done(self._finish, claim, ended)

    async def _staged(self, claim: Claim) -> Ended | None:
        """Return what was staged, unless rights or settings have changed since."""
        if claim.staged is None:
            return None
        ended = unpacked(claim.staged)
        if ended.answer is None or not ended.answer.citations:
            return ended
        audience = await self._readers(claim.incoming)
        return ended if await self._permits(ended.answer, audience) else None

    async def _finish(self, claim: Claim, ended: Ended) -> None:
        self._mistakes.pop(claim.question, None)
        answer = ended.answer
        await self._claims.finish(
            claim,
            ended.outcome,
            now=self._clock(),
            turn=turn_of(claim.incoming, ended),
            made=provenance(answer) if answer else Provenance(reason=ended.reason),
        )

    async def _until_done(
        self, action: Callable[..., Awaitable[None]], *arguments: object
    ) -> None:
        """Try until it works, for as long as the claim is ours."""
        for pause in (*PAUSES, *[PAUSES[-1]] * 100):
            try:
                return await action(*arguments)
            except Unavailable as error:
                log.warning(SHOWING_FAILED, error=str(error))
                await self._pause(max(pause, error.retry_after or 0.0))
        return await action(*arguments)

    # --- the answer ------------------------------------------------------------

    async def _ended(self, claim: Claim, showing: Showing) -> Ended:
        """Answer within the deadline; whatever happens is an ending."""
        if claim.attempt > ATTEMPTS:
            return unanswered(claim, Outcome.FAILED)
        left = (claim.incoming.expires_at - self._clock()).total_seconds()
        try:
            async with asyncio.timeout(left) as deadline:
                timing = Timing(claim.incoming, self._clock)
                work = self._works[claim.question] = _Work(claim, deadline, timing)
                ended = await self._answered(claim, showing)
            # Who stopped it in its last moment was told that it is stopped.
            return unanswered(claim, Outcome.CANCELLED) if work.stopped else ended
        except TimeoutError:
            outcome = Outcome.CANCELLED if work.stopped else Outcome.EXPIRED
            return unanswered(claim, outcome)
        except Conflict:
            raise
        except Exception:
            log.exception(ANSWER_FAILED, question=claim.question)
            return unanswered(claim, Outcome.FAILED)
        finally:
            gone = self._works.pop(claim.question, None)
            if gone is not None:
                self._note(claim.question, gone.timing.course())

    async def _answered(self, claim: Claim, showing: Showing) -> Ended:
        """Answer for those who see it; once more if they changed before it began."""
        incoming = claim.incoming
        for _ in range(TRIES):
            audience = await self._readers(incoming)
            try:
                return await self._written(claim, audience, showing)
            except _Narrowed as narrowed:
                if narrowed.shown:
                    break
        text = phrases.AUDIENCE_CHANGED.say(incoming.language)
        return Ended(outcome=Outcome.REFUSED, language=incoming.language, text=text)

    async def _readers(self, incoming: Incoming) -> Audience:
        """Find out who will see the answer; the deadline ends it, and nothing else."""
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            try:
                return await self._surface.audience(incoming)
            except Unavailable as error:
                log.warning(SHOWING_FAILED, error=str(error))
                await self._pause(max(next(pauses), error.retry_after or 0.0))

    async def _written(
        self, claim: Claim, audience: Audience, showing: Showing
    ) -> Ended:
        self._works[claim.question].timing.read_by(audience)
        question = await self._question(claim, audience)
        before = TICKET.set(
            Ticket(
                asker=_charged(claim.incoming),
                conversation=str(claim.incoming.conversation),
                moved=showing.moved,
            )
        )
        try:
            return await self._shown(question, claim, showing)
        finally:
            TICKET.reset(before)

    async def _shown(self, question: Question, claim: Claim, showing: Showing) -> Ended:
        shown, incoming = False, claim.incoming
        timing = self._works[claim.question].timing
        async with closing(self._answer(question)) as events:
            async for event in events:
                match event:
                    case Finished() | Declined():
                        await self._require_still(question, incoming, shown=shown)
                        return ending(question, event)
                    case Sentence() if not shown:
                        await self._require_still(question, incoming, shown=False)
                        shown = True
                await showing.show(event)
                timing.note(event)
        raise BotError("the question ended without an outcome")

    async def _require_still(
        self, question: Question, incoming: Incoming, *, shown: bool
    ) -> None:
        """Raise `_Narrowed` unless everybody may still see what they could."""
        now = await self._readers(incoming)
        if not question.audience.principals <= now.principals:
            raise _Narrowed(shown=shown)

    async def _question(self, claim: Claim, audience: Audience) -> Question:
        incoming = claim.incoming
        return Question(
            id=claim.question,
            text=incoming.text,
            language=incoming.language,
            audience=audience,
            asked_at=incoming.asked_at,
            conversation=incoming.conversation,
            history=await self._conversations.turns(
                incoming.conversation,
                limit=SUMMARISED if wants_summary(incoming.text) else HISTORY,
            ),
            thread=await self._earlier(incoming) if self._earlier else None,
            profile=self._profile(incoming),
            detailed=wants_more(incoming.text),
        )


def _charged(incoming: Incoming) -> str:
    """Return on whose account a model is asked; nobody's for what was overheard."""
    return "" if incoming.kind is Kind.OVERHEARD else incoming.asker
