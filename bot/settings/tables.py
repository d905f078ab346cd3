"""The tables of shirube.toml, as types."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.core.access import Principal, principal
from bot.core.model import Profile

PrincipalText = Annotated[str, AfterValidator(lambda text: str(principal(text)))]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def _named(host: str) -> str:
    """Refuse a name that `SHIRUBE_HOSTS__NAME__BEARER` could not carry."""
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", host):
        raise ValueError("should be a-z and 0-9, with single _ between them")
    return host


HostName = Annotated[str, AfterValidator(_named)]
Task: TypeAlias = Literal["chat", "embed"]


class Group(BaseModel):
    """A table of shirube.toml; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Index(Group):
    """Where chunks are searched."""

    backend: Literal["lance", "memory", "weaviate"] = "lance"
    url: str = "http://localhost:8080"
    grpc: str | None = None
    api_key: SecretStr | None = None
    reader_key: SecretStr | None = None
    prefix: str = Field(default="Kb", pattern=r"^[A-Z][A-Za-z0-9]{0,19}$")
    replication: int = Field(default=1, ge=1)
    shards: int = Field(default=1, ge=1)


class State(Group):
    """Where the state database lies, if not in the data folder."""

    url: SecretStr | None = None

    def address(self) -> str | None:
        """Return the URL with its password; None for the data folder."""
        return self.url.get_secret_value() if self.url else None


class Ollama(Group):
    """The model host of the team, and what its tables of hosts leave open."""

    url: str = "http://localhost:11434"
    chat_model: str = "gemma4:26b"
    embed_model: str = "bge-m3"
    num_ctx: int = Field(default=16384, ge=512)
    bearer: SecretStr | None = None
    ca_file: Path | None = None
    allow_cloud: bool = False
    slots: int = Field(default=1, ge=1)
    first_token_timeout: float = Field(default=30.0, gt=0)
    token_timeout: float = Field(default=20.0, gt=0)
    answer_timeout: float = Field(default=180.0, gt=0)


class Host(Group):
    """One of several model hosts; what is None is as [ollama] says."""

    kind: Literal["ollama", "openai"] = "ollama"
    url: str
    bearer: SecretStr | None = None
    ca_file: Path | None = None
    allow_cloud: bool = False
    roles: tuple[Task, ...] = ("chat", "embed")
    chat_model: str | None = None
    embed_model: str | None = None
    context: int | None = Field(default=None, ge=512)
    slots: int = Field(default=1, ge=1)
    first_token_timeout: float | None = Field(default=None, gt=0)
    token_timeout: float | None = Field(default=None, gt=0)
    answer_timeout: float | None = Field(default=None, gt=0)
    request: Mapping[str, Any] = Field(default_factory=dict)


class Answers(Group):
    """How answers are written."""

    profile: Profile = Profile.DOCS


class Console(Group):
    """Who sits at the terminal of `ask` and `chat`."""

    principals: tuple[PrincipalText, ...] = ("pub",)

    def held(self) -> frozenset[Principal]:
        """Return the principals as the rooms below know them."""
        return frozenset(principal(text) for text in self.principals)


class Retention(Group):
    """How long anything is kept."""

    text_days: int = Field(default=30, ge=0, le=3650)

    @property
    def keeps_texts(self) -> bool:
        """Whether anything that was said outlives the end of its question."""
        return self.text_days > 0

    @property
    def texts(self) -> timedelta:
        """How long after the end of a question what was said is kept."""
        return timedelta(days=self.text_days)


class Feedback(Group):
    """What may be made of the questions that people asked."""

    private: bool = False


class SourceSettings(Group):
    """One source of documents; `options` belong to its connector."""

    name: SourceName
    connector: str
    access: tuple[PrincipalText, ...] = ()
    link: str | None = None
    chat_text: Literal["full", "link-only", "never"] = "full"
    stale_after_days: int | None = Field(default=None, ge=1, le=36_500)
    rights_valid_days: float | None = Field(default=None, gt=0, le=36_500)
    options: Mapping[str, Any] = Field(default_factory=dict)
