"""A Weaviate that fails: what the operator is told to do, and what people hear."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from tests.fakes import weaviate_server
from tests.fakes.scripted_http import Reply, ScriptedHTTP, json_reply
from tests.fakes.team import (
    LATER,
    QUESTION,
    a_team,
    answered,
    complaint,
    is_down,
    on_weaviate,
)
from tests.fakes.terminal import Ran, Terminal
from tests.fakes.weaviate_server import Node

READ = ("read_collections", "read_data")


@pytest.fixture
def prefix(weaviate: Node) -> Iterator[str]:
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate.forget(prefix)


@pytest.fixture
def synced(weaviate: Node, prefix: str, tmp_path: Path) -> Terminal:
    team = a_team(tmp_path, on_weaviate(weaviate, prefix=prefix))
    assert team.run("sync").code == 0
    return team


def with_key(team: Terminal, key: str) -> Terminal:
    return Terminal(team.folder, {**team.environment, "SHIRUBE_INDEX__API_KEY": key})


def test_a_server_is_stopped_starts_by_halves_and_loses_its_volume(
    weaviate_binary: Path, tmp_path: Path
) -> None:
    """One long test, because a server takes seconds to start."""
    with weaviate_server.nodes(weaviate_binary, tmp_path) as (node,):
        team = a_team(tmp_path / "team", on_weaviate(node, key=None))
        node.start()
        node.wait()
        assert team.run("sync").code == 0
        assert answered(team.run("ask", QUESTION))

        node.kill()
        all_say(team, f"{node.url} failed: no server answers there; see that")

        # Where its parts do not find each other it is never ready.
        node.start(RAFT_INTERNAL_RPC_PORT=str(weaviate_server.free_port()))
        node.answers()
        all_say(team, "is starting, or waits for the other nodes of its cluster; try")

        node.kill()
        shutil.rmtree(node.folder / "data")
        node.start()
        node.wait()
        assert is_down(team.run("ask", QUESTION)), "never: it is in no document"
        check = team.run("check")
        assert (check.code, "run `shirube sync`" in check.out) == (1, True)
        ran = team.run("sync")
        assert (ran.code, "built a new index" in ran.err) == (0, True)
        assert "+0 ~0 −0, 1 unchanged" in ran.out, "from the state, nothing is read"
        assert answered(team.run("ask", QUESTION))


def all_say(team: Terminal, reason: str) -> None:
    """Run every command: the operator reads the reason, the asker one sentence."""
    assert is_down(team.run("ask", QUESTION))
    assert reason in complaint(team.run("sync"), code=1)
    check = team.run("check")
    assert (check.code, reason in check.out) == (1, True)
    assert team.run("status").code == 0


def test_a_read_only_server_answers_and_a_sync_says_to_free_some_space(
    weaviate: Node, synced: Terminal, prefix: str
) -> None:
    shards = f"/v1/schema/{prefix}_g1/shards"
    (shard,) = weaviate.ask("GET", shards)
    weaviate.ask("PUT", f"{shards}/{shard['name']}", {"status": "READONLY"})
    synced.write("文書/休暇規程.md", LATER)
    error = complaint(synced.run("sync"), code=1)
    meanwhile = synced.run("ask", QUESTION)
    weaviate.ask("PUT", f"{shards}/{shard['name']}", {"status": "READY"})

    assert "read-only" in error
    assert "free some space there" in error
    assert answered(meanwhile)
    assert synced.run("sync").code == 0
    assert answered(synced.run("ask", QUESTION), "12日")


def test_a_foreign_collection_of_our_name_is_left_alone_and_named(
    weaviate: Node, prefix: str, tmp_path: Path
) -> None:
    weaviate.ask("POST", "/v1/schema", {"class": f"{prefix}_g1"})
    team = a_team(tmp_path, on_weaviate(weaviate, prefix=prefix))
    error = complaint(team.run("sync"), code=2)
    asked = team.run("ask", QUESTION)

    assert f"{prefix}_g1" in error
    assert "not made by Shirube; delete it there" in error
    assert "set another prefix" in error
    assert (asked.code, "shirube sync" in asked.out) == (3, True)
    assert weaviate.ask("GET", f"/v1/schema/{prefix}_g1")


def test_a_foreign_collection_in_place_of_ours_is_no_empty_index(
    weaviate: Node, synced: Terminal, prefix: str
) -> None:
    weaviate.ask("DELETE", f"/v1/schema/{prefix}_g1")
    weaviate.ask("POST", "/v1/schema", {"class": f"{prefix}_g1"})

    assert is_down(synced.run("ask", QUESTION))
    assert "set another prefix" in complaint(synced.run("sync"), code=2)
    assert synced.run("check").code == 1


def test_a_wrong_key_is_named_and_the_right_one_answers_again(
    synced: Terminal,
) -> None:
    wrong = with_key(synced, "間違い".encode().hex())

    assert is_down(wrong.run("ask", QUESTION))
    assert "set the key of a user that exists" in complaint(wrong.run("sync"), code=2)
    check = wrong.run("check")
    assert (check.code, "set the key of a user" in check.out) == (1, True)
    assert answered(synced.run("ask", QUESTION))


def test_the_key_that_reads_answers_and_a_sync_names_what_it_lacks(
    weaviate: Node, synced: Terminal, prefix: str
) -> None:
    key = weaviate.give_key(prefix.lower(), READ, on=f"{prefix}_*")
    reader = with_key(synced, key)
    reader.write("文書/休暇規程.md", LATER)
    error = complaint(reader.run("sync"), code=2)
    asked = reader.run("ask", QUESTION)
    weaviate.take_key(prefix.lower())

    assert f"{prefix}_g1 in Weaviate at {weaviate.url} is not permitted" in error
    assert "give its role that permission" in error
    assert answered(asked)


HTML = Reply(
    status=200,
    headers={"Content-Type": "text/html"},
    steps=["<!doctype html><title>ログイン</title>".encode()],
)


@pytest.mark.parametrize(
    ("meta", "fix"),
    [
        (json_reply({"version": "1.35.9"}), "needs 1.36 or newer; upgrade it"),
        (HTML, "correct the address of the index"),
    ],
    ids=["older than supported", "a login page"],
)
async def test_what_will_not_do_as_a_server_is_named(
    synced: Terminal, scripted_http: ScriptedHTTP, meta: Reply, fix: str
) -> None:
    scripted_http.on("/v1/meta", meta)
    settings = {**synced.environment, "SHIRUBE_INDEX__URL": scripted_http.url}
    other = Terminal(synced.folder, settings)
    asked, ran, check = await aside(other, [("ask", QUESTION), ("sync",), ("check",)])

    assert is_down(asked)
    assert fix in complaint(ran, code=2)
    assert (check.code, fix in check.out) == (1, True)


async def aside(team: Terminal, commands: Sequence[Sequence[str]]) -> list[Ran]:
    """Run commands in a thread, while the loop of the test serves them."""
    return [await asyncio.to_thread(team.run, *words) for words in commands]
