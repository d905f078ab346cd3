"""Names of log events, and logging set-up."""

import json
import logging
import sys
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Any

import structlog

QUESTION_FINISHED = "question.finished"
MODEL_FAILED = "question.model_failed"
SEARCH_FAILED = "question.search_failed"
INBOX_FAILED = "question.inbox_failed"
ANSWER_FAILED = "question.answer_failed"
SHOWING_FAILED = "question.showing_failed"
THREAD_UNREAD = "question.thread_unread"
SYNC_FINISHED = "sync.finished"
CONNECTOR_BROKE = "sync.connector_broke"
VECTORS_SET_ASIDE = "vectors.set_aside"
HOST_SET_ASIDE = "models.host_set_aside"
HOST_BACK = "models.host_back"
HOST_WARNING = "models.host_warning"
LISTENING = "serve.listening"
WAITING = "serve.waiting"
PART_CHANGED = "serve.part"
LOOK_BROKE = "serve.look_broke"
STANDING_BY = "serve.standing_by"
LEASE_TAKEN = "serve.lease_taken"
LEASE_FAILING = "serve.lease_failing"
LEASE_LOST = "serve.lease_lost"
PLATFORM_DOWN = "serve.platform_down"
PLATFORM_STARTED = "serve.platform_started"
LOOP_BLOCKED = "serve.loop_blocked"
TEXTS_FORGOTTEN = "serve.texts_forgotten"
KEPT_FROM_CHATS = "serve.kept_from_chats"
UPKEEP_FAILED = "serve.upkeep_failed"
SLACK_CONNECTED = "slack.connected"
SLACK_AWAY = "slack.away"
SLACK_WARNING = "slack.warning"
SLACK_NOT_TAKEN = "slack.not_taken"
STOPPING = "serve.stopping"
DRAINED = "serve.drained"
STOPPED = "serve.stopped"
CRASHED = "serve.crashed"


def set_up(*, verbose: bool) -> None:
    """Log to stderr: people's lines on a terminal, JSON elsewhere.

    Texts of questions, passages and answers are never passed to the log.
    """
    _configure(logging.DEBUG if verbose else logging.ERROR, ())


def set_up_serving(*, verbose: bool, secrets: Collection[str]) -> None:
    """Log what a process does that nobody looks at, libraries' warnings included.

    None of `secrets` gets into the log, not even inside an error of a library.
    What ends the process is its last line.
    """
    _configure(logging.DEBUG if verbose else logging.INFO, secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_told(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_written(secrets),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    sys.excepthook = _log_end


def _configure(level: int, secrets: Collection[str]) -> None:
    structlog.configure(
        processors=[*_told(), *_written(secrets)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def _told() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def _written(secrets: Collection[str]) -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(), _Hidden(secrets)]
    return [structlog.processors.JSONRenderer(ensure_ascii=False), _Hidden(secrets)]


class _Hidden:
    """Takes secrets out of a line of the log."""

    def __init__(self, secrets: Collection[str], /) -> None:
        found = {form for secret in secrets for form in _forms(secret)}
        self._secrets = sorted(found, key=len, reverse=True)

    def __call__(self, _logger: object, _method: str, line: Any) -> Any:
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


def _forms(secret: str) -> Iterator[str]:
    """Return how a secret looks in a line: as it is, quoted, and either as JSON."""
    for form in (secret, repr(secret)[1:-1]):
        yield from (form, json.dumps(form, ensure_ascii=False)[1:-1])


def _log_end(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error.__context__, BaseExceptionGroup):
        error.__suppress_context__ = True  # what it came out of tells nothing more
    structlog.get_logger().critical(CRASHED, exc_info=(kind, error, trace))
