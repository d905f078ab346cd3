"""Keeps what the SDK logs free of what people write."""

import logging


def quiet_logger() -> logging.Logger:
    """Return what the SDK may log to: at DEBUG it writes whole messages down."""
    logger = logging.getLogger("bot.chat.slack.sdk")
    logger.setLevel(logging.WARNING)
    return logger
