"""The only reader of the environment: variables, `.env`, secret files, shirube.toml."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.core.access import Principal, principal
from bot.core.errors import ConfigError
from bot.core.model import Profile

PREFIX = "SHIRUBE_"
CONFIG = "SHIRUBE_CONFIG"
"""Path of the settings file; `shirube.toml` in the current folder unless set."""

SECRETS = "SHIRUBE_SECRETS"
"""Folder of secret files, one a setting, such as `shirube_ollama__bearer`."""

SECRET = ("bearer", "api_key", "state.url")
"""Settings whose values no message repeats."""

NOT_OURS = ("SHIRUBE_TEST_", "SHIRUBE_SERVERS", "SHIRUBE_REQUIRE_SERVERS")
"""Variables of the test suite and of its servers."""

PrincipalText = Annotated[str, AfterValidator(lambda text: str(principal(text)))]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Group(BaseModel):
    """A table of shirube.toml; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Index(Group):
    """Where chunks are searched."""

    backend: Literal["lance", "memory", "weaviate"] = "lance"
    url: str = "http://localhost:8080"
    grpc: str | None = None
    api_key: SecretStr | None = None
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
    """The model host of the team."""

    url: str = "http://localhost:11434"
    chat_model: str = "gemma4:26b"
    embed_model: str = "bge-m3"
    num_ctx: int = Field(default=16384, ge=512)
    bearer: SecretStr | None = None
    ca_file: Path | None = None
    allow_cloud: bool = False
    first_token_timeout: float = Field(default=30.0, gt=0)
    token_timeout: float = Field(default=20.0, gt=0)
    answer_timeout: float = Field(default=180.0, gt=0)


class Answers(Group):
    """How answers are written."""

    profile: Profile = Profile.DOCS


class Console(Group):
    """Who sits at the terminal of `ask` and `chat`."""

    principals: tuple[PrincipalText, ...] = ("pub",)

    def held(self) -> frozenset[Principal]:
        """Return the principals as the rooms below know them."""
        return frozenset(principal(text) for text in self.principals)


class SourceSettings(Group):
    """One source of documents; `options` belong to its connector."""

    name: SourceName
    connector: str
    access: tuple[PrincipalText, ...] = ()
    link: str | None = None
    options: Mapping[str, Any] = Field(default_factory=dict)


class Settings(BaseSettings):
    """Everything that can be set, read once at the start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
        env_ignore_empty=True,
    )
    files: ClassVar[tuple[Path, Path | None]]

    data: Path = Path(".shirube")
    language: Literal["auto", "ja", "en"] = "auto"
    state: State = State()
    index: Index = Index()
    ollama: Ollama = Ollama()
    answers: Answers = Answers()
    console: Console = Console()
    sources: tuple[SourceSettings, ...] = ()

    base: Path = Field(default=Path(), exclude=True)
    """The folder of shirube.toml, which relative paths are relative to."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: arguments, environment, `.env`, secret files, shirube.toml."""
        config, secrets = cls.files
        del env_settings, dotenv_settings
        return (
            init_settings,
            EnvSettingsSource(settings_cls),
            DotEnvSettingsSource(settings_cls, env_file=config.parent / ".env"),
            NestedSecretsSettingsSource(
                file_secret_settings,
                secrets_dir=secrets,
                secrets_dir_missing="ok",
                secrets_prefix=PREFIX,
                secrets_nested_delimiter="__",
            ),
            TomlConfigSettingsSource(settings_cls, toml_file=config),
        )

    def folder(self) -> Path:
        """Return where data lies, as an absolute path."""
        return (self.base / self.data).resolve()


def load(config: Path | None = None, /, **overrides: object) -> Settings:
    """Read all settings.

    Raises `ConfigError` with one line a problem: an unknown key or variable with a
    suggestion, a value that does not fit, a file that cannot be read.
    """
    path = (config or Path(os.environ.get(CONFIG, "shirube.toml"))).absolute()
    if config is not None and not path.is_file():
        raise ConfigError(f"no settings file {path}; `shirube init` writes one")
    problems = [*_unknown_variables(path.parent / ".env")]
    secrets = os.environ.get(SECRETS)

    class Loaded(Settings):
        files = (path, Path(secrets) if secrets else None)

    try:
        settings = Loaded(base=path.parent, **_given(overrides))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8; save it as UTF-8") from error
    except ValidationError as error:
        problems += [_sentence(detail) for detail in error.errors()]
        raise ConfigError("\n".join(problems)) from error
    problems += _duplicates(settings.sources)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def variables() -> list[str]:
    """Return every environment variable that is a setting."""
    names = [f"{PREFIX}{'__'.join(path).upper()}" for path in _leaves(Settings)]
    return [CONFIG, SECRETS, *names]


def dotted_keys() -> list[str]:
    """Return every key of shirube.toml, dotted; those of a source with `sources.`."""
    return [
        *(".".join(path) for path in _leaves(Settings)),
        *(f"sources.{name}" for name in SourceSettings.model_fields),
    ]


def _leaves(
    model: type[BaseModel], before: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        if field.exclude or name == "sources":
            continue
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, (*before, name))
        else:
            yield (*before, name)


def _given(overrides: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in overrides.items() if value is not None}


def _unknown_variables(dotenv: Path) -> Iterator[str]:
    known = set(variables())
    places: dict[str, Iterable[str]] = {
        "the environment": os.environ,
        str(dotenv): dotenv_values(dotenv),
    }
    for place, names in places.items():
        for name in names:
            upper = name.upper()
            if not upper.startswith(PREFIX) or upper.startswith(NOT_OURS):
                continue
            if upper not in known:
                yield f"unknown setting {name} in {place}{_suggest(upper, known)}"


def _sentence(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            named = [str(part) for part in detail["loc"] if isinstance(part, str)]
            return f"unknown setting {where}{_suggest(named[-1], _beside(named))}"
        case "missing":
            return f"setting {where} is missing"
        case _ if any(name in where for name in SECRET):
            return f"setting {where}: {detail['msg'].lower()}"
        case _:
            return f"setting {where}: {detail['msg'].lower()}, not {detail['input']!r}"


def _beside(path: list[str]) -> set[str]:
    """Return the names known in the table that holds the last of `path`."""
    depth = len(path) - 1
    return {
        key.split(".")[depth]
        for key in dotted_keys()
        if key.split(".")[:depth] == path[:depth] and key.count(".") >= depth
    }


def _suggest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _duplicates(sources: tuple[SourceSettings, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            yield f"two sources are called {source.name!r}; rename one"
        seen.add(source.name)
