"""Remote repositories: the token reaches its host and nothing else."""

import base64
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.api import Context
from connectors.errors import SourceDenied, SourceUnavailable
from connectors.git import connect
from connectors.git.environment import Access, environment
from connectors.git.runner import Git
from connectors.git.source import Repository as Source
from connectors.testing import read
from tests.unit.connectors.git_server import GitHost, certificate, serving
from tests.unit.connectors.repositories import Repository

TOKEN = "glpat-秘密-0123456789".encode().hex()
BASIC = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "host" / "kiyaku")
    noise = random.Random(1).randbytes(200_000).hex()
    made.commit({"規約/命名.md": "# 命名規則\n", "雑音.md": noise})
    return made


@pytest.fixture
def host(pem: Path, repository: Repository) -> Iterator[GitHost]:
    made = GitHost(root=repository.root.parent, certificate=pem, expected=BASIC)
    with serving(made):
        yield made


def source(host: GitHost, tmp_path: Path, **options: object) -> Source:
    defaults = {
        "url": host.url("kiyaku"),
        "token": TOKEN,
        "ca_file": str(host.certificate),
    }
    context = Context(
        source="handbook",
        options={**defaults, **options},
        base=tmp_path,
        cache=tmp_path / "cache",
        layers=(frozenset({"pub"}),),
    )
    return connect(context)


def test_a_remote_is_read_with_its_token(host: GitHost, tmp_path: Path) -> None:
    made = source(host, tmp_path)

    assert made.check() == []
    assert [entry.id for entry in read(made).entries] == ["規約/命名.md", "雑音.md"]
    assert set(host.authorizations) == {BASIC}


def test_a_second_sync_transfers_only_what_is_new(
    host: GitHost, tmp_path: Path, repository: Repository
) -> None:
    made = source(host, tmp_path)
    read(made)
    first = sum(host.sent)
    host.sent.clear()
    read(made)
    unchanged = sum(host.sent)
    repository.commit({"追加.md": "# 追加\n"})
    host.sent.clear()

    assert len(read(made).entries) == 3
    assert first > 100_000
    assert unchanged < 2_000
    assert sum(host.sent) < 6_000


def test_the_token_may_be_in_a_file(host: GitHost, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="utf-8")
    made = source(host, tmp_path, token=None, token_file="token")

    assert made.check() == []


def test_a_server_may_want_the_token_alone(host: GitHost, tmp_path: Path) -> None:
    host.expected = f"Bearer {TOKEN}"

    assert source(host, tmp_path, user="").check() == []


def test_a_wrong_token_is_denied_and_not_told(host: GitHost, tmp_path: Path) -> None:
    made = source(host, tmp_path, token=f"{TOKEN}wrong")

    with pytest.raises(SourceDenied, match=r"options\.token") as caught:
        read(made)

    told = f"{caught.value!s} {made.check()!r} {made.options!r}"
    assert TOKEN not in told
    assert not any(
        path.is_file() and TOKEN.encode() in path.read_bytes()
        for path in (tmp_path / "cache").rglob("*")
    )


def test_the_token_does_not_follow_a_redirect(
    host: GitHost, tmp_path: Path, pem: Path
) -> None:
    with serving(GitHost(root=tmp_path, certificate=pem)) as other:
        host.moved_to = other.url("")
        with pytest.raises(SourceUnavailable, match="moved"):
            read(source(host, tmp_path))

        assert other.authorizations == []


def test_a_certificate_of_nobody_is_refused(host: GitHost, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"options\.ca_file"):
        read(source(host, tmp_path, ca_file=None))

    assert host.authorizations == []


def test_a_host_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    options = {"url": "https://127.0.0.1:1/kiyaku", "token": TOKEN}
    context = Context(
        source="handbook",
        options=options,
        base=tmp_path,
        cache=tmp_path / "cache",
        layers=(frozenset({"pub"}),),
    )

    with pytest.raises(SourceUnavailable, match="source 'handbook'") as caught:
        read(connect(context))

    assert TOKEN not in str(caught.value)
    assert len(connect(context).check()) == 1


def test_the_token_is_in_the_environment_for_its_host_only() -> None:
    access = Access(protocols="https:ssh", host="git.example", user="u", token=TOKEN)
    made = environment(access, Path("/empty"), {"PATH": "/bin", "SECRET": "x"})
    pair = base64.b64encode(f"u:{TOKEN}".encode()).decode()

    keys = {made[f"GIT_CONFIG_KEY_{n}"] for n in range(int(made["GIT_CONFIG_COUNT"]))}
    assert "http.https://git.example/.extraHeader" in keys
    assert f"Authorization: Basic {pair}" in made.values()
    assert "SECRET" not in made
    assert made["GIT_ALLOW_PROTOCOL"] == "https:ssh"


def test_texts_of_git_are_scrubbed() -> None:
    access = Access(protocols="https", host="git.example", user="u", token=TOKEN)
    pair = base64.b64encode(f"u:{TOKEN}".encode()).decode()
    with Git("handbook", access, stop=threading.Event()) as git:
        told = git.scrubbed(f"https://u:{TOKEN}@git.example {pair} {TOKEN}")

    assert told == "https://git.example *** ***"
    assert TOKEN not in repr(access)


def test_ssh_never_asks_and_knows_its_hosts() -> None:
    access = Access(
        protocols="https:ssh", ssh_key=Path("/鍵/id"), known_hosts=Path("/鍵/hosts")
    )

    command = access.ssh_command()
    assert "BatchMode=yes" in command
    assert "StrictHostKeyChecking=yes" in command
    assert "-i /鍵/id" in command.replace("'", "")
    assert "UserKnownHostsFile=/鍵/hosts" in command
