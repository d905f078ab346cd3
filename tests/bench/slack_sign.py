"""Measures how soon people in Slack see that their mention was heard.

python -m tests.bench slack_sign [--questions 100] [--rate 2]

The first sign is a status line or a message in the thread, whichever comes first, of a
`shirube serve` that answers without a model. Slack's limits hold. Fails when one sign
in twenty takes a second.
"""

import argparse
import asyncio
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.slack_firm import QUESTIONS, percentile, settle
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import answers, listening, process

PEOPLE = 60
LIMIT = 1.0


def sign(slack: Slack, question: Message) -> float:
    """Return the seconds from a question to the first thing its thread shows."""
    place = (question.channel, question.ts)
    statuses = [
        status.at
        for status in slack.statuses
        if (status.channel, status.thread_ts) == place and status.text
    ]
    replies = [float(reply.ts) for reply in slack.replies(question)]
    return min([*statuses, *replies]) - float(question.ts)


async def run(folder: Path, questions: int, rate: float) -> bool:
    """Ask, print, and say whether it was soon enough."""
    async with slack_server(clock=Clock(ticking=True)) as slack:
        people, rooms = settle(slack, PEOPLE)
        house = SlackHouse(folder, slack)
        house.configure()
        asked: list[Message] = []
        async with process(house, folder / "serve.log"):
            await listening(slack)
            for number in range(questions):
                who, room = people[number % PEOPLE], rooms[number % len(rooms)]
                text = QUESTIONS[number % len(QUESTIONS)]
                asked.append(await slack.say(who, room, f"@shirube {text}"))
                await asyncio.sleep(1 / rate)
            for said in asked:
                await slack.until(partial(answers, slack, said), within=60)
        signs = [sign(slack, said) for said in asked]
        whole = [float(answers(slack, q)[0].ts) - float(q.ts) for q in asked]
        limited = Counter(
            call.method for call in slack.calls if call.http_status == 429
        )
    print(f"{'':12}{'p50':>9}{'p95':>9}{'max':>9}")
    for name, values in (("first sign", signs), ("answer", whole)):
        shown = [1000 * percentile(values, share) for share in (0.5, 0.95, 1.0)]
        print(f"{name:12}" + "".join(f"{value:6.0f} ms" for value in shown))
    print(f"{questions} questions, {rate:g} a second")
    print(f"calls refused as 429: {dict(limited) or 0}")
    return percentile(signs, 0.95) < LIMIT


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rate", type=float, default=2)
    wanted = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = synced(Path(name) / "会社")
        return int(not asyncio.run(run(folder, wanted.questions, wanted.rate)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
