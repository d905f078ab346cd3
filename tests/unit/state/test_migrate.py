"""A database is brought up to date once, after a backup, while nobody uses it."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.errors import ConfigError, Conflict
from bot.state.faults import backups
from bot.state.locks import opened
from bot.state.migrate import bring_up_to_date
from bot.state.release import THIS, Release
from bot.state.store import open_state

NOW = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)

OLD = '''
"""What an earlier release had."""
from alembic import op

revision, down_revision = "a1", None

def upgrade():
    op.execute("CREATE TABLE notes (text TEXT)")
'''
NEW = '''
"""What this release adds."""
from alembic import op

revision, down_revision = "a2", "a1"

def upgrade():
    op.execute("CREATE TABLE authors (name TEXT)")
    op.execute("ALTER TABLE notes ADD COLUMN author TEXT DEFAULT '山田'")
'''
BROKEN = NEW + "    op.execute('SELECT nonsense')\n"

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.state.locks import opened
from bot.state.migrate import bring_up_to_date
from bot.state.release import Release

path, scripts = map(Path, sys.argv[1:])
with opened(path.with_name("lock")) as lock:
    bring_up_to_date(
        path, lock, clock=lambda: datetime.now(UTC),
        release=Release(head="a1", scripts=scripts),
    )
    print("open", flush=True)
    sys.stdin.read()
"""

OPEN = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.state.store import open_state

async def main():
    async with open_state(Path(sys.argv[1]), clock=lambda: datetime.now(UTC)) as state:
        assert await state.generations.active() is None

asyncio.run(main())
"""


def a_release(folder: Path, head: str, *steps: str) -> Release:
    """Return a release whose schema was made by these steps."""
    versions = folder / head / "versions"
    versions.mkdir(parents=True)
    shutil.copy(THIS.scripts / "env.py", folder / head)
    for number, step in enumerate(steps):
        (versions / f"step{number}.py").write_text(step, encoding="utf-8")
    return Release(head=head, scripts=folder / head)


@pytest.fixture
def old(tmp_path: Path) -> Release:
    return a_release(tmp_path / "一", "a1", OLD)


@pytest.fixture
def new(tmp_path: Path) -> Release:
    return a_release(tmp_path / "二 100%", "a2", OLD, NEW)


@pytest.fixture
def path(tmp_path: Path, old: Release) -> Path:
    """A database of the old release, with a note in it."""
    path = tmp_path / "標" / "state.db"
    start(path, old)
    with connected(path) as connection:
        connection.execute("INSERT INTO notes VALUES ('休暇は二十日')")
        connection.commit()
    return path


def start(path: Path, release: Release) -> None:
    with opened(path.with_name("lock")) as lock:
        bring_up_to_date(path, lock, clock=lambda: NOW, release=release)


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    with connected(path) as connection:
        return connection.execute(statement).fetchall()


def test_a_new_database_needs_no_backup(tmp_path: Path, new: Release) -> None:
    path = tmp_path / "new" / "state.db"

    start(path, new)

    assert rows(path, "SELECT version_num FROM alembic_version") == [("a2",)]
    assert backups(path) == []


def test_an_older_database_is_migrated_after_a_backup(path: Path, new: Release) -> None:
    for _ in range(2):
        start(path, new)

    assert rows(path, "SELECT * FROM notes") == [("休暇は二十日", "山田")]
    [backup] = backups(path)
    assert backup.name == "state.db.20260401T023000Z.a1.backup"
    assert rows(backup, "SELECT * FROM notes") == [("休暇は二十日",)]
    assert rows(backup, "SELECT version_num FROM alembic_version") == [("a1",)]


def test_a_step_that_fails_changes_nothing(tmp_path: Path, path: Path) -> None:
    broken = a_release(tmp_path / "壊", "a2", OLD, BROKEN)

    with pytest.raises(Exception, match="nonsense"):
        start(path, broken)

    assert rows(path, "SELECT * FROM notes") == [("休暇は二十日",)]
    assert rows(path, "SELECT version_num FROM alembic_version") == [("a1",)]
    assert rows(path, "SELECT name FROM sqlite_master WHERE name = 'authors'") == []


def test_a_database_in_use_is_not_migrated(
    path: Path, old: Release, new: Release
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(old.scripts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "open\n"

        with pytest.raises(Conflict, match="stop that one first"):
            start(path, new)
        start(path, old)  # but it is shared with one that needs no migration

        user.kill()

    start(path, new)
    assert len(backups(path)) == 1


def test_a_newer_database_is_refused(path: Path, old: Release, new: Release) -> None:
    start(path, new)

    with pytest.raises(ConfigError, match="newer"):
        start(path, old)

    assert rows(path, "SELECT author FROM notes") == [("山田",)]


def test_the_database_of_something_else_is_left_alone(
    tmp_path: Path, new: Release
) -> None:
    path = tmp_path / "state.db"
    with connected(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")

    with pytest.raises(ConfigError, match="not a database of Shirube"):
        start(path, new)

    assert rows(path, "SELECT name FROM sqlite_master") == [("theirs",)]


def test_a_damaged_database_names_its_newest_backup(
    path: Path, old: Release, new: Release
) -> None:
    start(path, new)
    [backup] = backups(path)
    path.write_bytes("これはデータベースではない".encode() * 500)

    with pytest.raises(ConfigError, match="damaged") as refused:
        start(path, old)

    assert str(backup) in str(refused.value)


async def test_what_is_damaged_inside_is_reported_when_it_is_read(
    tmp_path: Path,
) -> None:
    async with open_state(tmp_path, clock=lambda: NOW):
        pass
    path = tmp_path / "state.db"
    whole = bytearray(path.read_bytes())
    whole[8192:] = b"\xff" * (len(whole) - 8192)
    path.write_bytes(whole)

    with pytest.raises(ConfigError, match=r"damaged.*sync again"):
        async with open_state(tmp_path, clock=lambda: NOW) as state:
            await state.generations.active()


async def test_processes_that_start_together_all_get_in(tmp_path: Path) -> None:
    folder = str(tmp_path / "標")
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN, folder)
        for _ in range(3)
    ]

    assert [await process.wait() for process in started] == [0, 0, 0]
