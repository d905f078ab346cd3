"""Calls Slack, and knows whether Slack still takes our token."""

from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.chat.slack.refusals import LOST, word_of

_OF_THE_APP: Final = "apps.connections.open"
"""The call that is made with the other token."""


class Client(AsyncWebClient):
    """The SDK's own; every call tells it what has become of the bot token."""

    refused: str | None = None
    """Slack's word for why it takes the token no more; None once it does again."""

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        """Call a method, and note whether the token was good for it."""
        try:
            answer = await super().api_call(api_method, **how)
        except SlackApiError as error:
            if api_method != _OF_THE_APP and (word := word_of(error)) in LOST:
                self.refused = word
            raise
        if api_method != _OF_THE_APP:
            self.refused = None
        return answer

    def trouble(self) -> str | None:
        """Say that nothing can be shown, where Slack takes the token no more."""
        if self.refused is None:
            return None
        return (
            f"slack.bot_token: Slack refuses it ({self.refused}); set the token that "
            "the pages of the app show now, and start again"
        )
