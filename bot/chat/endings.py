"""How a question ended: by what was answered, or without an answer."""

from typing import Final, assert_never

from bot.chat.surface import Ended
from bot.core.inbox import Claim, Incoming, Kind
from bot.core.model import Declined, Finished, Outcome, Question, Turn
from bot.text import phrases

_UNANSWERED: Final = {
    Outcome.CANCELLED: phrases.QUESTION_CANCELLED,
    Outcome.EXPIRED: phrases.QUESTION_EXPIRED,
}


class PassedOver(Exception):
    """An answer that nobody asked us for is not shown, and so was never given."""


def ending(question: Question, event: Finished | Declined, /) -> Ended:
    """Return how a question ended by its last event."""
    limited = question.audience.limited
    match event:
        case Finished(answer=answer):
            return Ended(
                outcome=Outcome.ANSWERED,
                language=question.language,
                text=answer.text,
                answer=answer,
                limited=limited,
            )
        case Declined(text=text, reason=reason):
            return Ended(
                outcome=Outcome.REFUSED,
                language=question.language,
                text=text,
                limited=limited,
                reason=reason,
            )
        case _:
            assert_never(event)


def turn_of(incoming: Incoming, ended: Ended, /) -> Turn | None:
    """Return what a conversation remembers of a question.

    Nothing of one that nobody asked us and that we said nothing to.
    """
    answer = ended.answer
    if answer is None and incoming.kind is Kind.OVERHEARD:
        return None
    return Turn(
        question=incoming.text,
        answer=answer.text if answer else "",
        # What is only pointed at says nothing of what the answer does.
        documents=tuple(c.document for c in answer.citations if c.quote)
        if answer
        else (),
        asked_at=incoming.asked_at,
    )


def unanswered(claim: Claim, outcome: Outcome, /) -> Ended:
    """Say that there is no answer; `failed` with the id that the log has."""
    phrase = _UNANSWERED.get(outcome, phrases.QUESTION_FAILED)
    language = claim.incoming.language
    text = phrase.say(language, reference=claim.question[:8])
    return Ended(outcome=outcome, language=language, text=text)
