"""Slack as the desk sees it: who will read an answer, and how it is shown."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from bot.chat.audience import (
    Channel,
    Company,
    Grants,
    Person,
    Standing,
    of_channel,
    of_person,
)
from bot.chat.slack.directory import Directory
from bot.chat.slack.placing import is_direct
from bot.chat.slack.showing import Showings
from bot.chat.slack.terms import SHARED, SURFACE
from bot.chat.surface import Posted, Showing
from bot.core.access import Audience
from bot.core.inbox import Claim, Incoming


class SlackSurface:
    """One workspace, for as long as a tenure lasts.

    With `trusting`, guests of the workspace count as colleagues in a channel; by
    themselves they never do.
    """

    name = SURFACE

    def __init__(
        self,
        directory: Directory,
        showings: Showings,
        grants: Grants,
        /,
        *,
        trusting: bool = False,
    ) -> None:
        self._directory = directory
        self._showings = showings
        self._grants = grants
        self._trusting = trusting

    async def audience(self, incoming: Incoming, /) -> Audience:
        """Find out anew who will see the answer; what is unknown sees nothing."""
        if is_direct(incoming):
            person = await self._directory.person(incoming.asker)
            return of_person(person, self._grants, incoming.language)
        channel = await self._directory.channel(incoming.origin.channel)
        asker = await self._directory.person(incoming.asker)
        read_by = self._company(_joined_by(asker, channel), incoming)
        return of_channel(read_by, self._grants, incoming.language)

    def showing(
        self, claim: Claim, posted: Posted, /
    ) -> AbstractAsyncContextManager[Showing]:
        """Begin to show a question; what an earlier attempt posted is taken over."""
        return self._showings.showing(claim, posted)

    async def tidy(self) -> None:
        """Take away what could not be taken away at once, until cancelled."""
        await self._showings.tidy()

    def _company(self, channel: Channel, incoming: Incoming) -> Channel:
        match channel.company:
            case Company.INSIDE | Company.GUESTS if incoming.hints.get(SHARED):
                return replace(channel, company=Company.SHARED)
            case Company.GUESTS if self._trusting:
                return replace(channel, company=Company.INSIDE)
            case _:
                return channel


def _joined_by(asker: Person, channel: Channel) -> Channel:
    """Count who asks among those who read, also where Slack does not list them.

    In an organisation of several workspaces people read what they are no members of.
    """
    if channel.company is not Company.INSIDE:
        return channel
    match asker.standing:
        case Standing.STRANGER:
            return replace(channel, company=Company.SHARED)
        case Standing.GUEST:
            return replace(channel, company=Company.GUESTS)
        case _:
            return channel
