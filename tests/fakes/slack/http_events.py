"""The other way to the app: signed HTTP requests to its Request URL."""

import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import ClientError, ClientResponse, ClientSession

from tests.fakes.slack.delivery import Attempt, Delivery
from tests.fakes.slack.model import Json
from tests.fakes.slack.platform import Platform


class Background(Protocol):
    """Runs what goes on beside the test."""

    def __call__(self, work: Coroutine[Any, Any, None], /) -> object:
        """Start something."""


class HttpEvents:
    """Posts payloads with a signature; anything but 200 within 3 s is a failure.

    `secret`, `skew` and `tamper` make wrong signatures, wrong clocks, changed bodies.
    The time stamp is of the real clock, because that is what the SDK compares it to.
    """

    timeout_reason = "http_timeout"
    calm_seconds = 2.0

    def __init__(
        self, platform: Platform, session: ClientSession, background: Background
    ) -> None:
        self.url = ""
        self.numbered = False  # also what comes for the first time, by 0
        self.secret = platform.app.signing_secret
        self.skew = 0
        self.tamper = b""
        self.answers: list[tuple[int, str]] = []
        self._platform = platform
        self._session = session
        self._background = background

    async def verify(self) -> bool:
        """Do what Slack does when a Request URL is entered."""
        challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
        payload = {"type": "url_verification", "challenge": challenge}
        answer = await self._post(json.dumps(payload), "application/json", {})
        return answer[0] == 200 and challenge in answer[1]

    async def carry(self, delivery: Delivery, attempt: Attempt, /) -> None:
        """Start an attempt; its answer is read beside the test."""
        attempt.connection = 0
        self._background(self._attempt(delivery, attempt))

    async def _attempt(self, delivery: Delivery, attempt: Attempt) -> None:
        headers = {}
        if attempt.number or self.numbered:
            headers["X-Slack-Retry-Num"] = str(attempt.number)
            headers["X-Slack-Retry-Reason"] = attempt.reason
        body, kind = _body(delivery)
        courier = self._platform.courier
        try:
            status, text, again = await self._post(body, kind, headers)
        except (TimeoutError, ClientError):
            await courier.fail(attempt.envelope_id, "connection_failed")
            return
        if status == 200:
            courier.acknowledge(attempt.envelope_id, _json(text))
        else:
            await courier.fail(attempt.envelope_id, "http_error", again=again)

    async def _post(
        self, body: str, kind: str, headers: dict[str, str]
    ) -> tuple[int, str, bool]:
        stamp = str(int(time.time()) + self.skew)
        signed = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        all_headers = {
            **headers,
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        content = body.encode() + self.tamper
        async with self._session.post(
            self.url, data=content, headers=all_headers
        ) as answer:
            text = await answer.text()
            self.answers.append((answer.status, text))
            self._platform.notify()
            return answer.status, text, _wants_retry(answer)


def _wants_retry(answer: ClientResponse) -> bool:
    return answer.headers.get("X-Slack-No-Retry") != "1"


def _body(delivery: Delivery) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    match delivery.kind:
        case "events_api":
            return json.dumps(delivery.payload, ensure_ascii=False), "application/json"
        case "slash_commands":
            return urlencode(delivery.payload), form
        case _:
            return urlencode({"payload": json.dumps(delivery.payload)}), form


def _json(text: str) -> Json:
    try:
        content = json.loads(text)
    except ValueError:
        return {"text": text} if text else {}
    return content if isinstance(content, dict) else {}
