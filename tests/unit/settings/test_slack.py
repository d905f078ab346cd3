"""The tables of Slack in the settings, and what cannot be meant by them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot import settings
from bot.core.access import principal
from bot.core.errors import ConfigError
from bot.settings.slack import Slack

TOKENS = '[slack]\nbot_token = "xoxb-秘密"\napp_token = "xapp-秘密"\n'

Reader: TypeAlias = Callable[[str], Slack]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Read [slack] from the text of a settings file, and nothing else."""
    monkeypatch.chdir(tmp_path)

    def slack(text: str) -> Slack:
        (tmp_path / "shirube.toml").write_text(text, encoding="utf-8")
        return settings.load().slack

    return slack


def refusal(read: Reader, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def test_without_tokens_there_is_no_slack(read: Reader) -> None:
    assert not read("").wanted


def test_tables_are_named_by_ids(read: Reader) -> None:
    slack = read(
        TOKENS
        + """
        [slack.channels.C0SOUMU]
        access = ["grp:総務"]
        ask_group = "S0SOUMU"

        [slack.groups.S0SOUMU]
        access = ["grp:総務"]

        [slack.people.U0SUZUKI]
        access = ["grp:guests"]
        """
    )

    assert slack.wanted
    assert slack.channels["C0SOUMU"].held() == {principal("grp:総務")}
    assert not slack.channels["C0SOUMU"].external
    assert slack.ask_groups() == {"C0SOUMU": "S0SOUMU"}
    assert slack.people["U0SUZUKI"].held() == {principal("grp:guests")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[slack.channels."#総務"]\n', "should be the id of a channel"),
        ("[slack.groups.soumu]\n", "should be the id of a user group"),
        ("[slack.people.tanaka]\n", "should be the id of a person"),
        ('[slack.channels.C1]\nacces = ["pub"]\n', "did you mean access?"),
        ('[slack]\nbot_tokn = "x"\n', "did you mean bot_token?"),
        ('[slack]\nbot_token = "xapp-秘密"\n', "slack.bot_token: should begin with"),
        ('[slack]\nbot_token = "xoxb-秘密"\n', "app_token is missing"),
        ('[slack]\napp_token = "xapp-秘密"\n', "bot_token is missing"),
        (TOKENS + 'mode = "http"\n', "signing_secret is missing"),
        (TOKENS + 'api_url = "https://slack.example/api/"\n', "gets every token"),
        (TOKENS + "deadline = 0\n", "slack.deadline"),
    ],
)
def test_trap_50_what_cannot_be_meant_is_told(
    read: Reader, text: str, told: str
) -> None:
    """Channels keyed by names, and settings that would mute every answer."""
    said = refusal(read, text)

    assert told in said
    assert "秘密" not in said


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/api/", "http://[::1]/api/", "http://localhost/api"]
)
def test_the_api_may_be_on_this_machine(read: Reader, url: str) -> None:
    assert read(TOKENS + f'api_url = "{url}"\n').api_url == url


def test_the_api_may_be_elsewhere_when_that_is_allowed(read: Reader) -> None:
    url = "https://slack-gov.com/api/"
    slack = read(TOKENS + f'api_url = "{url}"\nallow_api_url = true\n')

    assert slack.api_url == url


def test_variables_set_tokens(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIRUBE_SLACK__BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SHIRUBE_SLACK__APP_TOKEN", "xapp-1")

    assert read("").wanted
