"""The settings of Slack as the platform takes them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot import settings
from bot.app import chatting
from bot.core.access import principal
from bot.core.errors import ConfigError
from bot.core.model import Language
from bot.settings import Settings

TOKENS = """\
[slack]
bot_token = "xoxb-1"
app_token = "xapp-1"
signing_secret = "秘密"
"""

Reader: TypeAlias = Callable[[str], Settings]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Read settings from the text of a file, and nothing else."""
    monkeypatch.chdir(tmp_path)

    def load(text: str) -> Settings:
        (tmp_path / "shirube.toml").write_text(text, encoding="utf-8")
        return settings.load()

    return load


def test_without_tokens_nothing_is_run(read: Reader) -> None:
    assert not chatting.plugs(read(""))


def test_with_tokens_slack_is_run(read: Reader) -> None:
    assert len(chatting.plugs(read(TOKENS))) == 1


def test_sockets_are_the_way_unless_http_is_named(read: Reader) -> None:
    sockets = chatting.slack_access(read(TOKENS))
    http = chatting.slack_access(read(TOKENS + 'mode = "http"\nport = 4000\n'))

    assert (sockets.app_token, sockets.signing_secret) == ("xapp-1", None)
    assert (http.app_token, http.signing_secret) == (None, "秘密")
    assert http.port == 4000


def test_every_client_takes_the_same_way(read: Reader) -> None:
    access = chatting.slack_access(
        read(TOKENS + 'proxy = "http://proxy.example:3128"\n')
    )

    client = access.client()
    assert client.proxy == "http://proxy.example:3128"
    assert client.retry_handlers == []


def test_an_authority_that_cannot_be_read_is_told_at_once(
    read: Reader, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"slack\.ca_file"):
        chatting.plugs(read(TOKENS + 'ca_file = "無い.pem"\n'))
    (tmp_path / "社内.pem").write_text("何でもない", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"slack\.ca_file"):
        chatting.plugs(read(TOKENS + 'ca_file = "社内.pem"\n'))


def test_tables_become_grants(read: Reader) -> None:
    rules = chatting.slack_rules(
        read(
            'language = "en"\n'
            + TOKENS
            + 'deadline = 60\nguest_policy = "trusting"\n'
            + '[slack.channels.C0SOUMU]\naccess = ["grp:総務"]\nexternal = true\n'
            + 'bots = ["B0DEPLOY"]\nask_group = "S0SOUMU"\n'
            + '[slack.groups.S0SOUMU]\naccess = ["grp:総務"]\n'
            + '[slack.people.U0SUZUKI]\naccess = ["grp:guests"]\n'
        )
    )

    granted = rules.grants.channels["C0SOUMU"]
    assert granted.principals == {principal("grp:総務")}
    assert granted.external
    assert rules.grants.groups == {"S0SOUMU": {principal("grp:総務")}}
    assert rules.grants.people == {"U0SUZUKI": {principal("grp:guests")}}
    assert rules.terms.bots == {"C0SOUMU": {"B0DEPLOY"}}
    assert rules.terms.deadline.total_seconds() == 60
    assert rules.terms.language is Language.EN
    assert rules.trusting
