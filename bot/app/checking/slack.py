"""Slack as `shirube check` looks at it: tokens, scopes, channels, the clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.app.chatting import slack_access, slack_rules
from bot.core.errors import ConfigError
from bot.ops.check import Finding, Findings, Level, Speaker, Thing
from bot.settings import Settings
from bot.text import findings as say


def slack_things(
    settings: Settings, speaker: Speaker, /, *, clock: Callable[[], datetime]
) -> Iterator[Thing]:
    """Name Slack, where it is set up."""
    if settings.slack.wanted:
        looks = _Slack(settings, speaker, clock)
        yield Thing(
            name="slack", title=say.SLACK.say(speaker.language), look=looks.look
        )


@dataclass(frozen=True, slots=True)
class _Slack:
    settings: Settings
    speaker: Speaker
    clock: Callable[[], datetime]

    async def look(self) -> Findings:
        """Ask Slack; nothing is posted, and no connection is opened."""
        # The SDK takes long to import, and is of no use to who has no Slack.
        from bot.chat.slack.deafness import deaf
        from bot.chat.slack.selfcheck import SKEW, look
        from bot.chat.slack.strangers import strangers

        access, rules = slack_access(self.settings), slack_rules(self.settings)
        client = access.client()
        try:
            found = await look(client, access.app_token, clock=self.clock)
        except ConfigError as error:
            return [_error(line) for line in str(error).splitlines()]
        unseen = await strangers(client, rules.grants, experts=rules.look.experts)
        unseen += await deaf(client, rules.terms.overhears, scopes=found.scopes)
        findings = [self.speaker.ok(say.SLACK_FINE, team=found.us.team)]
        findings += [_warning(line) for line in (*found.lacking, *unseen)]
        if abs(found.skew) > SKEW:
            findings.append(
                self.speaker.warning(say.SLACK_CLOCK, seconds=f"{found.skew:+.0f}")
            )
        return findings


def _error(text: str) -> Finding:
    return Finding(level=Level.ERROR, text=text)


def _warning(text: str) -> Finding:
    return Finding(level=Level.WARNING, text=text)
