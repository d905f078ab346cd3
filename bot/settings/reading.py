"""Reads the environment, `.env`, secret files and shirube.toml."""

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, get_origin

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    Field,
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
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.core.errors import ConfigError
from bot.settings.exposure import exposed
from bot.settings.hosts import HostSettings, contradictions, decided
from bot.settings.serving import Serve
from bot.settings.slack import Granted, Slack, SlackChannel
from bot.settings.tables import (
    Answers,
    Console,
    Feedback,
    Host,
    HostName,
    Index,
    Ollama,
    Retention,
    SourceSettings,
    State,
)

PREFIX = "SHIRUBE_"
CONFIG = "SHIRUBE_CONFIG"
"""Path of the settings file; `shirube.toml` in the current folder unless set."""

SECRETS = "SHIRUBE_SECRETS"
"""Folder of secret files, one a setting, such as `shirube_ollama__bearer`."""

SECRET = (
    "bearer",
    "api_key",
    "reader_key",
    "state.url",
    "options",
    "bot_token",
    "app_token",
    "signing_secret",
    "proxy",
)
"""Settings whose values no message repeats."""

_A_HOST = "NAME"
"""Stands for the name of a host, in the keys and variables of any of them."""

_BY_ID = {"channels": SlackChannel, "groups": Granted, "people": Granted}
"""Tables below [slack] that are named by an id, and stand in shirube.toml only."""

_AN_ID = "ID"

_MEANT = {
    "tuple_type": "should be a list",
    "model_type": "should be a table",
    "dict_type": "should be a table",
    "string_type": "should be a text in quotes",
    "path_type": "should be a path in quotes",
    "string_pattern_mismatch": "should be a-z, 0-9, - and _ only, at most 40 of them",
}
"""What pydantic's errors mean in a settings file."""

NOT_OURS = ("SHIRUBE_TEST_", "SHIRUBE_SERVERS", "SHIRUBE_REQUIRE_SERVERS")
"""Variables of the test suite and of its servers."""


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
    hosts: dict[HostName, Host] = Field(default_factory=dict)
    answers: Answers = Answers()
    console: Console = Console()
    serve: Serve = Serve()
    slack: Slack = Slack()
    retention: Retention = Retention()
    feedback: Feedback = Feedback()
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

    def written(self) -> tuple[Path, Path]:
        """Return the files of settings, of which any may be missing."""
        config, _ = self.files
        return config, config.parent / ".env"

    def model_hosts(self) -> tuple[HostSettings, ...]:
        """Return the hosts that models run on, with everything decided."""
        return decided(self.ollama, self.hosts)


