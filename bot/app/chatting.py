"""The chat platforms that the settings name, as `serve` runs them."""

import os
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from bot.app.discretion import discreet
from bot.app.running import App
from bot.app.secret import revealed
from bot.chat.counting import Counted
from bot.core.access import Principal
from bot.core.errors import ConfigError
from bot.core.model import Language
from bot.core.ports import Platform
from bot.settings import Settings
from bot.settings.slack import Granted, Slack
from bot.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from bot.chat.audience import Grants
    from bot.chat.slack.installation import Access, Rules

Plug: TypeAlias = Callable[[App, Metrics], Platform]


def plugs(settings: Settings, /) -> Sequence[Plug]:
    """Return what makes the platforms; the settings are looked through at once."""
    if not settings.slack.wanted:
        return ()
    access, rules = slack_access(settings), slack_rules(settings)

    def plug(app: App, metrics: Metrics) -> Platform:
        # The SDK takes long to import, and is of no use to who has no Slack.
        from bot.chat.slack.installation import Rooms
        from bot.chat.slack.platform import SlackPlatform
        from bot.chat.slack.terms import SURFACE

        state, told = app.state, discreet(app)
        counted = Counted(state.questions, state.inbox_upkeep, metrics)
        rooms = Rooms(
            answer=told.answer,
            questions=counted,
            lookups=state.threads,
            outbox=state.outbox,
            upkeep=counted,
            conversations=state.conversations,
            feedback=state.feedback,
            catalogue=told.books,
            quotable=told.quotable,
            generations=state.generations,
            shelves=told.books,
            worker=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
            clock=app.clock,
            profile=lambda _: settings.answers.profile,
            left=counted.left,
            pressed=partial(metrics.pressed, SURFACE),
            note=counted.note,
        )
        return SlackPlatform(access, rules, rooms)

    return (plug,)


def slack_access(settings: Settings, /) -> "Access":
    """Return the way to Slack; raises `ConfigError` for a file that cannot be used."""
    from bot.chat.slack.installation import Access

    slack = settings.slack
    sockets = slack.mode == "socket"
    return Access(
        bot_token=revealed(slack.bot_token) or "",
        app_token=revealed(slack.app_token) if sockets else None,
        signing_secret=None if sockets else revealed(slack.signing_secret),
        api_url=slack.api_url,
        proxy=revealed(slack.proxy),
        tls=_tls(settings.base / slack.ca_file) if slack.ca_file else None,
        host=slack.host,
        port=slack.port,
    )


def slack_rules(settings: Settings, /) -> "Rules":
    """Return what the settings say about questions and rights in Slack."""
    from bot.chat.slack.installation import Rules
    from bot.chat.slack.stage import Look
    from bot.chat.slack.terms import Overhears, Terms

    slack = settings.slack
    bots = {name: frozenset(table.bots) for name, table in slack.channels.items()}
    return Rules(
        terms=Terms(
            deadline=timedelta(seconds=slack.deadline),
            language=Language.EN if settings.language == "en" else Language.JA,
            bots=bots,
            overhears={
                name: Overhears(
                    after=timedelta(seconds=table.auto_answer_after),
                    per_hour=table.auto_answer_per_hour,
                )
                for name, table in slack.channels.items()
                if table.auto_answer
            },
        ),
        grants=_grants(slack),
        trusting=slack.guest_policy == "trusting",
        look=Look(
            experts=slack.ask_groups(),
            stale_after={
                source.name: timedelta(days=source.stale_after_days)
                for source in settings.sources
                if source.stale_after_days is not None
            },
        ),
    )


def _grants(slack: Slack) -> "Grants":
    from bot.chat.audience import Grant, Grants

    return Grants(
        channels={
            name: Grant(principals=table.held(), external=table.external)
            for name, table in slack.channels.items()
        },
        groups=_held(slack.groups.items()),
        people=_held(slack.people.items()),
    )


def _held(tables: Iterable[tuple[str, Granted]]) -> dict[str, frozenset[Principal]]:
    return {name: table.held() for name, table in tables}


def _tls(file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"slack.ca_file: {file} cannot be used: {error}") from error
