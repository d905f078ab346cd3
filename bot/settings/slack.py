"""The table `[slack]` of shirube.toml, and those of channels, groups and people."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from bot.core.access import Principal, principal
from bot.settings.tables import Group, PrincipalText

OFFICIAL: Final = "https://slack.com/api/"

_LONGEST: Final = 3 * 60 * 60.0


def _id_of(letters: str, what: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(f"[{letters}][A-Z0-9]{{1,20}}", text):
            raise ValueError(f"should be the id of {what}, not its name")
        return text

    return AfterValidator(check)


ChannelId = Annotated[str, _id_of("CGD", "a channel, such as C0123ABCD")]
GroupId = Annotated[str, _id_of("S", "a user group, such as S0123ABCD")]
PersonId = Annotated[str, _id_of("UW", "a person, such as U0123ABCD")]
BotId = Annotated[str, _id_of("BUW", "a bot, such as B0123ABCD")]


class Granted(Group):
    """Principals that somebody holds."""

    access: tuple[PrincipalText, ...] = ()

    def held(self) -> frozenset[Principal]:
        """Return the principals as the rooms below know them."""
        return frozenset(principal(text) for text in self.access)


class SlackChannel(Granted):
    """What everybody in one channel may see, and who may ask there, and how.

    With `auto_answer`, questions to everybody are answered after so many seconds, and
    so many of them in an hour.
    """

    external: bool = False
    bots: tuple[BotId, ...] = ()
    ask_group: GroupId | None = None
    auto_answer: bool = False
    auto_answer_after: float = Field(default=45.0, ge=1, le=3600)
    auto_answer_per_hour: int = Field(default=10, ge=1, le=1000)


class Slack(Group):
    """How people ask in a Slack workspace."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    mode: Literal["socket", "http"] = "socket"
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    api_url: str = OFFICIAL
    allow_api_url: bool = False
    proxy: SecretStr | None = None
    ca_file: Path | None = None
    guest_policy: Literal["strict", "trusting"] = "strict"
    deadline: float = Field(default=900.0, gt=0, le=_LONGEST)
    channels: dict[ChannelId, SlackChannel] = Field(default_factory=dict)
    groups: dict[GroupId, Granted] = Field(default_factory=dict)
    people: dict[PersonId, Granted] = Field(default_factory=dict)

    @property
    def wanted(self) -> bool:
        """Whether Slack is set up at all."""
        return self.bot_token is not None

    def ask_groups(self) -> Mapping[str, str]:
        """Return who is called in which channel when somebody asks for a person."""
        return {
            channel: table.ask_group
            for channel, table in self.channels.items()
            if table.ask_group is not None
        }

    @field_validator("bot_token", "app_token")
    @classmethod
    def _kind_of_token(cls, value: SecretStr | None, info: object) -> SecretStr | None:
        begins = {"bot_token": "xoxb-", "app_token": "xapp-"}
        wanted = begins[getattr(info, "field_name", "")]
        if value is not None and not value.get_secret_value().startswith(wanted):
            raise ValueError(f"should begin with {wanted}")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        tokens = (self.bot_token, self.app_token, self.signing_secret)
        if any(tokens) and self.bot_token is None:
            raise ValueError("bot_token is missing: the other tokens need it")
        if self.bot_token and self.mode == "socket" and self.app_token is None:
            raise ValueError('app_token is missing: mode "socket" needs it')
        if self.bot_token and self.mode == "http" and self.signing_secret is None:
            raise ValueError('signing_secret is missing: mode "http" needs it')
        if not self.allow_api_url and not _trusted(self.api_url):
            raise ValueError(
                f"api_url is not {OFFICIAL}: whoever answers there gets every token; "
                "allow_api_url = true permits it"
            )
        return self


def _trusted(url: str) -> bool:
    """Whether tokens may go there without asking: Slack, or this very machine."""
    parts = urlsplit(url)
    if url.rstrip("/") == OFFICIAL.rstrip("/"):
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"
