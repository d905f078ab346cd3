"""The hosts that models run on, with what their tables leave open filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from bot.settings.tables import Host, Ollama, Task

Kind = Literal["ollama", "openai"]

NONE = "none"
"""The name of a model that is switched off."""

_OF_ONE_HOST = ("url", "bearer", "ca_file", "allow_cloud", "slots")
"""Keys of [ollama] that mean that one host, and nothing beside tables of hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """One model host; a model that is None is not asked of it.

    `context` is None where the server says how many tokens it takes; an Ollama
    host is told by `num_ctx`.
    """

    name: str
    kind: Kind
    url: str
    bearer: SecretStr | None
    ca_file: Path | None
    allow_cloud: bool
    chat: str | None
    embed: str | None
    context: int | None
    num_ctx: int
    slots: int
    first_token_timeout: float
    token_timeout: float
    answer_timeout: float
    request: Mapping[str, Any]


def decided(ollama: Ollama, tables: Mapping[str, Host], /) -> tuple[HostSettings, ...]:
    """Return the hosts in their order; without tables [ollama] is the only one."""
    hosts = tables or {"ollama": _alone(ollama)}
    return tuple(_host(name, table, ollama) for name, table in hosts.items())


def contradictions(ollama: Ollama, tables: Mapping[str, Host], /) -> Iterator[str]:
    """Say what in the tables of hosts cannot be meant, a sentence each."""
    if not tables:
        return
    yield from _without_effect(ollama)
    yield from _useless(tables)
    hosts = decided(ollama, tables)
    yield from _nobody(ollama, hosts)
    yield from _two_writers(hosts)
    yield from _two_embedders(hosts)


def _alone(ollama: Ollama) -> Host:
    of_host = {name: getattr(ollama, name) for name in _OF_ONE_HOST}
    return Host(kind="ollama", **of_host)


def _host(name: str, table: Host, ollama: Ollama) -> HostSettings:
    return HostSettings(
        name=name,
        kind=table.kind,
        url=table.url,
        bearer=table.bearer,
        ca_file=table.ca_file,
        allow_cloud=table.allow_cloud,
        chat=_model(table, "chat", table.chat_model or ollama.chat_model),
        embed=_model(table, "embed", table.embed_model or ollama.embed_model),
        context=table.context,
        num_ctx=table.context or ollama.num_ctx,
        slots=table.slots,
        first_token_timeout=table.first_token_timeout or ollama.first_token_timeout,
        token_timeout=table.token_timeout or ollama.token_timeout,
        answer_timeout=table.answer_timeout or ollama.answer_timeout,
        request=table.request,
    )


def _model(table: Host, task: Task, name: str) -> str | None:
    return name if task in table.roles and name != NONE else None


def _without_effect(ollama: Ollama) -> Iterator[str]:
    for name in _OF_ONE_HOST:
        if getattr(ollama, name) != type(ollama).model_fields[name].default:
            yield (
                f"setting ollama.{name} has no effect beside tables of hosts; "
                f"move it to hosts.NAME.{name}"
            )


def _useless(tables: Mapping[str, Host]) -> Iterator[str]:
    for name, table in tables.items():
        if not table.roles:
            yield (
                f"setting hosts.{name}.roles: the host is there for nothing; "
                'write ["chat"], ["embed"] or both, or remove the host'
            )
        if table.request and table.kind == "ollama":
            yield (
                f"setting hosts.{name}.request: only for kind openai; an Ollama host "
                "gets its requests as they are"
            )


def _nobody(ollama: Ollama, hosts: tuple[HostSettings, ...]) -> Iterator[str]:
    for task, model, missing in (
        ("chat", ollama.chat_model, all(host.chat is None for host in hosts)),
        ("embed", ollama.embed_model, all(host.embed is None for host in hosts)),
    ):
        if missing and model != NONE:
            yield (
                f'no host has the role "{task}"; give it to one in hosts.NAME.roles, '
                f'or set ollama.{task}_model = "{NONE}"'
            )


def _two_writers(hosts: tuple[HostSettings, ...]) -> Iterator[str]:
    """Find two names for one model where names are the same everywhere.

    Servers of another kind call a model as they were told to.
    """
    named = {host.chat: host.name for host in hosts if host.chat and _ollama(host)}
    if len(named) > 1:
        (one, first), (other, second), *_ = named.items()
        yield (
            f"hosts.{first} would answer with {one!r} and hosts.{second} with "
            f"{other!r}; a conversation needs the same model everywhere"
        )


def _two_embedders(hosts: tuple[HostSettings, ...]) -> Iterator[str]:
    named = {(host.kind, host.embed): host.name for host in hosts if host.embed}
    if len(named) > 1:
        ((kind, one), first), ((other_kind, other), second), *_ = named.items()
        yield (
            f"hosts.{first} would embed with {one!r} ({kind}) and hosts.{second} with "
            f"{other!r} ({other_kind}), and their vectors do not mix; let hosts of one "
            'kind embed, with one model, and give the others roles = ["chat"]'
        )


def _ollama(host: HostSettings) -> bool:
    return host.kind == "ollama"
