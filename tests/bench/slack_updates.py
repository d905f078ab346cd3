"""Shows five answers at once by editing messages, and counts the edits.

python -m tests.bench slack_updates [--streams 5] [--seconds 75]

Slack has no streams here and keeps its limits, so that an edit too many is refused.
Fails when one was, or when an answer does not stand in its thread whole in the end.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import telemetry
from bot.core.model import AnswerEvent, Declined, Question, Reason, Sentence
from bot.state.store import open_state
from tests.bench.slack_firm import settle
from tests.fakes.shown import Right
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.model import Message
from tests.fakes.slack.tiers import MINUTE
from tests.fakes.slack_bot import Answerer, Around, platform
from tests.fakes.slack_process import answers

BUDGET = 50
"""Edits a minute: Slack's tier 3."""

EVERY = 0.25
"""Seconds between two sentences of an answer."""


@dataclass
class Talker(Answerer):
    """Answers at length, sentence by sentence."""

    seconds: float = 60.0

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer a question, slowly."""
        end, said = time.monotonic() + self.seconds, ""
        while time.monotonic() < end:
            sentence = f"{question.text}の{len(said)}。"
            said += sentence
            yield Sentence(text=sentence)
            await asyncio.sleep(EVERY)
        yield Declined(reason=Reason.NOT_FOUND, text=f"{said}以上。")


def busiest(slack: Slack) -> int:
    """Return how many edits there were in the busiest minute."""
    times = [call.at for call in slack.calls_to("chat.update")]
    return max(sum(at <= t < at + MINUTE for t in times) for at in times)


def ended(slack: Slack, question: Message) -> bool:
    """Whether the last words of an answer stand in the thread of its question."""
    found = answers(slack, question)
    return bool(found) and "以上。" in found[-1].reads


async def shown(slack: Slack, folder: Path, streams: int, seconds: float) -> bool:
    """Ask so many questions at once, print, and say whether all went well."""
    talker = Talker(slack.platform.notify, seconds=seconds)
    people, rooms = settle(slack, streams)
    async with open_state(folder, clock=slack.clock.datetime) as state:
        made = platform(slack, state, talker, Around())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(made.run(Right()))
            await slack.until(lambda: len(slack.sockets.open) > 1)
            asked = [
                await slack.say(who, rooms[number % len(rooms)], f"@shirube 問{number}")
                for number, who in enumerate(people)
            ]
            await asyncio.sleep(seconds)
            for said in asked:
                await slack.until(partial(ended, slack, said), within=MINUTE)
            running.cancel()
    edits = slack.calls_to("chat.update")
    refused = sum(call.http_status == 429 for call in edits)
    whole = sum(ended(slack, said) for said in asked)
    each = [len(a.history) for said in asked for a in answers(slack, said)]
    print(f"{streams} answers of {seconds:.0f} s at once, {len(edits)} edits")
    print(f"busiest minute {busiest(slack)} of {BUDGET}, refused as 429: {refused}")
    print(f"versions of each message: {each}")
    print(f"answers that stand there whole: {whole} of {streams}")
    return busiest(slack) <= BUDGET and not refused and whole == streams


async def run(folder: Path, streams: int, seconds: float) -> bool:
    """Set up a Slack without streams and measure."""
    async with slack_server(clock=Clock(ticking=True)) as slack:
        slack.platform.streaming = False
        return await shown(slack, folder, streams, seconds)


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=75)
    wanted = parser.parse_args(arguments)
    telemetry.set_up(verbose=False)
    with TemporaryDirectory() as name:
        good = asyncio.run(run(Path(name), wanted.streams, wanted.seconds))
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
