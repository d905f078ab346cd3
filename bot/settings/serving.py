"""The table `[serve]` of shirube.toml."""

from pydantic import Field

from bot.settings.tables import Group


class Serve(Group):
    """Where `shirube serve` answers probes and shows its metrics."""

    host: str = "127.0.0.1"
    port: int = Field(default=8089, ge=0, le=65535)
