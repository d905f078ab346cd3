"""`shirube index` on LanceDB and the real Weaviate: build, list, switch, drop."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot import settings
from bot.app import opened
from bot.core.model import AnswerEvent, Finished, Language, chunk_id, document_id
from tests.contracts.index_records import keep_none
from tests.fakes.terminal import Terminal, interrupt
from tests.fakes.weaviate_server import ROOT_KEY, Node

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }

    """
RULE = "# 休暇規程\n\n## 付与\n\n入社6か月後に10日を付与する。\n"
QUESTION = "有給休暇は入社何か月でもらえますか"


@pytest.fixture
def synced(tmp_path: Path) -> Terminal:
    """A team that has synced into LanceDB, and whose source is gone since.

    Whatever would fetch something finds nothing to fetch.
    """
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇規程.md", RULE)
    for n in range(60):
        terminal.write(f"文書/規程{n}.md", f"# 第{n}号\n\n窓口{n}は{n}階にある。\n")
    assert terminal.run("sync").code == 0
    (tmp_path / "文書").rename(tmp_path / "片付けた文書")
    return terminal


@pytest.fixture
def somewhere(weaviate: Node) -> Iterator[str]:
    """The settings of an index in Weaviate that is this test's own."""
    prefix = f"T{uuid4().hex[:8]}"
    yield (
        f'[index]\nurl = "{weaviate.url}"\ngrpc = "{weaviate.grpc}"\n'
        f'api_key = "{ROOT_KEY}"\nprefix = "{prefix}"\n'
    )
    weaviate.forget(prefix)


def configure(terminal: Terminal, index: str) -> None:
    path = terminal.folder / "shirube.toml"
    text = path.read_text(encoding="utf-8").partition("[index]")[0]
    path.write_text(text + index, encoding="utf-8")


def listed(terminal: Terminal) -> dict[str, dict[str, Any]]:
    rows = json.loads(terminal.run("index", "list", "--json").out)["generations"]
    return {f"{row['generation']} {row['backend']}": row for row in rows}


def states(terminal: Terminal) -> dict[str, str]:
    return {name: row["state"] for name, row in listed(terminal).items()}


def answers(terminal: Terminal) -> bool:
    ran = terminal.run("ask", QUESTION)
    return ran.code == 0 and "10日" in ran.out


def test_an_index_is_built_switched_to_gone_back_from_and_dropped(
    synced: Terminal,
) -> None:
    assert states(synced) == {"g1 lance": "active"}
    built = synced.run("index", "build")
    assert (built.code, "g2 in lance shows 61 documents" in built.out) == (0, True)
    assert states(synced) == {"g1 lance": "active", "g2 lance": "ready"}
    again = json.loads(synced.run("index", "build", "--json").out)
    assert (again["generation"], again["written"]) == ("g2", 0)
    switched = synced.run("index", "activate", "g2")
    assert (switched.code, "g2 answers from now on" in switched.out) == (0, True)
    assert states(synced) == {"g1 lance": "old", "g2 lance": "active"}
    assert answers(synced)
    assert "answers already" in synced.run("index", "activate", "g2").out
    assert synced.run("index", "activate", "g1").code == 0
    refused = synced.run("index", "drop", "g1")
    assert (refused.code, "answers questions now" in refused.err) == (1, True)
    assert synced.run("index", "drop", "g2").code == 0

    assert states(synced) == {"g1 lance": "active"}
    assert answers(synced)
    assert not (synced.folder / ".shirube/index/g2.lance").exists()


def test_what_there_is_none_of_is_said(synced: Terminal, tmp_path: Path) -> None:
    for command in ("activate", "drop"):
        ran = synced.run("index", command, "g7")
        assert (ran.code, "g7" in ran.err, "Traceback" in ran.all) == (2, True, False)
    (tmp_path / "新").mkdir()
    empty = Terminal(tmp_path / "新")
    empty.configure(SETTINGS)
    assert "no index yet" in empty.run("index", "list").out
    for words in (["build"], ["activate", "g1"], ["build", "--backend", "memory"]):
        assert empty.run("index", *words).code == 2


async def test_a_team_moves_to_weaviate_and_back_while_a_process_answers(
    synced: Terminal, somewhere: str
) -> None:
    """Nothing is fetched, nobody restarts, and the next question is answered there."""
    configure(synced, somewhere)
    async with opened(_settings(synced)) as app:
        shown: list[AnswerEvent] = []

        async def generation() -> str:
            asked = await app.desk(Language.JA).ask(QUESTION, shown.append)
            assert isinstance(asked.ending, Finished)
            assert "10日" in asked.ending.answer.text
            return asked.ending.answer.generation

        assert await generation() == "g1"
        await _run(synced, "build", "--backend", "weaviate")
        assert await generation() == "g1"
        moved = await _run(synced, "activate", "g2")
        assert await generation() == "g2"
        assert "the backend changed from weaviate to lance" in moved
        await _run(synced, "activate", "g1")
        assert await generation() == "g1"
        await _run(synced, "activate", "g2")
        await _run(synced, "drop", "g1")
        assert await generation() == "g2"


