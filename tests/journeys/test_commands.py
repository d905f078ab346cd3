"""The command line as a person meets it, also when it is used wrongly."""

import fcntl
import json
import signal
import zipfile
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

LEAVE = """\
    # 休暇規程 2026

    ## 年次有給休暇

    入社6か月後に10日を付与する。以後1年ごとに加算し、最大で年20日とする。
    """
KEYS = """\
    # Payment API

    ## Rotating keys

    To rotate an API key, open the console and press Rotate. The old key keeps
    working for 24 hours.
    """
SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    link = "https://files.example.com/{path}"
    options = { path = "文書" }
    """


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def synced(terminal: Terminal) -> Terminal:
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇規程.md", LEAVE)
    terminal.write("文書/api.md", KEYS)
    ran = terminal.run("sync")
    assert ran.code == 0, ran.all
    return terminal


def test_from_nothing_to_a_cited_answer(terminal: Terminal) -> None:
    assert terminal.run("init", "--path", "文書").code == 0
    terminal.write("文書/休暇規程.md", LEAVE)
    check = terminal.run("check")
    assert (check.code, "shirube sync" in check.out) == (0, True)
    assert terminal.run("sync").code == 0
    ran = terminal.run("ask", "有給休暇は入社何か月でもらえますか")

    assert ran.code == 0
    assert "10日" in ran.out
    assert "[1] 休暇規程 2026" in ran.out


def test_init_never_overwrites(terminal: Terminal) -> None:
    terminal.configure(SETTINGS)
    ran = terminal.run("init")

    assert (ran.code, "is there already" in ran.err) == (1, True)


def test_an_answer_as_json_has_its_citations(synced: Terminal) -> None:
    ran = synced.run("ask", "--json", "How do I rotate an API key?")
    row = json.loads(ran.out)

    assert ran.code == 0
    assert (row["outcome"], row["kind"], row["language"]) == (
        "answered",
        "extractive",
        "en",
    )
    assert [c["url"] for c in row["citations"]] == ["https://files.example.com/api.md"]


def test_what_the_documents_do_not_say_is_said_and_has_its_own_exit_code(
    synced: Terminal,
) -> None:
    ran = synced.run("ask", "火星支社の駐車場は何台ですか")

    assert ran.code == 3
    assert "見つかりませんでした" in ran.out


@pytest.mark.parametrize(
    ("question", "said"),
    [("", "empty"), ("🎉🎉", "絵文字|emoji"), ("あ" * 50_000, "長すぎ")],
    ids=["empty", "emoji", "100 kB"],
)
def test_a_question_that_cannot_be_taken_gets_a_plain_sentence(
    synced: Terminal, question: str, said: str
) -> None:
    ran = synced.run("ask", "-", given=question)

    assert ran.code == 3
    assert any(word in ran.out for word in said.split("|"))
    assert "Traceback" not in ran.all


def test_the_terminal_holds_what_the_settings_say_and_as_only_narrows(
    synced: Terminal,
) -> None:
    narrowed = synced.run("ask", "--as", "pub", "有給休暇は何日ですか")
    widened = synced.run("ask", "--as", "grp:人事部", "有給休暇は何日ですか")

    assert narrowed.code == 0
    assert (widened.code, "console.principals" in widened.err) == (2, True)


def test_a_second_sync_writes_nothing(synced: Terminal) -> None:
    row = json.loads(synced.run("sync", "--json").out)

    assert (row["unchanged"], row["fetched"], row["chunks_written"]) == (2, 0, 0)


def test_a_dry_run_changes_nothing(synced: Terminal) -> None:
    synced.write("文書/新しい規程.md", "# 育児休業\n\n育児休業は2年まで取得できる。\n")
    row = json.loads(synced.run("sync", "--dry-run", "--json").out)

    assert (row["would_add"], row["would_remove"]) == (1, 0)
    assert synced.run("ask", "育児休業は何年まで取得できますか").code == 3


def test_status_shows_every_source(synced: Terminal) -> None:
    row = json.loads(synced.run("status", "--json").out)

    assert [(s["source"], s["documents"]) for s in row["sources"]] == [("notes", 2)]
    assert row["index"]["backend"] == "lance"


def test_check_prints_sample_links(synced: Terminal) -> None:
    assert "https://files.example.com/api.md" in synced.run("check").out


def test_check_speaks_japanese_on_a_japanese_terminal(synced: Terminal) -> None:
    japanese = Terminal(synced.folder, {**synced.environment, "LANG": "ja_JP.UTF-8"})

    assert "設定に問題はありません" in japanese.run("check").out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[indx]\nbackend = 'lance'", "did you mean index?"),
        ("[ollama]\nchat_modle = 'x'", "did you mean chat_model?"),
        ("[index]\nbackend = 'lucene'", "index.backend"),
        ("data = [", "is not valid TOML"),
        ("", "there are no sources"),
        ("[[sources]]\nname='a'\nconnector='foldr'", "try folder"),
        (
            "[[sources]]\nname='a'\nconnector='folder'\noptions={path='x', inclde='y'}",
            "did you mean",
        ),
        (
            "[[sources]]\nname='a'\nconnector='git'\noptions={url='--upload-pack=x'}",
            "url",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(
    terminal: Terminal, settings: str, said: str
) -> None:
    terminal.configure(settings)
    ran = terminal.run("sync")

    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.all


def test_a_typo_in_the_environment_is_an_error_too(synced: Terminal) -> None:
    wrong = Terminal(synced.folder, {**synced.environment, "SHIRUBE_DATAA": "x"})
    ran = wrong.run("status")

    assert (ran.code, "did you mean SHIRUBE_DATA?" in ran.err) == (2, True)


def test_an_unknown_source_is_named_with_a_suggestion(synced: Terminal) -> None:
    ran = synced.run("sync", "note")

    assert (ran.code, "did you mean notes?" in ran.err) == (2, True)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no zip at all"])
def test_a_broken_export_loses_nothing_and_stops_no_other_source(
    synced: Terminal, content: bytes
) -> None:
    (synced.folder / "wiki.zip").write_bytes(content)
    synced.configure(
        SETTINGS
        + """
    [[sources]]
    name = "wiki"
    connector = "confluence"
    options = { path = "wiki.zip" }
    """
    )
    ran = synced.run("sync")

    assert ran.code == 1
    assert "wiki failed" in ran.out
    assert "notes finished" in ran.out
    assert "Traceback" not in ran.all
    assert synced.run("ask", "有給休暇は何日ですか").code == 0


def test_an_export_that_broke_since_leaves_its_answers(synced: Terminal) -> None:
    """The folder went away: an unmounted disk is no reason to forget."""
    (synced.folder / "文書").rename(synced.folder / "別の場所")
    ran = synced.run("sync")

    assert ran.code == 1
    assert "文書" in ran.all
    assert synced.run("ask", "有給休暇は何日ですか").code == 0


def test_two_syncs_at_once_give_the_second_one_a_plain_message(
    synced: Terminal,
) -> None:
    path = synced.folder / ".shirube" / "writer.lock"
    with path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = synced.run("sync")

    assert ran.code == 1
    assert "wait until it is done" in ran.err


def test_ctrl_c_in_a_sync_keeps_what_is_done_and_the_next_one_finishes(
    terminal: Terminal,
) -> None:
    terminal.configure(SETTINGS)
    for number in range(600):
        body = "\n\n".join(f"## 項目{n}\n\n手順{number}-{n}。" for n in range(30))
        terminal.write(f"文書/手順{number}.md", f"# 手順{number}\n\n{body}")
    with terminal.started("sync") as process:
        _wait_for(terminal.folder / ".shirube" / "state.db")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    assert (process.returncode, "what was done is kept" in err) == (130, True)
    ran = terminal.run("sync")

    assert ran.code == 0, ran.all
    documents = json.loads(terminal.run("status", "--json").out)["sources"]
    assert [source["documents"] for source in documents] == [600]


def _wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        signal.sigtimedwait([], 0.01)
    raise AssertionError(f"{path} did not appear")


def test_a_zip_with_a_name_that_climbs_out_is_refused(synced: Terminal) -> None:
    with zipfile.ZipFile(synced.folder / "wiki.zip", "w") as archive:
        archive.writestr("../entities.xml", "<x/>")
    synced.configure(
        """
    [[sources]]
    name = "wiki"
    connector = "confluence"
    options = { path = "wiki.zip" }
    """
    )
    ran = synced.run("sync")

    assert ran.code == 1
    assert "Traceback" not in ran.all
    assert not (synced.folder.parent / "entities.xml").exists()


def test_an_index_in_memory_answers_after_every_start(synced: Terminal) -> None:
    synced.configure(f"{SETTINGS}\n    [index]\n    backend = 'memory'\n")
    assert synced.run("sync").code == 0

    assert "10日" in synced.run("ask", "有給休暇は入社何か月でもらえますか").out
