"""Builds `handbook.zip` and `runbooks.bundle` from the texts in `sources`.

Run it in the root of the checkout: `python -m tests.samples.build`. The same texts
give the same content on every machine. How it is compressed may differ, so a file
that already holds that content stays as it is.
"""

import os
import re
import subprocess
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.fakes.confluence_export import (
    FakeAttachment,
    FakeExport,
    FakePage,
    FakeSpace,
    FakeUser,
    write_zip,
)

HERE = Path(__file__).parent
SOURCES = HERE / "sources"


def build(target: Path, /) -> None:
    """Write what is missing or has changed into a folder."""
    export = target / "handbook.zip"
    if not export.exists() or unzipped(export) != handbook():
        write_zip(export, handbook())
    with tempfile.TemporaryDirectory() as folder:
        fresh = bundle(Path(folder))
        repository = target / "runbooks.bundle"
        if not repository.exists() or heads(repository) != heads(fresh):
            repository.write_bytes(fresh.read_bytes())


# --- the Confluence export ---------------------------------------------------


def handbook() -> dict[str, bytes]:
    """Return the files of the space export by name."""
    space = tomllib.loads((SOURCES / "handbook.toml").read_text(encoding="utf-8"))
    export = FakeExport(
        *(page for row in space["pages"] for page in _pages(row, space["key"])),
        spaces=(
            FakeSpace(
                key=space["key"], name=space["name"], viewers=tuple(space["viewers"])
            ),
        ),
        users=tuple(FakeUser(**user) for user in space["users"]),
    )
    export.written_at = space["exported_at"]
    export.descriptor = "exportType=space\ntimezoneId=Asia/Tokyo\n"
    files = export.files()
    # The samples name no real company; what reads an export goes by the class.
    named = rb' package="[^"]*"|<property name="[a-z]+AccountId"></property>'
    entities = re.sub(named, b"", files["entities.xml"])
    return {**files, "entities.xml": entities}


def _pages(row: Mapping[str, Any], key: str) -> Iterator[FakePage]:
    """Yield a page and its older versions, which have no space in an export."""
    page = str(row["id"])
    yield FakePage(
        id=page,
        title=row["title"],
        space=key,
        parent=str(row["parent"]) if "parent" in row else None,
        status=row.get("status", "current"),
        view=tuple((f"group:{name}",) for name in row.get("groups", ())),
        labels=tuple(row.get("labels", ())),
        attachments=tuple(map(_attachment, row.get("attachments", ()))),
        **_state(row, row),
    )
    for version in row.get("earlier", ()):
        yield FakePage(
            id=str(version["id"]),
            title=row["title"],
            space=None,
            original=page,
            **_state(version, row),
        )


def _state(version: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an older version of a page has of its own."""
    return {
        "body": (SOURCES / "handbook" / version["file"]).read_text(encoding="utf-8"),
        "version": version["version"],
        "modified": f"{version['at']}.000",
        "modifier": row["by"],
    }


def _attachment(row: Mapping[str, Any]) -> FakeAttachment:
    """Return a file of the right size; what is in it is not read."""
    return FakeAttachment(
        name=row["name"], media_type=row["type"], content=bytes(row["size"])
    )


def unzipped(path: Path, /) -> dict[str, bytes]:
    """Return the files of a zip by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- the Git bundle ----------------------------------------------------------


def bundle(folder: Path, /) -> Path:
    """Replay the history of the runbooks in a folder and return a bundle of it."""
    history = tomllib.loads((SOURCES / "runbooks.toml").read_text(encoding="utf-8"))
    repository, result = folder / "runbooks.git", folder / "runbooks.bundle"
    branch = history["branch"]
    _git(
        *("init", "--quiet", "--bare", "--template=", "--object-format=sha1"),
        *(f"--initial-branch={branch}", str(repository)),
    )
    stream = b"".join(
        _commit(branch, history["people"][commit["by"]], commit)
        for commit in history["commits"]
    )
    _git("-C", str(repository), "fast-import", "--quiet", stream=stream)
    _git(
        *("-C", str(repository), "-c", "pack.threads=1"),
        *("bundle", "create", "--quiet", str(result), "HEAD", f"refs/heads/{branch}"),
    )
    return result


def heads(path: Path, /) -> str:
    """Return the branches of a bundle; equal commits have equal histories."""
    return _git("bundle", "list-heads", str(path)).decode()


def _commit(branch: str, person: str, commit: Mapping[str, Any]) -> bytes:
    """Return a commit as `git fast-import` reads it."""
    at: datetime = commit["at"]
    who = f"{person} {at.timestamp():.0f} {at:%z}"
    lines = [
        *(f"commit refs/heads/{branch}\n", f"author {who}\n", f"committer {who}\n"),
        _data(commit["subject"] + "\n"),
        *(f'R "{old}" "{new}"\n' for old, new in commit.get("moved", {}).items()),
        *(f'M 100644 inline "{path}"\n{_data(text)}' for path, text in _texts(commit)),
        "\n",
    ]
    return "".join(lines).encode()


def _texts(commit: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from commit.get("earlier", {}).items()
    for path in commit.get("put", ()):
        yield path, (SOURCES / "runbooks" / path).read_text(encoding="utf-8")


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _git(*arguments: str, stream: bytes | None = None) -> bytes:
    """Run git without the settings of this machine."""
    alone = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **alone}
    done = subprocess.run(
        ["git", *arguments],
        input=stream,
        env=environment,
        capture_output=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    build(HERE)