def load(config: Path | None = None, /, **overrides: object) -> Settings:
    """Read all settings.

    Raises `ConfigError` with one line a problem: an unknown key or variable with a
    suggestion, a value that does not fit, a file that cannot be read.
    """
    path, secrets = _config_file(config), _secrets_folder()
    if problems := [*_unknown_variables(path.parent / ".env"), *_exposed(secrets)]:
        raise ConfigError("\n".join(problems))

    class Loaded(Settings):
        files = (path, secrets)

    try:
        settings = Loaded(base=path.parent, **_given(overrides))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error
    except SettingsError as error:
        raise ConfigError(_no_json(str(error))) from error
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors()]
        raise ConfigError("\n".join(problems)) from error
    problems = [
        *_duplicates(settings.sources),
        *contradictions(settings.ollama, settings.hosts),
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def _config_file(config: Path | None) -> Path:
    """Return the settings file: one that is named has to be there."""
    variable = os.environ.get(CONFIG)
    named = config or (Path(variable) if variable else None)
    path = (named or Path("shirube.toml")).absolute()
    if not path.is_file() and (named or path.exists()):
        raise ConfigError(f"no settings file {path}; `shirube init` writes one")
    return path


def _no_json(told: str) -> str:
    named = re.search(r'field "(\w+)"', told)
    begins = PREFIX + (named[1].upper() if named else "")
    return (
        f"a variable that begins with {begins} cannot be read: lists and tables are "
        'JSON there, such as ["pub"]'
    )


def _secrets_folder() -> Path | None:
    named = os.environ.get(SECRETS)
    if named and not Path(named).is_dir():
        raise ConfigError(f"{SECRETS} names {named}, which is no folder")
    return Path(named) if named else None


def _exposed(secrets: Path | None) -> Iterable[str]:
    return () if secrets is None else exposed(secrets, prefix=PREFIX.lower())


def variables() -> list[str]:
    """Return every environment variable that is a setting; NAME is any host's."""
    paths = [*_leaves(Settings), *_leaves(Host, ("hosts", _A_HOST))]
    return [CONFIG, SECRETS, *(f"{PREFIX}{'__'.join(path).upper()}" for path in paths)]


def dotted_keys() -> list[str]:
    """Return every key of shirube.toml, dotted; those of a source with `sources.`."""
    return [
        *(".".join(path) for path in _leaves(Settings)),
        *(".".join(path) for path in _leaves(Host, ("hosts", _A_HOST))),
        *(f"sources.{name}" for name in SourceSettings.model_fields),
        *(
            ".".join(path)
            for name, table in _BY_ID.items()
            for path in _leaves(table, ("slack", name, _AN_ID))
        ),
    ]


def _leaves(
    model: type[BaseModel], before: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if field.exclude or name == "sources" or get_origin(kind) is dict:
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, (*before, name))
        else:
            yield (*before, name)


def _given(overrides: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in overrides.items() if value is not None}


def _unknown_variables(dotenv: Path) -> Iterator[str]:
    known = {name.removeprefix(PREFIX) for name in variables()}
    places: dict[str, Iterable[str]] = {
        "the environment": os.environ,
        str(dotenv): _dotenv(dotenv),
    }
    for place, names in places.items():
        for name in names:
            upper = name.upper()
            if not upper.startswith(PREFIX) or upper.startswith(NOT_OURS):
                continue
            host, ours = _of_any_host(upper.removeprefix(PREFIX))
            if ours not in known:
                near = suggestion(ours, known, prefix=PREFIX)
                near = near.replace(f"__{_A_HOST}__", f"__{host}__")
                yield f"unknown setting {name} in {place}{near}"


def _of_any_host(variable: str) -> tuple[str, str]:
    """Return the host that a variable names, and the variable without it."""
    match variable.split("__"):
        case ["HOSTS", host, key]:
            return host, f"HOSTS__{_A_HOST}__{key}"
        case _:
            return _A_HOST, variable


def _dotenv(path: Path) -> Iterable[str]:
    try:
        return dotenv_values(path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8; save it as UTF-8") from error


def _sentence(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    meant = _MEANT.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    said = f"setting {where}: {meant[0].lower()}{meant[1:]}"
    match detail["type"]:
        case "extra_forbidden":
            named = [str(part) for part in detail["loc"] if isinstance(part, str)]
            return f"unknown setting {where}{suggestion(named[-1], _beside(named))}"
        case "missing":
            return f"setting {where} is missing"
        case _ if any(name in where for name in SECRET):
            return said
        case _ if isinstance(detail["input"], dict | list):  # may hold a secret
            return said
        case _:
            return f"{said}, not {detail['input']!r}"


def _beside(path: list[str]) -> set[str]:
    """Return the names known in the table that holds the last of `path`."""
    depth = len(path) - 1
    match path:
        case ["hosts", _, key, *rest]:
            path = ["hosts", _A_HOST, key, *rest]
        case ["slack", table, _, key, *rest]:
            path = ["slack", table, _AN_ID, key, *rest]
    return {
        key.split(".")[depth]
        for key in dotted_keys()
        if key.split(".")[:depth] == path[:depth] and key.count(".") >= depth
    }


def suggestion(name: str, known: Collection[str], *, prefix: str = "") -> str:
    """Return the question for the nearest of some names, or nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def _duplicates(sources: tuple[SourceSettings, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            yield f"two sources are called {source.name!r}; rename one"
        seen.add(source.name)
