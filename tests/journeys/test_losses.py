"""Files of the data folder are lost or damaged: what is said, and what mends it."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

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
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇規程.md", RULE)
    terminal.write("文書/空.md", "<!-- まだ何もない -->\n")
    assert terminal.run("sync").code == 0
    return terminal


def data(terminal: Terminal) -> Path:
    return terminal.folder / ".shirube"


def answers(terminal: Terminal) -> bool:
    ran = terminal.run("ask", QUESTION)
    return ran.code == 0 and "10日" in ran.out


@pytest.mark.parametrize("what", ["index", "index/g1.lance"])
def test_an_index_that_was_deleted_is_noticed_and_built_by_the_next_sync(
    synced: Terminal, what: str
) -> None:
    shutil.rmtree(data(synced) / what)
    asked = synced.run("ask", QUESTION)
    assert (asked.code, "`shirube check` says why" in asked.err) == (1, True)
    check = synced.run("check")
    assert (check.code, "run `shirube sync`" in check.out) == (1, True)
    ran = synced.run("sync")

    assert (ran.code, "had lost documents" in ran.err) == (0, True)
    assert answers(synced)
    assert synced.run("check").code == 0


def test_a_sync_that_lost_nothing_builds_nothing(synced: Terminal) -> None:
    """The document without any text has no chunk that could be missing."""
    assert "built a new index" not in synced.run("sync").all


def test_a_lost_state_takes_the_chunks_of_its_time_with_it(synced: Terminal) -> None:
    """The new database counts from one again, and so would meet its old names."""
    longer = [f"## 第{n}節\n\n" + f"説明{n}が続く。" * 90 for n in range(6)]
    secret = "## 終わり\n\n社長室は5階にある。"
    synced.write("文書/休暇規程.md", "\n\n".join([RULE, *longer, secret]))
    shutil.rmtree(data(synced))
    assert synced.run("sync").code == 0
    assert "5階" in synced.run("ask", "社長室は何階にありますか").out
    for path in data(synced).glob("state.db*"):
        path.unlink()
    synced.write("文書/休暇規程.md", RULE)
    assert synced.run("sync").code == 0

    assert "5階" not in synced.run("ask", "社長室は何階にありますか").out
    assert answers(synced)


def test_a_data_folder_that_is_gone_is_no_error(synced: Terminal) -> None:
    shutil.rmtree(data(synced))
    asked = synced.run("ask", QUESTION)
    assert (asked.code, "shirube sync" in asked.out) == (3, True)
    assert synced.run("check").code == 0
    assert synced.run("sync").code == 0

    assert answers(synced)


@pytest.mark.parametrize("command", ["sync", "check", "status", "ask"])
def test_a_damaged_state_database_is_named_with_what_to_do(
    synced: Terminal, command: str
) -> None:
    damage = b"SQLite format 3\0" if command == "sync" else b""
    (data(synced) / "state.db").write_bytes(damage + b"no database" * 900)
    ran = synced.run(command, *(["休暇"] if command == "ask" else []))

    assert ran.code == (1 if command == "check" else 2)
    assert "is damaged; stop Shirube" in ran.all
    assert "Traceback" not in ran.all


def test_a_state_database_that_was_moved_away_comes_back(synced: Terminal) -> None:
    (data(synced) / "state.db").write_bytes(b"no database")
    for path in data(synced).glob("state.db*"):
        path.unlink()
    assert synced.run("sync").code == 0

    assert answers(synced)


def test_a_foreign_database_is_left_alone(synced: Terminal) -> None:
    path = data(synced) / "state.db"
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE 売上 (月 TEXT)")
    connection.close()
    ran = synced.run("sync")

    assert (ran.code, "is not a database of Shirube" in ran.err) == (2, True)


@pytest.mark.parametrize("command", ["sync", "check", "ask"])
def test_a_file_where_the_data_folder_should_be_is_said(
    synced: Terminal, command: str
) -> None:
    shutil.rmtree(data(synced))
    data(synced).write_text("データ")
    ran = synced.run(command)

    assert ran.code == (1 if command == "check" else 2)
    assert "set data to a folder" in ran.all
    assert "Traceback" not in ran.all


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_may_not_be_written_is_said(synced: Terminal) -> None:
    data(synced).chmod(0o500)
    ran = synced.run("sync")
    data(synced).chmod(0o700)

    assert (ran.code, "Traceback" in ran.all) == (2, False)
    assert "this account may write to" in ran.err


def test_the_vector_cache_may_be_lost(synced: Terminal) -> None:
    (data(synced) / "vectors.db").write_bytes(b"damaged")
    assert synced.run("sync").code == 0

    assert answers(synced)
    (source,) = json.loads(synced.run("status", "--json").out)["sources"]
    assert source["documents"] == 2
