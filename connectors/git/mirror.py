"""Keeps a bare copy of one branch of a repository, fetched as it grows."""

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.git.runner import Git

_TIP = "refs/shirube/tip"
_HEADS = "refs/heads/"
_SHA1 = 40
_USUAL = ("main", "master")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a repository is, and which branch is asked for (None: its own choice)."""

    location: str
    branch: str | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A bare repository with everything that was ever read of the source."""

    folder: Path
    commit: str

    def arguments(self, *arguments: str) -> tuple[str, ...]:
        """Return the arguments that run a git command on the mirror."""
        return (f"--git-dir={self.folder}", *arguments)


def tip(git: Git, origin: Origin, /) -> tuple[str, str]:
    """Ask the origin for the branch; returns its reference and commit.

    Raises `SourceUnavailable`, naming the branches there are, for one that is not.
    """
    answer = git.run(
        *("ls-remote", "--symref", "--", origin.location, "HEAD", f"{_HEADS}*"),
        seconds=min(origin.seconds, 120),
    )
    head, refs = _parsed(answer.decode("utf-8", "surrogateescape"))
    reference = _chosen(refs, head, origin.branch)
    if reference is None:
        names = [name.removeprefix(_HEADS) for name in refs if name != "HEAD"]
        raise git.unavailable(_no_branch(origin.branch, sorted(names)))
    return reference, refs[reference]


def refreshed(
    git: Git, cache: Path, origin: Origin, /, *, stop: threading.Event
) -> Mirror:
    """Bring the mirror up to date and return it, pinned to the branch's commit.

    One process at a time does so; only objects that are missing are transferred.
    """
    reference, commit = tip(git, origin)
    kind = "sha1" if len(commit) == _SHA1 else "sha256"
    folder = cache / f"{kind}.git"
    with _locked(cache, git, stop):
        if not (folder / "HEAD").exists():
            init = ("init", "--quiet", "--bare", "--template=")
            git.run(*init, f"--object-format={kind}", "--", str(folder))
        before = _held(git, folder)
        if before != commit:
            _clear_locks(folder)
            git.run(
                *(f"--git-dir={folder}", "fetch", "--quiet", "--force", "--no-tags"),
                *("--no-recurse-submodules", "--no-write-fetch-head"),
                *("--", origin.location, f"+{reference}:{_TIP}"),
                seconds=origin.seconds,
            )
        held = _held(git, folder)
    if held is None or (held == before and held != commit):
        raise git.unavailable(
            f"git fetched nothing from '{origin.location}'; if that is a shallow copy, "
            f"run git fetch --unshallow there, else delete '{folder}' and sync again"
        )
    return Mirror(folder=folder, commit=held)


def _parsed(answer: str) -> tuple[str | None, dict[str, str]]:
    head, refs = None, {}
    for line in answer.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value.removeprefix("ref: ")
        elif name == "HEAD" or name.startswith(_HEADS):
            refs[name] = value
    return head, refs


def _chosen(
    refs: Mapping[str, str], head: str | None, branch: str | None
) -> str | None:
    if branch is not None:
        return f"{_HEADS}{branch}" if f"{_HEADS}{branch}" in refs else None
    if head in refs:
        return head
    if "HEAD" in refs:
        return "HEAD"
    heads = [name for name in refs if name.startswith(_HEADS)]
    usual = [f"{_HEADS}{name}" for name in _USUAL if f"{_HEADS}{name}" in refs]
    return next(iter(usual), heads[0] if len(heads) == 1 else None)


def _no_branch(branch: str | None, names: list[str]) -> str:
    if not names:
        return "the repository has no branch yet; push a commit"
    there = ", ".join(f"'{name}'" for name in names[:20])
    missing = f"no branch '{branch}'" if branch else "no default branch"
    return f"{missing}; set options.branch to one of {there}"


def _held(git: Git, folder: Path) -> str | None:
    query = ("for-each-ref", "--format=%(objectname)", _TIP)
    answer = git.run(f"--git-dir={folder}", *query).decode().strip()
    return answer or None


def _clear_locks(folder: Path) -> None:
    """Remove what a killed git left behind; nobody else writes while we hold ours."""
    for lock in folder.rglob("*.lock"):
        lock.unlink(missing_ok=True)


@contextmanager
def _locked(cache: Path, git: Git, stop: threading.Event) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(cache / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(descriptor):
            stop.wait(0.1)
            git.check_stop()
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
