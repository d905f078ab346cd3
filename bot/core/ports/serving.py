"""What `serve` runs: platforms where people ask, while this process may answer."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Tenure(Protocol):
    """The right to answer people, for as long as this process has it.

    It may be gone at any moment: another process took over while this one was
    stopped, or the state database was away for too long. What ended never comes
    back; a new tenure begins.
    """

    def covers(self, seconds: float, /) -> bool:
        """Say whether what takes so long, begun now, ends before the right does."""

    def sending(self, seconds: float, /) -> AbstractAsyncContextManager[None]:
        """Send something to people within so many seconds.

        Every send is made in here, right at its beginning: whatever is awaited
        first lets time pass. Raises `Conflict`, before anything is sent, where the
        right would end earlier, and `TimeoutError` when the time is over.
        """


class Platform(Protocol):
    """A place where people ask, such as a Slack workspace."""

    @property
    def name(self) -> str:
        """What it is called in logs and metrics; a word such as `slack`."""

    async def run(self, tenure: Tenure, /) -> None:
        """Take questions and answer them until cancelled.

        Called again after it ended, also with another tenure; nothing of the
        earlier run is left then. Raises `Unavailable` where the platform cannot be
        reached now, and `ConfigError` where somebody must change a setting, which
        ends the process.
        """

    async def drain(self) -> None:
        """Take nothing new, and return when all that was taken is done.

        Called once, at the end, beside `run`; cancelled when it takes too long.
        """

    def troubles(self) -> Sequence[str]:
        """Say what keeps people from being answered here now, a sentence each.

        Such as how old the last pong is. Asks nobody, and returns at once.
        """
