"""`shirube check` looks at every store and host, and what is down hides nothing."""

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bot.app.checking import hosts
from bot.ops import models
from tests.fakes.ollama_server import RunningOllama
from tests.fakes.postgres_server import DATABASE, USER, RunningPostgres
from tests.fakes.terminal import ALONE, Ran, Terminal
from tests.fakes.weaviate_server import Node

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
READ = ("read_collections", "read_data")
WORDS = "it is searched by words only"
WRITE = (
    *READ,
    "create_collections",
    "delete_collections",
    "create_data",
    "update_data",
    "delete_data",
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇.md", "# 休暇\n\n入社六か月で十日を付与する。\n")
    return terminal


def having(terminal: Terminal, **variables: str) -> Terminal:
    named = {f"SHIRUBE_{name}": value for name, value in variables.items()}
    return replace(terminal, environment={**ALONE, **named})


def told(ran: Ran, *, thing: str = "") -> list[tuple[str, str]]:
    """Return the levels and texts, of one thing or of all."""
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return [
        (line["level"], line["text"])
        for line in lines
        if not thing or line["thing"] == thing
    ]


def checked(terminal: Terminal, thing: str) -> list[tuple[str, str]]:
    return told(terminal.run("check", "--json"), thing=thing)


# --- how it is printed -----------------------------------------------------------


def test_findings_stand_under_the_name_of_their_thing(terminal: Terminal) -> None:
    assert terminal.run("sync").code == 0
    ran = terminal.run("check")
    titles = [line for line in ran.out.splitlines() if not line.startswith("  ")]

    assert titles == ["settings", "source notes", "state database", "index"]
    assert "documents 1, chunks 1" in ran.out
    assert ran.code == 0


def test_for_programs_there_is_one_object_a_line(terminal: Terminal) -> None:
    ran = terminal.run("check", "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]

    assert {tuple(line) for line in lines} == {("level", "thing", "text")}
    assert [line["thing"] for line in lines] == [
        *("settings", "source notes", "source notes", "state", "index", "index")
    ]


# --- the state database ----------------------------------------------------------


def test_rights_that_were_read_too_long_ago_are_named(terminal: Terminal) -> None:
    """The documents are still there for who is inside, as they are open."""
    assert terminal.run("sync").code == 0
    before = checked(terminal, "state")
    valid = "\nrights_valid_days = 1e-9\n    options"
    terminal.configure(SETTINGS.replace("\n    options", f"{valid}"))
    after = checked(terminal, "state")
    answer = terminal.run("ask", "休暇は何日ですか")

    assert "rights_valid_days" not in str(before)
    [(level, text)] = [each for each in after if each not in before]
    assert level == "warning"
    assert text.startswith("Who may see what in the source notes was last read longer")
    assert "十日" in answer.out


def test_a_server_is_described(terminal: Terminal, postgres_url: str) -> None:
    server = having(terminal, STATE__URL=postgres_url)
    assert server.run("sync").code == 0
    (level, first), (_, second) = checked(server, "state")

    assert (level, first.startswith("PostgreSQL 1")) == ("ok", True)
    assert "connections are in use" in second


def test_a_server_that_is_away_hides_nothing_else(terminal: Terminal) -> None:
    away = having(terminal, STATE__URL="postgresql://u@127.0.0.1:9/db")
    ran = away.run("check", "--json")

    [(level, said)] = told(ran, thing="state")
    assert (level, "cannot be reached" in said) == ("error", True)
    assert told(ran, thing="index")[0][1].startswith("LanceDB")
    assert told(ran, thing="source notes")[0][0] == "ok"
    assert ran.code == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            f"ALTER ROLE {USER} CONNECTION LIMIT 0",
            f"ALTER ROLE {USER} CONNECTION LIMIT -1",
            "has no connection left; raise max_connections",
        ),
        (
            f'ALTER DATABASE "{DATABASE}" ALLOW_CONNECTIONS false',
            f'ALTER DATABASE "{DATABASE}" ALLOW_CONNECTIONS true',
            "not currently accepting connections",
        ),
    ],
)
def test_a_server_that_lets_nobody_in_is_one_sentence(
    terminal: Terminal,
    postgres: RunningPostgres,
    postgres_url: str,
    *,
    before: str,
    after: str,
    said: str,
) -> None:
    server = having(terminal, STATE__URL=postgres_url)
    assert server.run("sync").code == 0
    postgres.tell(before, database="postgres")
    try:
        [(level, text)] = checked(server, "state")
    finally:
        postgres.tell(after, database="postgres")

    assert (level, said in text) == ("error", True), text


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0001", "run `shirube db upgrade`"), ("9999", "was written by a newer Shirube")],
)
def test_a_schema_of_another_release_is_one_sentence(
    terminal: Terminal,
    postgres: RunningPostgres,
    *,
    revision: str,
    said: str,
) -> None:
    schema = f"状態 {uuid4().hex[:8]} B"
    postgres.make_schema(schema)
    server = having(terminal, STATE__URL=postgres.url(schema))
    assert server.run("sync").code == 0
    table = f'"{schema}".alembic_version'
    postgres.tell(f"UPDATE {table} SET version_num = '{revision}'")
    [(level, text)] = checked(server, "state")

    assert (level, said in text) == ("error", True), text


