"""Turns what an Ollama host refuses into the errors of the house, by one table."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors import BotError, ConfigError, ContextOverflow, Unavailable

_SHOWN = 200


class Rejection(StrEnum):
    """Why a model has no vector for a text."""

    TOO_LONG = "too_long"
    NOT_FINITE = "not_finite"
    RUNNER_DIED = "runner_died"


class TextRejected(Unavailable):
    """The model has no vector for one of the texts it was given."""

    def __init__(self, message: str, /, *, reason: Rejection) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer of a host other than the one that was asked for."""

    url: str
    status: int
    text: str
    model: str | None = None
    retry_after: float | None = None

    def sentence(self, advice: str, /) -> str:
        """Say what happened, to which host, and what to do."""
        return f"Ollama at {self.url} answered {self.status} ({self.text}); {advice}"


def error_of(refusal: Refusal, /) -> BotError:
    """Return the error a refusal means; the first row of the table that fits wins."""
    for statuses, pattern, make in _TABLE:
        if refusal.status in statuses and pattern.search(refusal.text):
            return make(refusal)
    return Unavailable(refusal.sentence("try again, and look at the host's log"))


def refusal_text(body: str, /) -> str:
    """Return the message in the body of a refusal, short enough for a log line."""
    stripped = body.lstrip("\ufeff \r\n\t")
    if stripped.startswith("<"):
        return "a web page, not Ollama's JSON"
    try:
        content = json.loads(stripped)
    except ValueError:
        return stripped[:_SHOWN]
    error = content.get("error", content) if isinstance(content, dict) else content
    return (error if isinstance(error, str) else json.dumps(error))[:_SHOWN]


def missing_model(url: str, model: str, /) -> ConfigError:
    """Return the error for a model that a host does not have."""
    return ConfigError(
        f"Ollama at {url} has no model {model!r}; "
        f"run `ollama pull {model}` on that host or configure another model"
    )


# --- one maker a row ---------------------------------------------------------


def _overflow(refusal: Refusal) -> BotError:
    counts = _COUNTS.search(refusal.text)
    prompt, context = map(int, counts.groups()) if counts else (None, None)
    advice = "send a shorter prompt"
    return ContextOverflow(refusal.sentence(advice), prompt=prompt, context=context)


def _rejected(reason: Rejection, advice: str) -> Callable[[Refusal], BotError]:
    def make(refusal: Refusal) -> BotError:
        return TextRejected(refusal.sentence(advice), reason=reason)

    return make


def _missing(refusal: Refusal) -> BotError:
    return missing_model(refusal.url, refusal.model or "")


def _denied(refusal: Refusal) -> BotError:
    return ConfigError(
        refusal.sentence(
            "check the bearer token, and that the proxy before it sends "
            "`Host: localhost:11434`"
        )
    )


def _moved(refusal: Refusal) -> BotError:
    return ConfigError(
        refusal.sentence("prompts do not follow redirects: configure the final address")
    )


def _busy(refusal: Refusal) -> BotError:
    wait = 5.0 if refusal.retry_after is None else refusal.retry_after
    return Unavailable(refusal.sentence("its queue is full"), retry_after=wait)


def _wrong(refusal: Refusal) -> BotError:
    advice = f"check that {refusal.model!r} is the right model for this task"
    return ConfigError(refusal.sentence(advice))


def _regex(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_COUNTS = re.compile(r"\((\d+) tokens\).*?context size \((\d+) tokens\)")
_ANY = re.compile("")
_TABLE: tuple[
    tuple[range | tuple[int, ...], re.Pattern[str], Callable[[Refusal], BotError]], ...
] = (
    (
        (400, 500),
        _regex("exceed_context_size", "exceeds? the (available )?context"),
        _overflow,
    ),
    ((400, 500), _regex("longer than the context length"), _overflow),
    (
        (400, 500),
        _regex("too large to process"),
        _rejected(Rejection.TOO_LONG, "send shorter texts"),
    ),
    (
        (400, 500),
        _regex(r"\bNaN\b", r"\bInf\b"),
        _rejected(Rejection.NOT_FINITE, "the model has no vector for such a text"),
    ),
    (
        (500,),
        _regex(r"\bEOF\b"),
        _rejected(Rejection.RUNNER_DIED, "its model process died, look at its log"),
    ),
    ((404,), _regex("model .*not found", "pulling it first"), _missing),
    ((401, 403), _ANY, _denied),
    (range(300, 400), _ANY, _moved),
    ((429, 503), _ANY, _busy),
    (range(400, 500), _ANY, _wrong),
)
