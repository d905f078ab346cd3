"""Kills `serve` while people ask in Slack, again and again, and counts the answers.

python -m tests.bench slack_kills [--questions 60] [--kills 12] [--seed 5] [--writes]

Connections break meanwhile, Slack delivers twice, and posts are made whose success
nobody hears of. In a thread the next question is asked as soon as the one before was
acknowledged. Fails when a question was lost, answered twice, or answered out of turn.

With `--writes` a model writes every answer, a sentence at a time, and each process dies
while half of one stands there, if one does.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.bench.slack_firm import QUESTIONS, rows, settle
from tests.fakes.faulty_proxy import CutAfter, FaultyProxy, Reset, faulty_proxy
from tests.fakes.ollama_shaped import MODEL, done, said, teach
from tests.fakes.scripted_http import ScriptedHTTP, Take, ndjson_reply, serving
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.delivery import Delivery
from tests.fakes.slack.faults import CUT_AFTER, CUT_BEFORE, Fault, fail, ratelimited
from tests.fakes.slack.model import Channel, Message
from tests.fakes.slack_house import SlackHouse, synced
from tests.fakes.slack_process import PATIENCE, listening, process

PEOPLE = 400
THREADS = 24
ASKED = (QUESTIONS[0], QUESTIONS[-1], "来年の社員旅行の行き先はどこですか？")
"""One answer in three is streamed: more edits than Slack allows would pile up."""

SENTENCES = (
    "有給休暇は入社日に3日付与されます[1]。",
    "入社6か月後に7日が追加されます[1]。",
    "その後は毎年4月1日に付与されます[1]。",
    "申請は前日までに行います[1]。",
)
"""What the model writes, a second apart."""

WRITES = """\
[ollama]
url = "{url}"
chat_model = "{model}"
embed_model = "none"
slots = 4
"""
SILENT = '[ollama]\nchat_model = "none"\nembed_model = "none"\n'

LIVES = 3.0
"""Seconds at most that a process lives after it listens."""

LONGER = 9.0
"""The same, where an answer must stand there in part."""

CALLS = ("chat.postMessage", "chat.postMessage", "chat.update", "conversations.replies")
FAULTS: dict[str, Fault] = {
    "cut after": CUT_AFTER,
    "cut before": CUT_BEFORE,
    "503": fail(503),
    "429": ratelimited(1),
}
LOSSES = (*FAULTS, "sockets", "reset", "half", "refresh", "again", "again")


@dataclass(slots=True)
class Thread:
    """A thread of a channel, with the questions that were asked in it."""

    channel: Channel
    asked: list[Message] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Ordeal:
    """What is done to the bot, and what happened."""

    house: SlackHouse
    proxy: FaultyProxy
    dice: Random
    log: Path
    people: list[str]
    threads: list[Thread]
    happened: Counter[str] = field(default_factory=Counter)
    number: int = 0
    texts: tuple[str, ...] = ASKED
    halves: bool = False

    @property
    def slack(self) -> Slack:
        """The Slack it goes on in."""
        return self.house.slack

    async def ask(self) -> None:
        """Ask the next question, in its turn, and wait for the ack."""
        number, self.number = self.number, self.number + 1
        who = self.people[number % len(self.people)]
        text = self.texts[number % len(self.texts)]
        thread = self.dice.choice(self.threads)
        async with thread.turn:
            root = thread.asked[0] if thread.asked else None
            mention = root is None or number % 2 == 0
            told = f"@shirube {text}" if mention else text
            since = len(self.slack.courier.deliveries)
            said = await self.slack.say(who, thread.channel, told, thread=root)
            thread.asked.append(said)
            kind = "app_mention" if mention else "message"
            delivery = next(
                sent
                for sent in self.slack.courier.deliveries[since:]
                if sent.event.get("ts") == said.ts and sent.event["type"] == kind
            )
            await self.acknowledged(delivery)

    async def acknowledged(self, delivery: Delivery) -> None:
        """Wait for an ack; what Slack gives up is sent anew, so that it is heard."""
        while not delivery.acked:
            try:
                await self.slack.until(lambda: delivery.acked, within=10)
            except TimeoutError:
                if self.slack.sockets.open:
                    await self.slack.courier.again(delivery)

    async def lose(self) -> None:
        """Let something go wrong that is no kill."""
        what = self.dice.choice(LOSSES)
        self.happened[what] += 1
        if what in FAULTS:
            self.slack.faults.next(self.dice.choice(CALLS), FAULTS[what])
            return
        match what:
            case "sockets":
                self.slack.sockets.drop()
            case "reset":
                self.proxy.reset_all()
                self.proxy.next(Reset())
            case "half":
                self.proxy.next(CutAfter(size=self.dice.randrange(2_000)))
            case "refresh":
                await self.slack.sockets.disconnect("refresh_requested")
            case _:
                await self.again()

    async def again(self) -> None:
        """Deliver some of the latest once more, acknowledged or not."""
        latest = self.slack.courier.deliveries[-40:]
        for delivery in self.dice.sample(latest, min(5, len(latest))):
            if delivery.kind == "events_api":
                await self.slack.courier.again(delivery)

    async def life(self, group: asyncio.TaskGroup, questions: int) -> None:
        """Let a process live for a while, in which people ask; then kill it."""
        since = len(self.slack.sockets.ever)
        async with process(self.house, self.log) as running:
            if self.dice.random() < 0.9:
                await listening(self.slack, since=since)
            end = time.monotonic() + self.dice.uniform(0, LIVES)
            pause = max(0.0, end - time.monotonic()) / (questions + 1)
            for _ in range(questions):
                await asyncio.sleep(pause * self.dice.uniform(0, 2))
                group.create_task(self.ask())
                if self.dice.random() < 0.5:
                    await self.lose()
            await asyncio.sleep(max(0.0, end - time.monotonic()))
            if self.halves:
                with contextlib.suppress(TimeoutError):
                    await self.slack.until(self.unfinished, within=LONGER)
            running.kill()
            await running.wait()
        self.happened["kill -9"] += 1
        self.happened["answers cut"] += self.unfinished()

    def unfinished(self) -> int:
        """Count the answers that stand there in part."""
        return sum(
            message.stream is not None and message.stream.state == "in_progress"
            for channel in self.slack.workspace.channels.values()
            for message in channel.messages.values()
        )

    async def run(self, questions: int, kills: int) -> None:
        """Kill so often, and ask so many questions meanwhile; the last life lasts."""
        last = len(self.slack.sockets.ever)
        async with asyncio.TaskGroup() as group:
            for life in range(kills):
                share = questions * (life + 1) // kills - questions * life // kills
                await self.life(group, share)
                print(".", end="\n" if life % 50 == 49 else "", flush=True)
            self.slack.faults.clear()
            last = len(self.slack.sockets.ever)
            ending = group.create_task(self.last_life(last))
        await ending

    async def last_life(self, since: int) -> None:
        """Serve until everything is answered, or no answer comes any more."""
        async with process(self.house, self.log):
            await listening(self.slack, since=since)
            left, seen = self.number, time.monotonic()
            while left and time.monotonic() - seen < 4 * PATIENCE:
                await asyncio.sleep(0.5)
                before, left = left, open_ones(self.house.folder, self.number)
                seen = time.monotonic() if left < before else seen


def open_ones(folder: Path, asked: int) -> int:
    """Count what has no outcome yet."""
    return asked - sum(row.outcome is not None for row in rows(folder))


@dataclass(slots=True)
class Verdict:
    """What became of the questions."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unordered: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.twice or self.unordered or self.stray)


