"""Hostile repositories, addresses and names: nothing of theirs ever runs."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.api import Context, Document, Failed
from connectors.errors import OptionsError, SourceError, SourceUnavailable
from connectors.git import connect
from connectors.git.environment import Access
from connectors.git.mirror import Origin, refreshed
from connectors.git.runner import Git
from connectors.testing import Reading, read
from tests.unit.connectors.repositories import Repository


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """The file that appears as soon as anything hostile runs."""
    return tmp_path / "やられた"


@pytest.fixture
def git() -> Iterator[Git]:
    access = Access(protocols="https:ssh")
    with Git("handbook", access, stop=threading.Event()) as made:
        yield made


def reading(root: Path, **options: object) -> Reading:
    context = Context(
        source="handbook",
        options={"path": str(root), **options},
        base=root.parent,
        cache=root.parent / "cache",
        layers=(frozenset({"pub"}),),
    )
    return read(connect(context))


@pytest.mark.parametrize(
    "options",
    [
        {"url": "--upload-pack=touch {marker}"},
        {"url": "-oProxyCommand=touch {marker}"},
        {"url": "ext::sh -c touch% {marker}"},
        {"url": "ssh://-oProxyCommand=touch%20{marker}/x"},
        {"url": "git@-oProxyCommand=x:y"},
        {"url": "git@git.example:--upload-pack=x"},
        {"url": "https://git.example/a", "branch": "--output={marker}"},
        {"url": "https://git.example/a", "branch": "-x"},
        {"url": "https://git.example/a", "branch": "main:refs/heads/x"},
        {"url": "https://git.example/a", "branch": "main x"},
        {"url": "https://git.example/a", "branch": "main\n"},
    ],
)
def test_options_that_git_could_take_for_commands_are_refused(
    options: dict[str, str], marker: Path
) -> None:
    filled = {key: value.format(marker=marker) for key, value in options.items()}
    context = Context(
        source="handbook",
        options=filled,
        base=marker.parent,
        cache=marker.parent / "cache",
        layers=(),
    )

    with pytest.raises(OptionsError):
        connect(context)


@pytest.mark.parametrize(
    "location", ["--upload-pack=touch {marker};", "ext::sh -c touch% {marker}"]
)
def test_git_itself_refuses_them_as_well(
    git: Git, marker: Path, location: str, tmp_path: Path
) -> None:
    """The second fence, should the first one have a hole."""
    origin = Origin(location=location.format(marker=marker), branch=None, seconds=9)

    with pytest.raises(SourceError):
        refreshed(git, tmp_path / "cache", origin, stop=threading.Event())
    assert not marker.exists()


def test_a_remote_source_reads_nothing_of_this_machine(
    git: Git, tmp_path: Path
) -> None:
    root = Repository(tmp_path / "秘密").root
    for location in (str(root), f"file://{root}"):
        origin = Origin(location=location, branch=None, seconds=9)
        with pytest.raises(SourceUnavailable, match="not allowed"):
            refreshed(git, tmp_path / "cache", origin, stop=threading.Event())


def test_settings_hooks_and_filters_of_a_repository_never_run(
    tmp_path: Path, marker: Path
) -> None:
    repository = Repository(tmp_path / "罠")
    repository.commit({"規約.md": "# 規約\n"})
    touch = f"touch '{marker}'"
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "diff.罠.textconv",
        "filter.罠.smudge",
        "filter.罠.clean",
        "uploadpack.packObjectsHook",
        "gpg.program",
    ):
        repository.git("config", key, f"{touch}; cat #")
    repository.git("config", "log.showSignature", "true")
    files = {".gitattributes": "* filter=罠 diff=罠\n", "追加.md": "# 追加\n"}
    repository.write(files)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "罠")
    marker.unlink(missing_ok=True)  # our own `git add` has run the filter
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "update"):
        script = repository.root / ".git" / "hooks" / hook
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\n{touch}\n", encoding="utf-8")
        script.chmod(0o755)

    seen = reading(repository.root)

    assert {d.markdown for d in seen.documents.values() if isinstance(d, Document)} == {
        "# 規約\n",
        "# 追加\n",
    }
    assert not marker.exists()
    repository.git("status")
    assert marker.exists(), "the trap itself does not work"


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "罠")
    (repository.root / "秘密.md").symlink_to("/etc/passwd")
    (repository.root / "棚").symlink_to("/etc")
    repository.commit({"規約.md": "# 規約\n"})

    seen = reading(repository.root)

    assert [entry.id for entry in seen.entries] == ["規約.md"]
    assert seen.failures == []


def test_submodules_are_reported_and_not_fetched(tmp_path: Path) -> None:
    inner = Repository(tmp_path / "内")
    inner.commit({"内.md": "# 内\n"})
    outer = Repository(tmp_path / "外")
    outer.commit({"外.md": "# 外\n"})
    outer.git("submodule", "--quiet", "add", str(inner.root), "部品")
    outer.commit()

    seen = reading(outer.root)

    assert [entry.id for entry in seen.entries] == ["外.md"]
    assert [(f.id, f.reason) for f in seen.failures] == [("部品", "submodule")]
    assert reading(outer.root, exclude=["部品"]).failures == []


def test_names_that_look_like_options_are_only_names(tmp_path: Path) -> None:
    names = ("--output=x.md", "-- .md", "\x01123 罠.md", "改\n行.md", '"引用".md')
    repository = Repository(tmp_path / "罠")
    repository.commit(dict.fromkeys(names, "# 規約\n"))

    seen = reading(repository.root)

    assert {entry.id for entry in seen.entries} == set(names)
    assert not any(isinstance(d, Failed) for d in seen.documents.values())


def test_a_tree_that_climbs_out_is_refused(tmp_path: Path) -> None:
    """Such a name cannot be written as a file; fsck refuses the whole transfer."""
    repository = Repository(tmp_path / "罠")
    repository.commit({"規約.md": "# 規約\n"})
    tree = repository.git("rev-parse", "HEAD^{tree}")
    raw = b"40000 ..\0" + bytes.fromhex(tree)
    (tmp_path / "tree").write_bytes(raw)
    hostile = repository.git(
        *("hash-object", "-t", "tree", "-w", "--literally", str(tmp_path / "tree"))
    )
    commit = repository.git("commit-tree", hostile, "-m", "罠")
    repository.git("update-ref", "refs/heads/main", commit)

    with pytest.raises(SourceUnavailable, match="hasDotdot"):
        reading(repository.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_only_the_configured_repository_of_another_account_is_trusted(
    tmp_path: Path,
) -> None:
    repository = Repository(tmp_path / "他人")
    repository.commit({"規約.md": "# 規約\n"})
    for path in [repository.root, *repository.root.rglob("*")]:
        os.lchown(path, 12345, 12345)

    assert [entry.id for entry in reading(repository.root).entries] == ["規約.md"]

    access = Access(protocols="file")
    with (
        Git("handbook", access, stop=threading.Event()) as git,
        pytest.raises(SourceError, match="dubious ownership"),
    ):
        git.run("ls-remote", "--", str(repository.root))


class Stuck:
    """A `git` that never ends, with a child that keeps its pipes open."""

    def __init__(self, folder: Path) -> None:
        self._number = folder / "number"
        self._child = -1
        script = folder / "git"
        os.mkfifo(self._number)
        script.write_text(
            f"#!/bin/sh\n(sleep 600) &\necho $! > '{self._number}'\nwait\n",
            encoding="utf-8",
        )
        script.chmod(0o755)

    def wait_for_child(self) -> None:
        """Return once the child runs."""
        self._child = os.pidfd_open(int(self._number.read_text(encoding="utf-8")))

    def is_gone(self) -> bool:
        """Whether the child ends within moments."""
        ended, _, _ = select.select([self._child], [], [], 5)
        os.close(self._child)
        return bool(ended)


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stuck:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Stuck(folder)


def test_a_git_that_hangs_is_ended_with_its_children(git: Git, stuck: Stuck) -> None:
    watcher = threading.Thread(target=stuck.wait_for_child)
    watcher.start()

    with pytest.raises(SourceUnavailable, match="took longer than 1 seconds"):
        git.run("fetch", seconds=1)
    watcher.join()

    assert stuck.is_gone()


def test_stopping_ends_git_with_its_children(stuck: Stuck) -> None:
    stop = threading.Event()

    def watch() -> None:
        stuck.wait_for_child()
        stop.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with Git("handbook", Access(protocols="file"), stop=stop) as git:
        with pytest.raises(SourceUnavailable, match="stopped"):
            git.run("fetch", seconds=60)
        watcher.join()

    assert stuck.is_gone()


def test_closing_ends_what_still_runs(git: Git, stuck: Stuck) -> None:
    process = git.start("log")
    stuck.wait_for_child()
    git.close()

    assert process.returncode == -signal.SIGKILL
    assert stuck.is_gone()


def test_a_machine_without_git_says_so(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceUnavailable, match="git is not installed"):
        git.run("version")
