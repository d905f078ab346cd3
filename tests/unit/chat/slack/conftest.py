"""A fake Slack with questions shown in it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.shown import Thread
from tests.fakes.slack import Slack, slack_server


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes proxies from the environment and knows no exceptions to them."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it; its clock stands still."""
    async with slack_server() as running:
        yield running
        assert running.complaints == []


@pytest.fixture
def thread(slack: Slack) -> Thread:
    """A process that shows questions in it."""
    return Thread(slack)
