"""Keeps what people think of answers, before Slack hears that it was taken.

What is acknowledged first and stored then is lost where the process dies in between.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.chat.slack import actions, modals
from bot.chat.slack.pressed import Pressed, Submitted, pressed, submitted
from bot.core.feedback import Judgement, Verdict
from bot.core.inbox import QuestionId
from bot.core.ports import Feedback


class Verdicts:
    """Records thumbs and the reasons for them; twice is once.

    A thumb counts from when Slack says that it was pressed, so that one which is
    recorded late takes back no later one.
    """

    def __init__(self, feedback: Feedback, /, *, clock: Callable[[], datetime]) -> None:
        self._feedback = feedback
        self._clock = clock

    async def take(self, body: Mapping[str, Any], /) -> None:
        """Record what a delivery judges, if it does; raises `Unavailable`."""
        press, sent = pressed(body), submitted(body)
        if press is not None:
            await self.thumb(press)
        elif sent is not None:
            await self.complaint(sent)

    async def thumb(self, press: Pressed, /) -> Verdict | None:
        """Record a thumb; None for another button, or where nothing is kept of it."""
        found = actions.verdict(press.button.value)
        if press.button.action_id != actions.VERDICT or found is None:
            return None
        verdict = Verdict(found[0])
        judgement = Judgement(
            question=QuestionId(found[1]),
            person=press.user.id,
            verdict=verdict,
            given_at=self._moment(press.button.action_ts),
        )
        return verdict if await self._feedback.record(judgement) else None

    async def complaint(self, sent: Submitted, /) -> bool:
        """Record the reasons that somebody sent off; false if nothing is kept."""
        matter = modals.matter_of(sent)
        if sent.view.callback_id != modals.REASONS or matter is None:
            return False
        complaint, note = modals.complaint_of(sent)
        return await self._feedback.record(
            Judgement(
                question=QuestionId(matter.question),
                person=sent.user.id,
                verdict=Verdict.BAD,
                given_at=self._clock(),
                complaint=complaint,
                note=note,
            )
        )

    def _moment(self, ts: str) -> datetime:
        """Return when it was pressed, but never a time to come: it would stay last."""
        now = self._clock()
        try:
            return min(datetime.fromtimestamp(float(ts), UTC), now)
        except (ValueError, OverflowError, OSError):
            return now
