"""Looking after the state database, as an operator does it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.terminal import ALONE, Terminal

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
LEAVE = """\
    # 休暇規程

    ## 年次有給休暇

    入社6か月後に10日を付与する。
    """
QUESTION = "有給休暇は入社何か月でもらえますか"


@pytest.fixture
def synced(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇.md", LEAVE)
    assert terminal.run("sync").code == 0
    return terminal


def backup_of(terminal: Terminal) -> str:
    ran = terminal.run("db", "backup", "--json")
    assert ran.code == 0, ran.all
    file: str = json.loads(ran.out)["file"]
    return file


def on(terminal: Terminal, url: str) -> Terminal:
    """The same folder, with its state on a server."""
    return replace(terminal, environment={**ALONE, "SHIRUBE_STATE__URL": url})


def test_a_backup_is_made_checked_and_put_back(synced: Terminal) -> None:
    file = backup_of(synced)

    check = synced.run("db", "check")
    assert check.code == 0
    assert "nothing is wrong" in check.out
    refused = synced.run("db", "restore", file)
    assert (refused.code, "--force" in refused.err) == (2, True)
    ran = synced.run("db", "restore", "--force", file)
    assert ran.code == 0, ran.all
    assert "documents 1" in ran.out
    assert "is kept in" in ran.out
    sync = synced.run("sync")
    assert "restored from a backup" in sync.err
    assert "+0 ~0" in sync.out
    assert "10日" in synced.run("ask", QUESTION).out


def test_moving_to_a_server_is_backup_and_restore(
    synced: Terminal, postgres_url: str
) -> None:
    file = backup_of(synced)
    server = on(synced, postgres_url)

    assert server.run("db", "check").code == 1
    moved = server.run("db", "restore", file)
    assert moved.code == 0, moved.all
    assert "10日" in server.run("ask", QUESTION).out
    assert "+0 ~0" in server.run("sync").out
    assert server.run("status").code == 0

    back = backup_of(server)
    assert back.endswith(".jsonl.gz")
    ran = synced.run("db", "restore", "--force", back)
    assert ran.code == 0, ran.all
    assert "10日" in synced.run("ask", QUESTION).out


def test_the_password_is_never_printed(synced: Terminal, postgres_url: str) -> None:
    server = on(synced, postgres_url)
    commands = [
        ("db", "upgrade"),
        ("db", "backup", "--to", str(synced.folder)),
        ("db", "check"),
        ("db", "check", "--json"),
        ("status",),
        ("sync", "--verbose"),
        ("db", "restore", "無い.gz"),
    ]

    printed = "".join(server.run(*words).all for words in commands)

    assert "127.0.0.1" in printed
    assert "合言葉" not in printed
    assert "%E5%90%88" not in printed


def test_a_setting_that_does_not_fit_is_not_repeated(synced: Terminal) -> None:
    synced.configure(SETTINGS + '\n    [state]\n    url = ["geheim"]\n')

    ran = synced.run("status")

    assert ran.code == 2
    assert "state.url" in ran.err
    assert "geheim" not in ran.all


def test_a_new_database_is_made_and_stays_as_it_is(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)

    missing = terminal.run("db", "check")
    assert (missing.code, "`shirube sync` makes it" in missing.err) == (2, True)
    assert "none → " in terminal.run("db", "upgrade").out
    assert "already" in terminal.run("db", "upgrade").out


def test_what_is_wrong_is_an_error_in_words(synced: Terminal) -> None:
    path = synced.folder / ".shirube" / "state.db"
    path.write_bytes(path.read_bytes()[:5000])

    ran = synced.run("db", "check")

    assert ran.code in {1, 2}
    assert "damaged" in ran.err or "restore" in ran.err
