"""A fake Slack, a client of the real SDK, and an app of the real Bolt."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Slack, slack_server


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes proxies from the environment and knows no exceptions to them."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it; its clock stands still."""
    async with slack_server() as server:
        yield server


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    """The real client, with the bot's token and without retries."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    """A real Bolt app without listeners."""
    return AsyncApp(client=client, signing_secret="8f742231b10e8888abcd99yyyzzz85a5")
