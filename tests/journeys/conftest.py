"""A small firm in the fake Slack, and a folder whose documents were read."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack_house import SlackHouse, synced


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents, read once."""
    return synced(tmp_path_factory.mktemp("read") / "会社")


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    """A Slack with a small firm in it."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with slack_server() as running:
        yield running
        assert running.complaints == []


@pytest.fixture
def house(read: Path, slack: Slack, tmp_path: Path) -> SlackHouse:
    """A folder of its own, set up for that Slack."""
    folder = shutil.copytree(read, tmp_path / "会社")
    made = SlackHouse(folder, slack)
    made.configure()
    return made
