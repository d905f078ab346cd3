"""A Slack in the test process: Web API, Socket Mode, HTTP events, response URLs.

    async with slack_server() as slack:
        app = AsyncApp(client=AsyncWebClient(token=slack.bot_token, base_url=slack.url))
        question = await slack.say("tanaka", "general", "@shirube 休暇は何日?")
        answers = await slack.until(lambda: slack.replies(question))

It refuses what Slack refuses, and keeps everything for assertions. Its clock stands
still until a test advances it.
"""

from tests.fakes.slack.clock import Clock
from tests.fakes.slack.server import Slack, slack_server

__all__ = ["Clock", "Slack", "slack_server"]
