"""What tests of Slack write again and again: blocks, and errors they expect."""

from collections.abc import Awaitable

import pytest
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.model import Json


async def refusal(call: Awaitable[object]) -> Json:
    """What Slack answers to a call that it refuses."""
    with pytest.raises(SlackApiError) as refused:
        await call
    data: Json = refused.value.response.data
    return data


async def error(call: Awaitable[object]) -> str:
    """The name of the error of a call that Slack refuses."""
    return str((await refusal(call))["error"])


def section(text: str, block_id: str | None = None) -> Json:
    """A paragraph."""
    block: Json = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return block | ({"block_id": block_id} if block_id else {})


def actions(*elements: Json) -> Json:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action_id: str = "ask", *, value: str = "休暇") -> Json:
    """A button."""
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, "value": value}


def verdict(action_id: str = "verdict", *, negative: str = "bad") -> Json:
    """The two thumbs below an answer."""
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": action_id,
                "positive_button": {
                    "text": {"type": "plain_text", "text": "👍"},
                    "value": "good",
                },
                "negative_button": {
                    "text": {"type": "plain_text", "text": "👎"},
                    "value": negative,
                },
            }
        ],
    }


def modal(callback_id: str = "reason") -> Json:
    """A form with one field, `why` → `text`."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": "理由"},
        "submit": {"type": "plain_text", "text": "送る"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "どこが違いますか"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }
