"""The sources that the settings name, each with its connector."""

import difflib
from collections.abc import Collection, Iterable
from importlib.metadata import entry_points

from bot.core.errors import ConfigError, Unavailable
from bot.core.sync import SourceStatus
from bot.settings import Settings, SourceSettings
from connectors.api import Connector, Context
from connectors.errors import OptionsError, SourceError

CONNECTORS = "shirube.connectors"


def connector(settings: Settings, source: SourceSettings, /) -> Connector:
    """Return the connector of a source; raises `ConfigError` for its options."""
    found = {point.name: point for point in entry_points(group=CONNECTORS)}
    if source.connector not in found:
        near = difflib.get_close_matches(source.connector, found, n=1)
        hint = near[0] if near else ", ".join(sorted(found))
        raise ConfigError(
            f"source {source.name!r}: no connector {source.connector!r}; try {hint}"
        )
    context = Context(
        source=source.name,
        options=source.options,
        base=settings.base,
        cache=settings.folder() / "sources" / source.name,
        layers=(frozenset(source.access),) if source.access else (),
        link=source.link,
    )
    try:
        connect = found[source.connector].load()
        made: Connector = connect(context)
    except OptionsError as error:
        raise ConfigError(str(error)) from error
    return made


def samples(made: Connector, /) -> list[str]:
    """Return sample links; raises `BotError` where the source cannot be read."""
    try:
        return made.samples()
    except SourceError as error:
        raise Unavailable(str(error)) from error


def leftovers(
    rows: Iterable[SourceStatus], sources: Collection[SourceSettings], /
) -> list[SourceStatus]:
    """Return what is answered from though no setting names it."""
    named = {source.name for source in sources}
    return [row for row in rows if row.documents and row.source not in named]
