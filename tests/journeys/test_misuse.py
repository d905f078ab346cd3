"""The command line with streams, settings, questions and documents that are off."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal, interrupt

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
RULE = "# 休暇規程\n\n## 付与\n\n有給休暇は入社6か月後に10日を付与する。\n"
QUESTION = "有給休暇は入社何か月でもらえますか"


@pytest.fixture
def synced(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    terminal.configure(SETTINGS)
    terminal.write("文書/休暇規程.md", RULE)
    assert terminal.run("sync").code == 0
    return terminal


def with_variable(terminal: Terminal, name: str, value: str) -> Terminal:
    return Terminal(terminal.folder, {**terminal.environment, name: value})


# --- settings ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SHIRUBE_CONFIG", "/nowhere/shirube.toml", "no settings file"),
        ("SHIRUBE_SECRETS", "/nowhere", "which is no folder"),
        ("SHIRUBE_OLLAMA", "{bad", "unknown setting SHIRUBE_OLLAMA"),
        ("SHIRUBE_OLAMA__URL", "x", "did you mean SHIRUBE_OLLAMA__URL?"),
        ("SHIRUBE_OLLAMA__NUM_CTX", "多い", "ollama.num_ctx"),
        ("SHIRUBE_CONSOLE__PRINCIPALS", "人事", "SHIRUBE_CONSOLE cannot be read"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(
    synced: Terminal, name: str, value: str, said: str
) -> None:
    ran = with_variable(synced, name, value).run("status")

    assert (ran.code, said in ran.err) == (2, True), ran.all
    assert len(ran.err.splitlines()) == 1


def test_a_settings_file_that_is_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / "shirube.toml").mkdir()
    ran = Terminal(tmp_path).run("check")

    assert (ran.code, "no settings file" in ran.err) == (2, True)


def test_a_dotenv_file_in_another_encoding_is_named(synced: Terminal) -> None:
    (synced.folder / ".env").write_bytes("# 設定\n".encode("cp932"))
    ran = synced.run("status")

    assert (ran.code, ".env is not UTF-8" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("sources = 3", "setting sources: should be a list"),
        ("data = 3", "setting data: should be a path in quotes"),
        ("[console]\nprincipals = ['deny']", "nobody can hold 'deny'"),
        ("[[sources]]\nname = '社内'\nconnector = 'folder'", "a-z, 0-9, - and _ only"),
    ],
)
def test_a_value_that_does_not_fit_is_explained(
    tmp_path: Path, settings: str, said: str
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure(settings)
    ran = terminal.run("check")

    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_no_message_repeats_what_may_be_a_secret(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure(
        "[[sources]]\nname = 'a'\nconnector = 'git'\noptions = 'token-秘密'"
    )
    ran = terminal.run("check")

    assert (ran.code, "秘密" in ran.all) == (2, False)


# --- questions -----------------------------------------------------------------


def test_half_a_character_in_a_question_is_no_error(synced: Terminal) -> None:
    """A shell hands bytes over that are no text as lone surrogates."""
    ran = synced.run("ask", "--json", f"{QUESTION}\udcff")

    assert ran.code == 0
    assert json.loads(ran.out)["question"] == f"{QUESTION}?"


@pytest.mark.parametrize("question", ["[bold]有給休暇[/red]", ":smile: 有給休暇 :x:"])
def test_nothing_in_a_question_is_markup(synced: Terminal, question: str) -> None:
    ran = synced.run("ask", "--json", question)

    assert json.loads(ran.out)["question"] == question


def test_a_conversation_may_come_through_a_pipe(synced: Terminal) -> None:
    lines = [QUESTION, "/why", "", "🎉", "/profile 無い", "/new", QUESTION, "/quit"]
    ran = synced.run("chat", given="\n".join([*lines, "もう聞かない"]))

    assert ran.code == 0
    assert ran.out.count("[1] 休暇規程") == 2
    assert "もう聞かない" not in ran.out


# --- documents -----------------------------------------------------------------


def test_no_document_steers_the_terminal(synced: Terminal) -> None:
    synced.write(
        "文書/当番.md",
        "# \x1b]0;乗取\x07掃除\x1b[31m\n\n掃除当番は\x1b[2J月曜に決める。\n",
    )
    (synced.folder / "文書" / "外\x1b[31mへ.md").symlink_to("/etc/passwd")
    said = [synced.run("sync"), synced.run("ask", "掃除当番はいつ決めますか")]

    assert "外[31mへ.md" in said[0].out
    assert "月曜に決める" in said[1].out
    assert not any("\x1b" in ran.all for ran in said)


def test_codes_of_emoji_in_documents_stay_as_they_are(synced: Terminal) -> None:
    synced.write("文書/絵.md", "# 絵文字\n\n承認の印は :white_check_mark: と書く。\n")
    assert synced.run("sync").code == 0

    assert ":white_check_mark:" in synced.run("ask", "承認の印は何と書きますか").out


# --- streams -------------------------------------------------------------------


def test_streams_that_are_closed_or_full_are_no_bug(synced: Terminal) -> None:
    """Closed by the shell, gone with `head`, or on a disk without room."""
    lines = [
        f"shirube ask {QUESTION} <&- >&- 2>&-",
        "shirube check | head -0; echo ${PIPESTATUS[0]}",
        "shirube status > /dev/full",
    ]
    with ThreadPoolExecutor() as threads:
        closed, gone, full = threads.map(synced.shell, lines)

    assert closed.returncode == 0
    assert (gone.stdout, gone.stderr) == ("0\n", "")
    assert (full.returncode, "cannot be written" in full.stderr) == (1, True)
    assert "Traceback" not in full.stderr


def test_a_terminal_that_cannot_show_a_character_shows_the_rest(
    synced: Terminal,
) -> None:
    """Windows in Japan: cp932 has no dash of ours, and everything else."""
    narrow = with_variable(synced, "PYTHONIOENCODING", "cp932")
    ran = narrow.shell(f"shirube ask {QUESTION} | iconv -f cp932 -t utf-8")

    assert "10日" in ran.stdout
    assert ran.stderr == ""


def test_ctrl_c_while_the_command_loads_ends_it_quietly(synced: Terminal) -> None:
    with synced.started("check") as process:
        maps = Path(f"/proc/{process.pid}/maps")
        while "pydantic_core" not in maps.read_text():  # the first of much to load
            assert process.poll() is None
        ran = interrupt(process, after=0)

    assert (ran.code, "Traceback" in ran.err) == (130, False)


# --- models --------------------------------------------------------------------


@pytest.mark.ollama
def test_models_that_are_set_for_what_they_cannot_do_are_named(
    synced: Terminal, ollama_url: str, minilm_model: str
) -> None:
    """MiniLM embeds and writes nothing; the other one was never pulled."""
    wrong = Terminal(
        synced.folder,
        {
            "SHIRUBE_OLLAMA__URL": ollama_url,
            "SHIRUBE_OLLAMA__CHAT_MODEL": minilm_model,
            "SHIRUBE_OLLAMA__EMBED_MODEL": "無い-model",
        },
    )
    check = wrong.run("check")
    asked = wrong.run("ask", QUESTION)

    assert check.code == 1
    assert f"{minilm_model} cannot write answers; set ollama.chat_model" in check.out
    assert "run `ollama pull 無い-model`" in check.out
    assert (asked.code, "`shirube check` says why" in asked.err) == (0, True)
    assert "10日" in asked.out


def test_a_host_that_is_not_there_is_named_and_answers_are_quotations(
    synced: Terminal,
) -> None:
    alone = Terminal(synced.folder, {"SHIRUBE_OLLAMA__URL": "http://127.0.0.1:9"})
    check, asked = alone.run("check"), alone.run("ask", QUESTION)

    assert (check.code, "http://127.0.0.1:9" in check.out) == (0, True)
    assert (asked.code, "10日" in asked.out) == (0, True)


def test_documents_that_nobody_may_read_are_counted(synced: Terminal) -> None:
    synced.configure(SETTINGS.replace('access = ["pub"]', ""))
    ran, check = synced.run("sync"), synced.run("check")

    assert (ran.code, "nobody may read 1 of them" in ran.out) == (0, True)
    assert (check.code, "set its access" in check.out) == (1, True)