def judge(ordeal: Ordeal) -> Verdict:
    """Look at every thread as its readers see it."""
    verdict = Verdict()
    ids = {row.message: row.id for row in rows(ordeal.house.folder)}
    for thread in ordeal.threads:
        if not thread.asked:
            continue
        first: dict[str, float] = {}
        count: Counter[str] = Counter()
        for reply in ordeal.slack.replies(thread.asked[0]):
            payload = (reply.metadata or {}).get("event_payload", {})
            if payload.get("part") == "notice":
                continue
            if payload.get("part") != "answer":
                verdict.stray.append(f"{thread.channel.id} {reply.ts}: {reply.reads}")
                continue
            count[payload["question"]] += 1
            first.setdefault(payload["question"], float(reply.ts))
        asked = [(said.ts, ids.get(said.ts, "")) for said in thread.asked]
        lost = [(ts, id_) for ts, id_ in asked if not count[id_]]
        verdict.lost += [f"{ts} ({id_ or 'never taken'})" for ts, id_ in lost]
        verdict.twice += [f"{ts} ({id_})" for ts, id_ in asked if count[id_] > 1]
        told = [(first[id_], ts) for ts, id_ in asked if id_ in first]
        verdict.unordered += [b[1] for a, b in pairwise(told) if a[0] >= b[0]]
    return verdict


