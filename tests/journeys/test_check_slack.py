"""`shirube check` looks at Slack: tokens, scopes, channels."""

import asyncio
import json
import shutil
from pathlib import Path

from tests.fakes.slack import Slack
from tests.fakes.slack.faults import Refuse
from tests.fakes.slack_house import SlackHouse
from tests.fakes.terminal import Terminal

CHANNELS = """
[slack.channels.CSOUMU]
access = ["grp:総務"]

[slack.channels.C0NOWHERE]
access = ["pub"]
"""


async def checked(slack: Slack, folder: Path) -> list[tuple[str, str]]:
    """Check in another thread what is set up in a folder; what it says of Slack."""
    (folder / "shirube.toml").write_text('[index]\nbackend = "memory"\n')
    SlackHouse(folder, slack).configure(CHANNELS)
    shutil.move(folder / "slack.toml", folder / "shirube.toml")
    ran = await asyncio.to_thread(Terminal(folder).run, "check", "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return [(line["level"], line["text"]) for line in lines if line["thing"] == "slack"]


async def test_what_is_well_and_what_is_lacking(slack: Slack, tmp_path: Path) -> None:
    slack.app.scopes.remove("usergroups:read")

    fine, scope, channel = await checked(slack, tmp_path)

    assert fine[0] == "ok"
    assert "TSHIRUBE" in fine[1]
    assert scope[0] == channel[0] == "warning"
    assert "usergroups:read" in scope[1]
    assert "slack.channels.C0NOWHERE" in channel[1]
    assert {call.method for call in slack.calls} == {
        "auth.test",
        "apps.connections.open",
        "conversations.info",
    }


async def test_trap_50_a_revoked_token_is_an_error(
    slack: Slack, tmp_path: Path
) -> None:
    slack.faults.always("auth.test", Refuse("token_revoked"))

    [found] = await checked(slack, tmp_path)

    assert found[0] == "error"
    assert "slack.bot_token" in found[1]
