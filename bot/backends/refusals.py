"""Turns what a model host refuses into the errors of the house, by one table."""

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
class Dialect:
    """What a kind of model host is called, and what to do when it refuses.

    `port` is what an address without one means, `denied` the advice where a
    credential is wrong, `missing` makes the error for a model that a host lacks.
    """

    name: str
    speech: str
    port: int
    denied: str
    missing: Callable[[str, str], ConfigError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer of a host other than the one that was asked for."""

    dialect: Dialect
    url: str
    status: int
    text: str
    model: str | None = None
    retry_after: float | None = None

    def sentence(self, advice: str, /) -> str:
        """Say what happened, to which host, and what to do."""
        short = self.text[:_SHOWN]
        host = f"{self.dialect.name} at {self.url}"
        return f"{host} answered {self.status} ({short}); {advice}"


def error_of(refusal: Refusal, /) -> BotError:
    """Return the error a refusal means; the first row of the table that fits wins."""
    for statuses, pattern, make in _TABLE:
        if refusal.status in statuses and pattern.search(refusal.text):
            return make(refusal)
    return Unavailable(refusal.sentence("try again, and look at the host's log"))


def refusal_text(body: str, /) -> str:
    """Return the message in the body of a refusal."""
    stripped = body.lstrip("\ufeff \r\n\t")
    if stripped.startswith("<"):
        return "a web page, not JSON"
    try:
        content = json.loads(stripped)
    except ValueError:
        return stripped
    error = content.get("error", content) if isinstance(content, dict) else content
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)


# --- one maker a row ---------------------------------------------------------


def _overflow(refusal: Refusal) -> BotError:
    return ContextOverflow(
        refusal.sentence("send a shorter prompt"),
        prompt=_first_number(_PROMPT, refusal.text),
        context=_first_number(_CONTEXT, refusal.text),
    )


def _first_number(patterns: tuple[re.Pattern[str], ...], text: str) -> int | None:
    found = (match for pattern in patterns if (match := pattern.search(text)))
    return next((int(match[1]) for match in found), None)


def _rejected(reason: Rejection, advice: str) -> Callable[[Refusal], BotError]:
    def make(refusal: Refusal) -> BotError:
        return TextRejected(refusal.sentence(advice), reason=reason)

    return make


def _missing(refusal: Refusal) -> BotError:
    return refusal.dialect.missing(refusal.url, refusal.model or "")


def _denied(refusal: Refusal) -> BotError:
    return ConfigError(refusal.sentence(refusal.dialect.denied))


def _moved(refusal: Refusal) -> BotError:
    return ConfigError(
        refusal.sentence("prompts do not follow redirects: configure the final address")
    )


def _loading(refusal: Refusal) -> BotError:
    wait = 5.0 if refusal.retry_after is None else refusal.retry_after
    return Unavailable(
        refusal.sentence("it still loads its model, wait a little"), retry_after=wait
    )


def _busy(refusal: Refusal) -> BotError:
    wait = 5.0 if refusal.retry_after is None else refusal.retry_after
    return Unavailable(refusal.sentence("its queue is full"), retry_after=wait)


def _wrong(refusal: Refusal) -> BotError:
    advice = f"check that {refusal.model!r} is the right model for this task"
    return ConfigError(refusal.sentence(advice))


def _elsewhere(refusal: Refusal) -> BotError:
    speech = refusal.dialect.speech
    return ConfigError(
        refusal.sentence(
            f"it does not speak as {speech} does: check the address, any proxy in "
            "between, and what kind of host is set for it"
        )
    )


def _regex(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


# llama.cpp (and Ollama), then vLLM, whose wording has changed several times.
_PROMPT = (
    _regex(r"\((\d+) tokens\) exceeds"),
    _regex(r"\((\d+) in the messages"),
    _regex(r"(\d+) input tokens"),
    _regex(r"requested (\d+) tokens"),
    _regex(r"resulted in (\d+) tokens"),
)
_CONTEXT = (
    _regex(r"context size \((\d+) tokens\)"),
    _regex(r"maximum context length is (\d+)"),
)
_ANY = re.compile("")
_TABLE: tuple[
    tuple[range | tuple[int, ...], re.Pattern[str], Callable[[Refusal], BotError]], ...
] = (
    ((413,), _ANY, _overflow),
    (
        (400, 422, 500),
        _regex(
            "exceed_context_size",
            "exceeds? the (available )?context",
            "longer than the context length",
            "maximum context length",
            "context_length_exceeded",
            "max_tokens must be at least 1",
        ),
        _overflow,
    ),
    (
        (400, 500),
        _regex("too large to process", "longer than the maximum model length"),
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
    (
        (400, 404),
        _regex("model .*not found", "pulling it first", "model .*does not exist"),
        _missing,
    ),
    ((401, 403), _ANY, _denied),
    (range(300, 400), _ANY, _moved),
    ((503,), _regex("loading model"), _loading),
    ((429, 503), _ANY, _busy),
    ((404, 405), _ANY, _elsewhere),
    ((*range(400, 500), 501), _ANY, _wrong),
)
