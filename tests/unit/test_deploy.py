"""What is in deploy/ fits the program."""

import shlex
from pathlib import Path

from typer.testing import CliRunner

from bot.app.serving import DRAIN_SECONDS
from bot.commands.line import app
from bot.commands.terminal import Exit

DEPLOY = Path(__file__).parents[2] / "deploy"


def unit() -> dict[str, str]:
    """The last of each line of the unit."""
    text = (DEPLOY / "systemd" / "shirube.service").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "=" in line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_the_unit_of_systemd_starts_a_command_that_there_is() -> None:
    program, command, *options = shlex.split(unit()["ExecStart"])
    helped = CliRunner().invoke(app, [command, "--help"])

    assert program.endswith("/shirube")
    assert (helped.exit_code, "SIGTERM" in helped.output) == (0, True)
    assert options == ["--config", "/etc/shirube/shirube.toml"]


def test_systemd_waits_for_questions_to_be_finished_and_not_for_wrong_settings() -> (
    None
):
    assert int(unit()["TimeoutStopSec"]) > DRAIN_SECONDS + 10
    assert unit()["Restart"] == "always"
    assert int(unit()["RestartPreventExitStatus"]) == Exit.USAGE
