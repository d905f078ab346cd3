"""Several model hosts in the settings, and what cannot be meant by them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot import settings
from bot.core.errors import ConfigError
from bot.settings import HostSettings

TWO = """
[hosts.gpu1]
url = "http://gpu1.社内.example:11434"
slots = 2

[hosts.llama]
kind = "openai"
url = "http://gpu2.example:8000/v1"
roles = ["chat"]
chat_model = "Qwen/日本語"
context = 8192
answer_timeout = 60
request = { reasoning_effort = "low" }
"""

AND_B = '[hosts.a]\nurl = "http://a"\n[hosts.b]\nurl = "http://b"\n'

Reader: TypeAlias = Callable[[str], tuple[HostSettings, ...]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Read the hosts from the text of a settings file, and nothing else."""
    monkeypatch.chdir(tmp_path)

    def hosts(text: str) -> tuple[HostSettings, ...]:
        (tmp_path / "shirube.toml").write_text(text, encoding="utf-8")
        return settings.load().model_hosts()

    return hosts


def refusal(read: Reader, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def test_without_tables_ollama_is_the_one_host(read: Reader) -> None:
    [host] = read(
        """
        [ollama]
        url = "http://gpu.example"
        bearer = "秘密"
        ca_file = "社内.pem"
        chat_model = "gemma4:31b"
        embed_model = "none"
        num_ctx = 4096
        slots = 3
        token_timeout = 7
        """
    )

    assert (host.name, host.kind, host.url) == (
        "ollama",
        "ollama",
        "http://gpu.example",
    )
    assert host.bearer is not None
    assert host.bearer.get_secret_value() == "秘密"
    assert (host.chat, host.embed) == ("gemma4:31b", None)
    assert (host.ca_file, host.num_ctx, host.slots) == (Path("社内.pem"), 4096, 3)
    assert (host.first_token_timeout, host.token_timeout) == (30.0, 7.0)


def test_what_a_table_leaves_open_comes_from_ollama(read: Reader) -> None:
    gpu, llama = read('[ollama]\nchat_model = "gemma4:31b"\nnum_ctx = 4096\n' + TWO)

    assert (gpu.chat, gpu.embed, gpu.num_ctx) == ("gemma4:31b", "bge-m3", 4096)
    assert (gpu.slots, gpu.answer_timeout) == (2, 180.0)
    assert (llama.chat, llama.embed, llama.context) == ("Qwen/日本語", None, 8192)
    assert (llama.kind, llama.answer_timeout) == ("openai", 60.0)
    assert llama.request == {"reasoning_effort": "low"}
    assert [host.name for host in (gpu, llama)] == ["gpu1", "llama"]


def test_a_secret_of_one_host_goes_to_no_other(read: Reader) -> None:
    told = refusal(read, '[ollama]\nbearer = "秘密の鍵"\n' + TWO)

    assert "ollama.bearer has no effect beside tables of hosts" in told
    assert "hosts.NAME.bearer" in told
    assert "秘密の鍵" not in told


def test_the_environment_adds_to_a_table(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIRUBE_HOSTS__LLAMA__BEARER", "秘密の鍵")
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU1__SLOTS", "4")
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU1__CHAT_MODEL", "")
    gpu, llama = read(TWO)

    assert (gpu.slots, gpu.chat, gpu.bearer) == (4, "gemma4:26b", None)
    assert llama.bearer is not None
    assert llama.bearer.get_secret_value() == "秘密の鍵"
    assert llama.request == {"reasoning_effort": "low"}


def test_the_environment_alone_makes_a_host(
    read: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU_2__ROLES", '["embed", "chat"]')
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU_2__REQUEST", '{"top_k": 1}')
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU_2__KIND", "openai")
    (tmp_path / ".env").write_text("SHIRUBE_HOSTS__GPU_2__URL=http://gpu2.example\n")
    [host] = read("")

    assert (host.name, host.url) == ("gpu_2", "http://gpu2.example")
    assert (host.chat, host.embed) == ("gemma4:26b", "bge-m3")
    assert host.request == {"top_k": 1}


def test_a_secret_file_holds_the_bearer_of_a_host(
    read: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "秘密"
    folder.mkdir(mode=0o700)
    (folder / "shirube_hosts__gpu1__bearer").write_text("鍵", encoding="utf-8")
    monkeypatch.setenv("SHIRUBE_SECRETS", str(folder))
    gpu, llama = read(TWO)

    assert gpu.bearer is not None
    assert gpu.bearer.get_secret_value() == "鍵"
    assert (gpu.slots, llama.bearer) == (2, None)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("SHIRUBE_HOSTS__GPU1__BAERER", "did you mean SHIRUBE_HOSTS__GPU1__BEARER?"),
        ("SHIRUBE_HOST__GPU1__URL", "unknown setting SHIRUBE_HOST__GPU1__URL"),
        ("SHIRUBE_HOSTS__GPU1", "unknown setting SHIRUBE_HOSTS__GPU1 in"),
        ("SHIRUBE_HOSTS", "unknown setting SHIRUBE_HOSTS in"),
        ("SHIRUBE_HOSTS__GPU1__ROLES__0", "unknown setting"),
    ],
)
def test_a_variable_that_nobody_knows_is_named_without_its_value(
    read: Reader, monkeypatch: pytest.MonkeyPatch, variable: str, told: str
) -> None:
    monkeypatch.setenv(variable, "秘密の鍵")
    said = refusal(read, TWO)

    assert told in said
    assert "秘密の鍵" not in said


def test_a_list_in_a_variable_is_json(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIRUBE_HOSTS__GPU1__ROLES", "chat")

    assert "lists and tables are JSON there" in refusal(read, TWO)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[hosts.gpu1]\nurl = "http://a"\nbaerer = "鍵"',
            "hosts.gpu1.baerer; did you mean bearer?",
        ),
        ('[host.gpu1]\nurl = "http://a"', "unknown setting host; did you mean hosts?"),
        ("[hosts.gpu1]\nslots = 2", "setting hosts.gpu1.url is missing"),
        ('[hosts.GPU-1]\nurl = "http://a"', "setting hosts.GPU-1: should be a-z"),
        ('[[hosts]]\nurl = "http://a"\nbearer = "鍵"', "hosts: should be a table"),
        ('[hosts.a]\nurl = "http://a"\nbearer = 5', "hosts.a.bearer: should be a text"),
        (
            '[hosts.a]\nurl = "http://a"\nkind = "vllm"',
            "hosts.a.kind: input should be 'ollama' or 'openai', not 'vllm'",
        ),
        (
            '[hosts.a]\nurl = "http://a"\nroles = ["chat", "embedding"]',
            "hosts.a.roles.1: input should be 'chat' or 'embed', not 'embedding'",
        ),
        (
            '[hosts.a]\nurl = "http://a"\nslots = 0',
            "hosts.a.slots: input should be greater than or equal to 1, not 0",
        ),
    ],
)
def test_a_typo_in_a_table_is_explained(read: Reader, text: str, told: str) -> None:
    said = refusal(read, text)

    assert told in said
    assert "鍵" not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[hosts.a]\nurl = "http://a"\nroles = []',
            "hosts.a.roles: the host is there for nothing",
        ),
        (
            '[hosts.a]\nurl = "http://a"\nroles = ["chat"]',
            'no host has the role "embed"',
        ),
        (
            '[hosts.a]\nurl = "http://a"\nroles = ["embed"]',
            'no host has the role "chat"',
        ),
        (
            '[hosts.a]\nurl = "http://a"\nchat_model = "none"',
            'set ollama.chat_model = "none"',
        ),
        (
            AND_B + 'chat_model = "日本語7b"',
            "hosts.a would answer with 'gemma4:26b' and hosts.b with '日本語7b'",
        ),
        (
            AND_B + 'embed_model = "ruri"',
            "hosts.a would embed with 'bge-m3' (ollama) and hosts.b with 'ruri'",
        ),
        (
            '[hosts.a]\nurl = "http://a"\n[hosts.b]\nurl = "http://b"\nkind = "openai"',
            "their vectors do not mix",
        ),
        (
            '[hosts.a]\nurl = "http://a"\nrequest = { top_k = 1 }',
            "hosts.a.request: only for kind openai",
        ),
        (
            '[ollama]\nurl = "http://c"\n[hosts.a]\nurl = "http://a"',
            "setting ollama.url has no effect beside tables of hosts",
        ),
    ],
)
def test_what_cannot_be_meant_is_said(read: Reader, text: str, told: str) -> None:
    assert told in refusal(read, text)


def test_one_model_may_have_a_name_of_its_own_on_each_kind_of_host(
    read: Reader,
) -> None:
    gpu, llama = read(TWO)

    assert (gpu.chat, llama.chat) == ("gemma4:26b", "Qwen/日本語")


def test_hosts_may_do_without_what_is_switched_off(read: Reader) -> None:
    [host] = read(
        '[ollama]\nembed_model = "none"\n[hosts.a]\nurl = "http://a"\nroles = ["chat"]'
    )

    assert (host.chat, host.embed) == ("gemma4:26b", None)
