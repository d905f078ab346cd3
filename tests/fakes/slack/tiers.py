"""How often a method may be called: tiers a minute, messages a second."""

import math
from collections import defaultdict, deque

from tests.fakes.slack.clock import Clock

MINUTE = 60.0
POSTS_AT_ONCE = 5


class Tiers:
    """Counts calls per method for the whole app, whoever they are made for.

    `enforced` can be switched off; `distributed` gives `conversations.history` and
    `conversations.replies` the budget of apps sold outside the Marketplace.
    """

    def __init__(self, clock: Clock) -> None:
        self.enforced = True
        self.distributed = False
        self._clock = clock
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, allowed: int | None) -> int:
        """Count a call; return the seconds to wait when it is one too many."""
        if method in {"conversations.history", "conversations.replies"}:
            allowed = 1 if self.distributed else allowed
        return 0 if allowed is None else self._wait(method, allowed, MINUTE)

    def wait_to_post(self, channel: str) -> int:
        """Count a message: about one a second and channel, short bursts go."""
        return self._wait(f"post:{channel}", POSTS_AT_ONCE, float(POSTS_AT_ONCE))

    def left(self, method: str, allowed: int) -> int:
        """How many calls of a method go through right now."""
        return allowed - len(self._recent(method, MINUTE))

    def _wait(self, key: str, allowed: int, window: float) -> int:
        recent = self._recent(key, window)
        now = self._clock.now()
        if self.enforced and len(recent) >= allowed:
            return max(1, math.ceil(recent[0] + window - now))
        recent.append(now)
        return 0

    def _recent(self, key: str, window: float) -> deque[float]:
        calls = self._calls[key]
        while calls and calls[0] <= self._clock.now() - window:
            calls.popleft()
        return calls