@asynccontextmanager
async def prepared(
    folder: Path, seed: int, *, writes: bool = False
) -> AsyncIterator[Ordeal]:
    """Set up a Slack behind a proxy, and a firm in it."""
    async with (
        slack_server(clock=Clock(ticking=True)) as slack,
        faulty_proxy(slack.platform.url) as proxy,
        serving() as host,
    ):
        slack.tiers.enforced = False
        slack.platform.url = proxy.url
        people, rooms = settle(slack, PEOPLE)
        house = SlackHouse(folder, slack)
        if writes:
            have_written(house, host)
        house.configure()
        threads = [Thread(rooms[number % len(rooms)]) for number in range(THREADS)]
        log = folder / "serve.log"
        ordeal = Ordeal(house, proxy, Random(seed), log, people, threads)
        if writes:
            ordeal.halves, ordeal.texts = True, ASKED[:1]
        yield ordeal


def have_written(house: SlackHouse, host: ScriptedHTTP) -> None:
    """Have a model write that takes its time."""
    teach(host, models=[MODEL], loaded=[MODEL])
    lines = [line for text in SENTENCES for line in (Take(1.0), said(text))]
    host.on("/api/chat", ndjson_reply(*lines, done(prompt=3000)))
    file = house.folder / "shirube.toml"
    settings = file.read_text(encoding="utf-8")
    written = settings.replace(SILENT, WRITES.format(url=host.url, model=MODEL))
    file.write_text(written, encoding="utf-8")


def report(ordeal: Ordeal, verdict: Verdict, seconds: float) -> None:
    """Print what happened and what came of it."""
    told = rows(ordeal.house.folder)
    outcomes = Counter(str(row.outcome) for row in told)
    attempts = Counter(row.attempts for row in told)
    print("\n" + "  ".join(f"{k} {v}" for k, v in sorted(ordeal.happened.items())))
    print(f"{ordeal.number} questions in {seconds:.0f} s; outcomes {dict(outcomes)}")
    print(f"times begun: {dict(sorted(attempts.items()))}")
    print(f"calls of Slack: {len(ordeal.slack.calls)}")
    for name in ("lost", "twice", "unordered", "stray"):
        found = getattr(verdict, name)
        print(f"{name:10} {len(found)}   {'; '.join(found[:5])}")
    complaints = Counter(ordeal.slack.complaints)
    print(f"complaints of Slack: {dict(complaints.most_common(5))}")
    print(f"tracebacks logged: {ordeal.log.read_text('utf-8').count('Traceback')}")


async def run(folder: Path, wanted: argparse.Namespace) -> bool:
    """Run the ordeal and say whether all went well."""
    begun = time.monotonic()
    async with prepared(folder, wanted.seed, writes=wanted.writes) as ordeal:
        await ordeal.run(wanted.questions, wanted.kills)
        verdict = judge(ordeal)
        report(ordeal, verdict, time.monotonic() - begun)
    return verdict.well


def main(arguments: list[str]) -> int:
    """Read the arguments and run; a folder that is named is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--writes", action="store_true")
    parser.add_argument("--keep", type=Path)
    wanted = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = synced((wanted.keep or Path(name)) / "会社")
        return int(not asyncio.run(run(folder, wanted)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