def test_a_file_of_a_newer_release_or_a_damaged_one_hides_nothing_else(
    terminal: Terminal,
) -> None:
    assert terminal.run("sync").code == 0
    file = terminal.folder / ".shirube" / "state.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = terminal.run("check", "--json")
    file.write_bytes("壊れた".encode() * 4096)
    damaged = terminal.run("check", "--json")

    for ran, words in ((newer, "newer Shirube"), (damaged, "is damaged; stop")):
        [(level, text)] = told(ran, thing="state")
        assert (ran.code, level, words in text) == (1, "error", True), text
        assert told(ran, thing="index")[0][1].startswith("LanceDB")


# --- the index -------------------------------------------------------------------


@pytest.fixture
def team(terminal: Terminal, weaviate: Node) -> Iterator[Terminal]:
    """A team on Weaviate, with the key of somebody who may write."""
    prefix = f"T{uuid4().hex[:8]}"
    writer = weaviate.give_key(f"{prefix}-w".lower(), WRITE, on=f"{prefix}_*")
    reader = weaviate.give_key(f"{prefix}-r".lower(), READ, on=f"{prefix}_*")
    yield having(
        terminal,
        INDEX__BACKEND="weaviate",
        INDEX__URL=weaviate.url,
        INDEX__GRPC=weaviate.grpc,
        INDEX__PREFIX=prefix,
        INDEX__API_KEY=writer,
        INDEX__READER_KEY=reader,
    )
    weaviate.forget(prefix)
    for role in "wr":
        weaviate.take_key(f"{prefix}-{role}".lower())


def without(terminal: Terminal, *names: str) -> Terminal:
    left = {
        name: value
        for name, value in terminal.environment.items()
        if name.removeprefix("SHIRUBE_INDEX__") not in names
    }
    return replace(terminal, environment=left)


def test_two_keys_are_proved_and_each_is_used_for_its_task(team: Terminal) -> None:
    """The sync writes with one; what only answers gets along with the other."""
    assert team.run("sync").code == 0
    found = checked(team, "index")
    serving = without(team, "API_KEY")

    assert [level for level, _ in found] == ["ok"] * 4
    assert found[0][1].endswith("copies 1, shards 1")
    assert [text for _, text in found[2:]] == [
        "index.reader_key may read, and nothing more; answers use it.",
        "index.api_key may read and write; syncs use it.",
    ]
    assert "十日" in serving.run("ask", "休暇は入社六か月で何日").out
    assert [level for level, _ in checked(serving, "index")] == ["ok"] * 3
    refused = serving.run("sync", "--rebuild")
    assert refused.code != 0


