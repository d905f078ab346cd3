"""Does what people want who press a button below an answer."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.chat.slack import actions, modals
from bot.chat.slack.calling import Calling
from bot.chat.slack.directory import Directory
from bot.chat.slack.markup import escaped
from bot.chat.slack.modals import Matter
from bot.chat.slack.passages import Passages
from bot.chat.slack.posting import Content, Posting
from bot.chat.slack.pressed import Pressed, pressed, submitted
from bot.chat.slack.refusals import Denied, Missing
from bot.chat.slack.spoken import spoken
from bot.chat.slack.verdicts import Verdicts
from bot.core.errors import Conflict, Unavailable
from bot.core.feedback import Verdict
from bot.core.inbox import QuestionId
from bot.core.model import Language
from bot.core.ports import Askings
from bot.telemetry import SHOWING_FAILED
from bot.text import pressing, replies
from bot.text.phrases import Phrase

log = structlog.get_logger()


class Presses:
    """Answers presses, each with a window or a sentence that only who pressed sees.

    Called after the ack; `language` is for people whose own is not known, `told` is
    called when there is something in the outbox, `counted` with the kind of each button
    that is pressed. Nothing is raised: whoever pressed
    can press again.
    """

    def __init__(
        self,
        posting: Posting,
        directory: Directory,
        passages: Passages,
        calling: Calling,
        verdicts: Verdicts,
        *,
        lookups: Askings,
        told: Callable[[], None],
        counted: Callable[[str], object] = lambda _: None,
        language: Language = Language.JA,
    ) -> None:
        self._posting = posting
        self._directory = directory
        self._passages = passages
        self._calling = calling
        self._told = told
        self._counted = counted
        self._verdicts = verdicts
        self._lookups = lookups
        self._language = language

    async def press(self, body: Mapping[str, Any], told: str | None, /) -> None:
        """Do what a button is for, or say what there is to be `told` instead."""
        press = pressed(body)
        if press is None:
            return
        self._counted(actions.kind(press.button.action_id, press.button.value))
        if told is not None:
            await self._whisper(_matter(press, ""), press.user.id, told)
            return
        language = await self._spoken(press.user.id)
        try:
            said = await self._pressed(press, language)
        except Denied as denied:
            log.warning(SHOWING_FAILED, error=f"Slack: {denied.code}")
            late = denied.code in {"expired_trigger_id", "exchanged_trigger_id"}
            said = pressing.TOO_LATE if late else pressing.FAILED
        except (Unavailable, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))
            said = pressing.FAILED
        if said is not None:
            matter = _matter(press, "")
            await self._whisper(matter, press.user.id, said.say(language))

    async def submit(self, body: Mapping[str, Any], /) -> None:
        """Take what was entered in a window."""
        sent = submitted(body)
        if sent is None or sent.view.callback_id != modals.REASONS:
            return
        matter = modals.matter_of(sent)
        if matter is None:
            return
        try:
            kept = await self._verdicts.complaint(sent)
            said = pressing.THANKS if kept else pressing.NOT_KEPT
        except (Unavailable, Conflict) as error:
            log.warning(SHOWING_FAILED, error=str(error))
            said = pressing.FAILED
        language = await self._spoken(sent.user.id)
        await self._whisper(matter, sent.user.id, said.say(language))

    async def _pressed(self, press: Pressed, language: Language) -> Phrase | None:
        match press.button.action_id:
            case actions.VERDICT:
                return await self._judged(press, language)
            case action if action.startswith(f"{actions.PASSAGE}:"):
                return await self._opened(press, language)
            case actions.PRIVATELY | actions.MORE | actions.SHARE | actions.AGAIN:
                return await self._asked_again(press)
            case actions.PERSON:
                return await self._called(press)
            case actions.ASK_EDITED | actions.WITHDRAW:
                return await self._taken_up(press)
            case _:
                return None

    # --- what more there is to read --------------------------------------------------

    async def _opened(self, press: Pressed, language: Language) -> Phrase | None:
        """Open the window with a passage, if this person may read it now."""
        button = press.button
        found = await self._passages.find(
            QuestionId(button.value),
            actions.number(button.action_id) or 0,
            user=press.user.id,
            language=language,
        )
        if isinstance(found, Phrase):
            return found
        await self._posting.window(press.trigger_id, modals.passage(found, language))
        return None

    async def _called(self, press: Pressed) -> Phrase:
        question = QuestionId(press.button.value)
        said = await self._calling.call(
            question, press.container.channel_id, user=press.user.id
        )
        self._told()
        return said

    async def _asked_again(self, press: Pressed) -> Phrase | None:
        """Say where the answer comes, or that there is nothing left to ask again."""
        asked = await self._lookups.incoming(QuestionId(press.button.value))
        if asked is None or not asked.text:
            return pressing.FORGOTTEN
        private = press.button.action_id == actions.PRIVATELY
        return replies.IN_DIRECT if private else None

    async def _taken_up(self, press: Pressed) -> Phrase | None:
        """Take an offer away once who it was for has taken it up."""
        question, _, _ = press.button.value.partition(":")
        asked = await self._lookups.incoming(QuestionId(question))
        if asked is None or asked.asker != press.user.id:
            return pressing.NOT_THE_ASKER
        where = press.container
        with contextlib.suppress(Missing):
            await self._posting.delete(where.channel_id, where.message_ts)
        return None

    # --- whether it helped -----------------------------------------------------------

    async def _judged(self, press: Pressed, language: Language) -> Phrase | None:
        """Say that a verdict is kept; reasons for a bad one may come later."""
        match await self._verdicts.thumb(press):
            case None:
                return pressing.NOT_KEPT
            case Verdict.GOOD:
                return pressing.THANKS
            case Verdict.BAD:
                _, _, question = press.button.value.partition(":")
                window = modals.reasons(_matter(press, question), language)
                await self._posting.window(press.trigger_id, window)
                return None

    # --- to whom ---------------------------------------------------------------------

    async def _spoken(self, user: str) -> Language:
        return await spoken(self._directory, user, default=self._language)

    async def _whisper(self, matter: Matter, user: str, text: str) -> None:
        content = Content(text=escaped(text), blocks=[])
        try:
            await self._posting.whisper(
                matter.channel, content, to=user, thread=matter.thread
            )
        except (Denied, Unavailable, Conflict) as error:
            log.warning(SHOWING_FAILED, error=f"nobody is told: {error}")


def _matter(press: Pressed, question: str) -> Matter:
    where = press.container
    return Matter(question=question, channel=where.channel_id, thread=where.thread_ts)
