"""`shirube serve` as real processes that are probed, stopped, killed and taken over."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.fakes import weaviate_server
from tests.fakes.postgres_server import RunningPostgres
from tests.fakes.served import BLOCKED
from tests.fakes.serving import SECONDS, SETTINGS, House, turns, until
from tests.fakes.terminal import Terminal

SOURCE = """
[[sources]]
name = "notes"
connector = "folder"
access = ["pub"]
options = { path = "notes" }
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A folder of its own, with its state in a file."""
    (tmp_path / "shirube.toml").write_text(SETTINGS, encoding="utf-8")
    return House(tmp_path)


@pytest.fixture
def remote(house: House, postgres_url: str) -> House:
    """The same with its state on a server."""
    return House(house.folder, postgres_url)


def test_row_97_on_one_host_a_second_process_stands_by_until_the_first_is_dead(
    house: House,
) -> None:
    """One that is only stopped still holds its lock: nobody sends in its stead."""
    with house.served() as one, house.served() as other:
        until(lambda: bool(house.sent()), log=one.log)
        first, second = (one, other) if one.ready()["ready"] else (other, one)
        second.logged("serve.standing_by")
        assert second.get("healthz")[0] == 200
        assert second.ready()["role"] == "standby"
        assert second.reasons()[0].startswith("lease: standby: another process")

        first.tell(signal.SIGSTOP)
        time.sleep(1.5 * SECONDS)
        assert (house.sender(), second.ready()["role"]) == (None, "standby")
        first.tell(signal.SIGCONT)
        until(lambda: house.sender() == first.process.pid)

        first.tell(signal.SIGKILL)
        killed = time.monotonic()
        second.logged("serve.lease_taken")
        assert time.monotonic() - killed < SECONDS
        until(lambda: second.ready()["ready"] is True)
        second.tell(signal.SIGTERM)
        assert second.ended() == 0

    assert turns(house) == [first.process.pid, second.process.pid]


def test_on_a_server_another_takes_over_and_who_was_stopped_stands_by(
    remote: House,
) -> None:
    with remote.served() as first:
        first.logged("serve.lease_taken")
        with remote.served() as second:
            second.logged("serve.standing_by")
            first.tell(signal.SIGSTOP)
            stopped = time.monotonic()
            second.logged("serve.lease_taken")
            assert SECONDS / 2 < time.monotonic() - stopped < SECONDS + 3
            until(lambda: remote.sender() == second.process.pid)

            first.tell(signal.SIGCONT)
            first.logged("serve.lease_lost")
            until(lambda: first.ready()["role"] == "standby")
            assert remote.sender() == second.process.pid

            second.tell(signal.SIGTERM)
            assert second.ended() == 0
            ended = time.monotonic()
            first.logged("serve.lease_taken", times=2)
            assert time.monotonic() - ended < SECONDS * 0.6

            with remote.served() as third:
                third.logged("serve.standing_by")
                first.tell(signal.SIGKILL)
                killed = time.monotonic()
                third.logged("serve.lease_taken")
                assert time.monotonic() - killed < SECONDS + 3
                until(lambda: remote.sender() == third.process.pid)

    pids = [each.process.pid for each in (first, second, first, third)]
    assert turns(remote) == pids


def test_it_waits_for_its_database_steps_down_without_it_and_comes_back(
    remote: House, postgres: RunningPostgres
) -> None:
    postgres.stop()
    try:
        with remote.served() as one:
            assert "another" not in str(one.logged("serve.waiting")["error"])
            assert one.get("healthz")[0] == 200
            assert (one.ready()["role"], one.ready()["ready"]) == ("starting", False)
            assert one.reasons()[0].startswith("process: waits: ")
            with remote.served() as other:
                other.logged("serve.waiting")
                other.tell(signal.SIGTERM)
                assert other.ended() == 0
            postgres.start()
            one.logged("serve.lease_taken")
            until(lambda: one.ready()["ready"] is True)

            postgres.stop()
            down = time.monotonic()
            one.logged("serve.lease_failing")
            one.logged("serve.lease_lost")
            assert time.monotonic() - down < SECONDS + 2
            assert remote.sender() is None
            assert one.get("healthz")[0] == 200
            until(lambda: any("state: " in reason for reason in one.reasons()))

            postgres.start()
            one.logged("serve.lease_taken", times=2)
            until(lambda: one.ready()["ready"] is True)
            postgres.stop(signal.SIGQUIT)
            postgres.start()
            time.sleep(SECONDS)
            assert remote.sender() == one.process.pid
            assert len(one.lines("serve.lease_lost")) == 1

            one.tell(signal.SIGTERM)
            assert one.ended() == 0
    finally:
        if postgres.processes[-1].poll() is not None:
            postgres.start()


def test_on_sigterm_it_answers_what_it_took_and_says_that_it_stops(
    house: House,
) -> None:
    with house.served() as one:
        until(lambda: one.ready()["ready"] is True)
        one.tell(signal.SIGTERM)
        one.logged("serve.stopping")
        assert (one.ready()["role"], one.get("healthz")[0]) == ("stopping", 200)

        assert one.ended() == 0
        assert one.logged("serve.drained")["finished"] is True
        assert house.answered() == [one.process.pid]
        assert one.logged("serve.stopped")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(house: House, second: signal.Signals) -> None:
    with house.served("endless") as one:
        one.logged("serve.lease_taken")
        one.tell(signal.SIGTERM)
        one.logged("serve.stopping")
        told = time.monotonic()
        one.tell(second)

        assert one.ended() == -second
        assert time.monotonic() - told < 1


def test_a_port_in_use_and_a_setting_that_is_wrong_are_one_sentence(
    house: House,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with (
            house.served(SHIRUBE_SERVE__PORT=port) as one,
            house.served("refused") as other,
        ):
            assert one.ended() == 2
            assert other.ended() == 2

    said = one.log.read_text()
    assert said.count("\n") == 1
    assert f"error: port {port} of 127.0.0.1 is in use" in said
    assert other.log.read_text().endswith(
        "error: board.token was revoked; set another one\n"
    )


def test_a_loop_that_is_blocked_answers_no_probe_and_is_told_afterwards(
    house: House,
) -> None:
    with house.served("blocking") as one:
        one.logged("serve.lease_taken")
        until(lambda: not one.alive())
        seconds = one.logged("serve.loop_blocked")["seconds"]

        assert seconds == pytest.approx(BLOCKED, abs=1)
        assert one.get("healthz")[0] == 200
        assert 'shirube_loop_lag_seconds_bucket{le="1.0"}' in one.get("metrics")[1]


def test_a_platform_is_started_again_but_a_mistake_in_the_code_ends_the_process(
    house: House,
) -> None:
    with house.served("unreachable") as one:
        down = one.logged("serve.platform_down")
        assert down["error"] == "the board cannot be reached"
        assert one.reasons() == ["platform: board: the board cannot be reached"]
        one.logged("serve.platform_started", times=2)
        until(lambda: one.ready()["ready"] is True)
        one.tell(signal.SIGINT)
        assert one.ended() == 0
    with house.served("broken") as other:
        assert other.ended() == 1

    crashed = other.lines("serve.crashed")[0]
    assert "LookupError: a mistake in the code" in str(crashed["exception"])


def synced(house: House, backend: str, **variables: str) -> dict[str, str]:
    """Put a document into an index; returns the settings that serve it."""
    (house.folder / "shirube.toml").write_text(SETTINGS + SOURCE, encoding="utf-8")
    terminal = Terminal(house.folder, {"SHIRUBE_INDEX__BACKEND": backend, **variables})
    terminal.write("notes/休暇規程.md", "# 休暇規程\n\n10日を付与する。\n")
    ran = terminal.run("sync")
    assert ran.code == 0, ran.all
    return dict(terminal.environment)


def test_an_index_that_vanishes_is_told_and_found_again(house: House) -> None:
    settings = synced(house, "lance")
    index = house.folder / ".shirube" / "index"
    with house.served(**settings) as one:
        until(lambda: one.part("index") == "generation g1 answers", log=one.log)
        counted = 'shirube_documents{source="notes"} 1.0'
        until(lambda: counted in one.get("metrics")[1], log=one.log)
        index.rename(index.with_name("away"))
        until(lambda: one.ready()["ready"] is False)
        assert one.reasons()[0].startswith("index: ")
        assert one.alive()
        index.with_name("away").rename(index)
        until(lambda: one.ready()["ready"] is True, log=one.log)


@pytest.mark.cluster
def test_an_index_server_that_hangs_or_dies_is_told_in_time(
    house: House, weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if os.environ.get("SHIRUBE_TEST_CLUSTER") != "1":
        pytest.skip("a Weaviate that is killed: SHIRUBE_TEST_CLUSTER=1 make test")
    folder = tmp_path_factory.mktemp("weaviate-serve")
    with weaviate_server.running(weaviate_binary, folder) as node:
        settings = synced(
            house,
            "weaviate",
            SHIRUBE_INDEX__URL=node.url,
            SHIRUBE_INDEX__GRPC=node.grpc,
        )
        with house.served(**settings) as one:
            until(lambda: one.part("index") == "generation g1 answers", log=one.log)
            node.processes[-1].send_signal(signal.SIGSTOP)
            until(lambda: one.part("index") == "does not answer in time", log=one.log)
            assert one.alive()
            node.processes[-1].send_signal(signal.SIGCONT)
            until(lambda: one.ready()["ready"] is True, log=one.log)
            node.kill()
            until(lambda: one.ready()["ready"] is False, log=one.log)
            assert one.alive()
            node.start()
            node.wait()
            until(lambda: one.ready()["ready"] is True, log=one.log)


def test_what_is_away_leaves_it_alive_and_nothing_secret_is_told(
    house: House,
) -> None:
    """The model host is down: answers are quotations, and that is a warning."""
    with house.served(
        "alone",
        SHIRUBE_OLLAMA__CHAT_MODEL="gemma4:26b",
        SHIRUBE_OLLAMA__URL="http://127.0.0.1:9",
        SHIRUBE_OLLAMA__BEARER="bearer-canary",
    ) as one:
        until(lambda: "model" in str(one.ready()["parts"]))
        said = one.ready()
        parts = said["parts"]
        assert isinstance(parts, dict)
        assert said["ready"] is True
        assert parts["model"]["level"] == "warning"
        assert "answers are quotations" in parts["model"]["text"]
        assert "nobody can ask here" in parts["platform"]["text"]
        assert one.get("healthz") == (200, '{"alive": true}')
        status, metrics = one.get("metrics")
        assert one.get("elsewhere")[0] == 404

    told = metrics + json.dumps(said) + one.log.read_text()
    assert status == 200
    assert "shirube_ready 1.0" in metrics
    assert "shirube_model_host_state{" in metrics
    assert "canary" not in told
