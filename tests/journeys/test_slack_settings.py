"""`shirube serve` with settings that are wrong: one sentence, and no secret in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

KEY = '[index]\napi_key = "カナリア"\n'
TOKENS = '[slack]\nbot_token = "xoxb-カナリア"\napp_token = "xapp-カナリア"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is set, and what is said of it."""

    said: str
    text: str = TOKENS
    variables: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "a token is missing": Case(
        text='[slack]\nbot_token = "xoxb-カナリア"\n', said="app_token is missing"
    ),
    "the tokens are exchanged": Case(
        text='[slack]\nbot_token = "xapp-カナリア"\n', said="should begin with xoxb-"
    ),
    "a typo in the file": Case(
        text='[slack]\nbot_tokne = "xoxb-カナリア"\n', said="did you mean bot_token?"
    ),
    "a typo in a variable": Case(
        variables={"SHIRUBE_SLACK__BOT_TOKNE": "xoxb-カナリア"},
        said="did you mean SHIRUBE_SLACK__BOT_TOKEN?",
    ),
    "a channel by its name": Case(
        text=TOKENS + '[slack.channels.soumu]\naccess = ["pub"]\n',
        said="should be the id of a channel",
    ),
    "no time for people": Case(
        text=TOKENS + "[slack.channels.C0123]\nauto_answer_after = 0\n",
        said="slack.channels.C0123.auto_answer_after",
    ),
    "no such folder of secrets": Case(
        variables={"SHIRUBE_SECRETS": "/nowhere"}, said="which is no folder"
    ),
    "no such authority": Case(
        text=TOKENS + 'ca_file = "会社.pem"\n', said="slack.ca_file"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_row_98_what_is_set_wrongly_is_one_sentence(tmp_path: Path, case: Case) -> None:
    terminal = Terminal(tmp_path, dict(case.variables))
    terminal.configure(case.text)
    ran = terminal.run("serve")

    assert (ran.code, case.said in ran.err) == (2, True), ran.all
    assert len(ran.err.splitlines()) == 1
    assert "カナリア" not in ran.all


def test_row_98_a_secret_file_that_everybody_may_read_is_one_sentence(
    tmp_path: Path,
) -> None:
    file = tmp_path / "秘密" / "shirube_slack__bot_token"
    file.parent.mkdir(mode=0o755)
    file.write_text("xoxb-カナリア", encoding="utf-8")
    file.chmod(0o644)
    ran = Terminal(tmp_path, {"SHIRUBE_SECRETS": str(file.parent)}).run("serve")

    assert (ran.code, f"run `chmod 600 {file}`" in ran.err) == (2, True), ran.all
    assert len(ran.err.splitlines()) == 1
    assert "カナリア" not in ran.all


@pytest.mark.parametrize("name", [".env", "shirube.toml"])
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_row_98_settings_with_secrets_that_everybody_may_read_are_told(
    tmp_path: Path, name: str, mode: int
) -> None:
    tmp_path.chmod(0o755)
    terminal = Terminal(tmp_path)
    terminal.configure("")
    secret = terminal.write(
        name, "SHIRUBE_INDEX__API_KEY=カナリア" if name == ".env" else KEY
    )
    secret.chmod(mode)
    ran = terminal.run("check")

    assert (f"run `chmod 600 {secret}`" in ran.out) is (mode == 0o644), ran.all
    assert "カナリア" not in ran.all
