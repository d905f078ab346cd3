"""A state database that fails: what the operator is told, and what people hear."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGQUIT
from subprocess import Popen
from uuid import uuid4

import pytest

from bot.state.release import THIS
from tests.fakes.postgres_server import RunningPostgres
from tests.fakes.team import (
    QUESTION,
    a_team,
    answered,
    complaint,
    is_down,
    on_weaviate,
)
from tests.fakes.terminal import Terminal
from tests.fakes.weaviate_server import Node


@dataclass(frozen=True, slots=True)
class Team:
    """A command line whose state lies in a schema of a server."""

    server: RunningPostgres
    schema: str
    terminal: Terminal

    def at(self, revision: str) -> None:
        """Pretend that another release wrote the schema."""
        self.tell(f"UPDATE alembic_version SET version_num = '{revision}'")

    def tell(self, statement: str) -> str:
        return self.server.tell(f'SET search_path = "{self.schema}"; {statement}')


@pytest.fixture
def team(postgres: RunningPostgres, tmp_path: Path) -> Team:
    schema = f"障害 {uuid4().hex[:8]}"
    postgres.make_schema(schema)
    settings = {"SHIRUBE_STATE__URL": postgres.url(schema)}
    terminal = a_team(tmp_path / "one", settings)
    assert terminal.run("sync").code == 0
    return Team(postgres, schema, terminal)


def all_say(terminal: Terminal, reason: str, *, code: int) -> None:
    """Run every command: the operator reads the reason, the asker one sentence."""
    asked = terminal.run("ask", QUESTION)
    assert is_down(asked)
    for ran in (asked, terminal.run("sync")):
        assert reason in complaint(ran, code=code)
    check = terminal.run("check")
    assert (check.code, reason in check.out) == (1, True)


def test_a_server_that_is_stopped_is_named_until_it_is_back(team: Team) -> None:
    team.server.stop()
    try:
        all_say(team.terminal, "see that the server runs, and that state.url", code=1)
    finally:
        team.server.start()

    assert answered(team.terminal.run("ask", QUESTION))


def test_a_server_without_a_free_connection_is_named_with_the_setting_to_raise(
    team: Team,
) -> None:
    team.tell("ALTER ROLE shirube CONNECTION LIMIT 0")
    try:
        all_say(team.terminal, "no connection left; raise max_connections", code=1)
    finally:
        team.tell("ALTER ROLE shirube CONNECTION LIMIT -1")

    assert answered(team.terminal.run("ask", QUESTION))


@pytest.mark.parametrize(
    ("revision", "fix"),
    [
        ("0001", "stop Shirube on every host, then run `shirube db upgrade`"),
        ("9999", "install that release again, or put a backup of this one in"),
    ],
    ids=["older", "newer"],
)
def test_a_schema_of_another_release_is_named_with_what_to_do(
    team: Team, revision: str, fix: str
) -> None:
    team.at(revision)
    all_say(team.terminal, fix, code=2)
    team.at(THIS.head)

    assert answered(team.terminal.run("ask", QUESTION))


def test_a_second_sync_is_told_who_syncs_on_this_host_and_on_another(
    team: Team, tmp_path: Path
) -> None:
    """And questions are answered meanwhile."""
    other = a_team(tmp_path / "two", dict(team.terminal.environment))
    with syncing(team) as first:
        here = complaint(team.terminal.run("sync"), code=1)
        there = complaint(other.run("sync"), code=1)
        asked = team.terminal.run("ask", QUESTION)

    for error in (here, there):
        assert f"'sync' is running already (process {first.pid}" in error
        assert "wait until it is done, or stop it" in error
    assert answered(asked)


def test_a_sync_that_was_killed_is_not_shown_as_running(
    team: Team, tmp_path: Path
) -> None:
    """On the host where it ran, and on another."""
    other = a_team(tmp_path / "two", dict(team.terminal.environment))
    with syncing(team) as process:
        during = [last_run(terminal) for terminal in (team.terminal, other)]
        process.kill()
        process.wait()
    after = [last_run(terminal) for terminal in (team.terminal, other)]

    assert during == ["running", "running"]
    assert after == ["cancelled", "cancelled"]


def last_run(terminal: Terminal) -> str:
    (source,) = json.loads(terminal.run("status", "--json").out)["sources"]
    state: str = source["last_run"]
    return state


def test_a_crash_of_the_server_in_mid_sync_loses_nothing(team: Team) -> None:
    """What was published stays, and the next sync does the rest."""
    with syncing(team) as process:
        team.server.stop(SIGQUIT)
        _, said = process.communicate(timeout=60)
    team.server.start()
    between = team.terminal.run("ask", QUESTION)
    ran = team.terminal.run("sync")

    assert process.returncode == 1
    assert "error: postgresql://" in said
    assert "Traceback" not in said
    assert answered(between)
    assert (ran.code, "+0 " in ran.out) == (0, False)
    assert team.terminal.run("check").code == 0


def test_two_that_activate_at_once_leave_one_generation_that_answers(
    team: Team, weaviate: Node
) -> None:
    """On one host or on two: the lock of who writes lies in the database."""
    prefix = f"T{uuid4().hex[:8]}"
    settings = {**team.terminal.environment, **on_weaviate(weaviate, prefix=prefix)}
    other = Terminal(team.terminal.folder, settings)
    try:
        for terminal in (team.terminal, other):
            assert terminal.run("index", "build").code == 0
        with (
            team.terminal.started("index", "activate", "g2") as one,
            other.started("index", "activate", "g3") as two,
        ):
            said = [process.communicate(timeout=60)[1] for process in (one, two)]
        asked = other.run("ask", QUESTION)
        active = team.tell("SELECT count(*) FROM active_generation")
    finally:
        weaviate.forget(prefix)

    codes = [one.returncode, two.returncode]
    assert set(codes) <= {0, 1}
    assert 0 in codes
    for code, text in zip(codes, said, strict=True):
        assert ("is running already" in text) == (code == 1)
        assert "Traceback" not in text
    assert active == "1"
    assert answered(asked), asked.all


@contextmanager
def syncing(team: Team) -> Iterator["Popen[str]"]:
    """Run a long sync as a process of its own, and wait until it is halfway."""
    for number in range(1500):
        team.terminal.write(
            f"文書/手順{number}.md", f"# 手順{number}\n\n版{number}。\n"
        )
    with team.terminal.started("sync") as process:
        end = time.monotonic() + 60
        while team.tell("SELECT count(*) > 1 FROM documents") != "t":
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
        yield process