def test_what_a_key_lacks_or_has_too_much_is_named(team: Terminal) -> None:
    assert team.run("sync").code == 0
    keys = {name[-10:]: key for name, key in team.environment.items() if "KEY" in name}
    swapped = replace(
        team,
        environment={
            **team.environment,
            "SHIRUBE_INDEX__API_KEY": keys["READER_KEY"],
            "SHIRUBE_INDEX__READER_KEY": keys["X__API_KEY"],
        },
    )
    reader, writer = checked(swapped, "index")[-2:]
    [*_, alone] = checked(without(swapped, "READER_KEY"), "index")

    assert (reader[0], "delete_data); take them from its role" in reader[1]) == (
        "warning",
        True,
    )
    assert (writer[0], "index.api_key lacks create_collections on" in writer[1]) == (
        "error",
        True,
    )
    assert (alone[0], "a sync needs create_collections on" in alone[1]) == (
        "warning",
        True,
    )


def test_a_wrong_key_and_a_server_that_is_away_are_one_sentence(
    team: Terminal,
) -> None:
    wrong = replace(
        without(team, "READER_KEY"),
        environment={**team.environment, "SHIRUBE_INDEX__READER_KEY": "wrong"},
    )
    away = replace(
        team,
        environment={**team.environment, "SHIRUBE_INDEX__URL": "http://127.0.0.1:9"},
    )

    assert {level for level, _ in checked(wrong, "index")} == {"error"}
    assert "does not know the API key" in checked(wrong, "index")[0][1]
    [(level, said)] = checked(away, "index")
    assert (level, "http://127.0.0.1:9 failed" in said) == ("error", True)


# --- the model hosts -------------------------------------------------------------


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.ollama
def test_a_model_is_tried_out_before_there_are_documents(
    terminal: Terminal,
    ollama_url: str,
    minilm_model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "TRYING", 25)  # the machine may be busy
    host = having(terminal, OLLAMA__URL=ollama_url, OLLAMA__EMBED_MODEL=minilm_model)
    ran, again = host.run("check", "--json"), host.run("check", "--json")

    assert told(ran, thing="models") == [
        ("ok", "all-minilm makes vectors of 384 dimensions."),
        ("ok", "all-minilm speaks en (tried with built-in samples)."),
        (
            "warning",
            f"all-minilm does not speak ja; {WORDS} (tried with built-in samples).",
        ),
    ]
    texts = [text for _, text in told(ran, thing="host ollama")]
    assert texts[0] == f"{ollama_url}: Ollama 0.24.0, cloud off."
    assert ", 384 dimensions." in texts[1]
    assert " in memory (0 % on the GPU), context " in again.out


@pytest.mark.ollama
def test_hosts_are_told_apart_and_their_models_compared(
    terminal: Terminal,
    ollama: RunningOllama,
    minilm_model: str,
    llama_minilm: str,
) -> None:
    terminal.configure(
        SETTINGS
        + f"""
    [hosts.gpu1]
    url = "{ollama.url}"
    roles = ["embed"]

    [hosts.gpu2]
    url = "http://127.0.0.1:9"
    roles = ["embed"]
    """
    )
    host = having(terminal, OLLAMA__EMBED_MODEL=minilm_model)
    ran = host.run("check", "--json")
    alone = having(
        terminal, OLLAMA__EMBED_MODEL=minilm_model, HOSTS__GPU1__KIND="ollama"
    )

    assert told(ran, thing="host gpu1")[0][0] == "ok"
    [(level, said)] = told(ran, thing="host gpu2")
    assert (level, said.endswith("the other hosts stand in until then.")) == (
        "warning",
        True,
    )
    assert ran.code == alone.run("check").code == 0
    terminal.configure(
        SETTINGS
        + f"""
    [hosts.engine]
    kind = "openai"
    url = "{llama_minilm}"
    roles = ["embed"]
    """
    )
    engine = checked(host, "host engine")
    assert engine[0][1].startswith(f"{llama_minilm}: OpenAI-compatible")


def test_a_host_that_hangs_is_given_up(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "PATIENCE", 0.4)
    with silent() as url:
        host = having(terminal, OLLAMA__URL=url, OLLAMA__CHAT_MODEL="作文")
        begun = time.monotonic()
        [(level, said)] = checked(host, "host ollama")

    assert time.monotonic() - begun < 5
    assert (level, f"{url} did not answer within 0.4 s" in said) == ("warning", True)
    assert said.endswith("until then answers are quotations.")