def test_a_house_with_a_server_that_is_gone_moves_back(
    synced: Terminal, somewhere: str
) -> None:
    configure(synced, somewhere)
    assert synced.run("index", "build", "--backend", "weaviate").code == 0
    assert synced.run("index", "activate", "g2").code == 0
    assert synced.run("index", "drop", "g1").code == 0
    configure(synced, '[index]\nurl = "http://127.0.0.1:9"\n')
    assert not answers(synced)
    unreached = synced.run("index", "list")
    assert (unreached.code, "could not be asked" in unreached.err) == (0, True)
    assert synced.run("index", "build").code == 0
    assert synced.run("index", "activate", "g3").code == 0

    assert answers(synced)
    assert states(synced) == {"g2 weaviate": "ready", "g3 lance": "active"}


def test_a_sync_moves_where_the_settings_say(synced: Terminal, somewhere: str) -> None:
    (synced.folder / "片付けた文書").rename(synced.folder / "文書")
    configure(synced, somewhere + 'backend = "weaviate"\n')
    ran = synced.run("sync")

    assert (ran.code, "the backend changed from lance" in ran.err) == (0, True)
    assert states(synced) == {"g1 lance": "replaced", "g2 weaviate": "active"}
    assert answers(synced)
    assert synced.run("sync").code == 0
    assert states(synced) == {"g2 weaviate": "active"}


@pytest.mark.parametrize("ending", ["kill", "Ctrl-C"])
def test_a_build_that_was_stopped_goes_on(synced: Terminal, ending: str) -> None:
    with synced.started("index", "build") as process:
        while process.poll() is None and len(states(synced)) < 2:
            pass
        if ending == "kill":
            process.kill()
        else:
            ran = interrupt(process, after=0)
            assert ran.code in {0, 130}
            assert "Traceback" not in ran.all
    assert answers(synced)
    done = listed(synced)["g2 lance"]["documents"]
    row = json.loads(synced.run("index", "build", "--json").out)

    assert (row["generation"], row["written"]) == ("g2", 61 - done)
    assert synced.run("index", "activate", "g2").code == 0
    assert answers(synced)


def test_while_one_builds_another_is_told_so(synced: Terminal) -> None:
    with synced.started("index", "build") as process:
        while process.poll() is None and len(states(synced)) < 2:
            pass
        os.kill(process.pid, 19)
        refused = synced.run("index", "activate", "g2")
        os.kill(process.pid, 18)

    assert (refused.code, "index build" in refused.err) == (1, True)


def test_what_is_younger_than_a_restored_backup_is_shown_and_dropped(
    synced: Terminal,
) -> None:
    backup = json.loads(synced.run("db", "backup", "--json").out)["file"]
    assert synced.run("index", "build").code == 0
    assert synced.run("db", "restore", backup, "--force").code == 0
    assert states(synced) == {"g1 lance": "active", "g2 lance": "unknown"}
    assert synced.run("index", "drop", "g2").code == 0
    assert states(synced) == {"g1 lance": "active"}
    built = json.loads(synced.run("index", "build", "--json").out)["generation"]
    assert built not in {"g1", "g2"}
    assert synced.run("index", "activate", built).code == 0

    assert states(synced) == {"g1 lance": "replaced", f"{built} lance": "active"}
    assert answers(synced)


async def test_a_sync_mends_what_the_index_lost(synced: Terminal) -> None:
    (synced.folder / "片付けた文書").rename(synced.folder / "文書")
    name = document_id("notes", "規程3.md")
    async with opened(_settings(synced)) as app:
        active = await app.state.generations.active()
        assert active is not None

        await app.index.collect(active, [(name, 1)], kept=keep_none)
        assert await app.index.missing(active, [chunk_id(name, 1, 0)])
    out = await _run(synced, "sync", alone=True)
    assert "1 documents put again, 0 chunks of nothing deleted" in out
    assert "mended" not in await _run(synced, "sync", alone=True)


@pytest.mark.parametrize("what", ["*.lance/data/*", "*.lance/_versions/*"])
def test_a_damaged_table_is_mended_by_the_command_that_is_named(
    synced: Terminal, what: str
) -> None:
    (synced.folder / "片付けた文書").rename(synced.folder / "文書")
    for path in (synced.folder / ".shirube/index").glob(what):
        path.write_bytes(b"damaged" * 9)
    ran = synced.run("sync")
    assert (ran.code, "`shirube sync --rebuild`" in ran.err) == (1, True)
    mended = synced.run("sync", "--rebuild")

    assert (mended.code, mended.err) == (0, mended.err)
    assert answers(synced)


def _settings(terminal: Terminal) -> settings.Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in terminal.environment.items():
            patch.setenv(name, value)
        return settings.load(terminal.folder / "shirube.toml")


async def _run(terminal: Terminal, *words: str, alone: bool = False) -> str:
    """Run a command beside what is open here; it opens everything for itself."""
    ran = await asyncio.to_thread(terminal.run, *(() if alone else ("index",)), *words)
    assert ran.code == 0, ran.all
    return ran.all
