"""Names of log events, and logging set-up."""

import logging
import sys

import structlog

QUESTION_FINISHED = "question.finished"
MODEL_FAILED = "question.model_failed"
SEARCH_FAILED = "question.search_failed"
TURN_LOST = "question.turn_lost"
SYNC_FINISHED = "sync.finished"
CONNECTOR_BROKE = "sync.connector_broke"
VECTORS_SET_ASIDE = "vectors.set_aside"
HOST_SET_ASIDE = "models.host_set_aside"
HOST_BACK = "models.host_back"
HOST_WARNING = "models.host_warning"


def set_up(*, verbose: bool) -> None:
    """Log to stderr: people's lines on a terminal, JSON elsewhere.

    Texts of questions, passages and answers are never passed to the log.
    """
    level = logging.DEBUG if verbose else logging.ERROR
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
