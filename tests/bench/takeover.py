"""Kills, stops and wakes three processes that serve, and counts who sent.

`python -m tests.bench takeover [--seconds 120] [--seed 7]`: on a PostgreSQL server that
is restarted and crashed meanwhile. Fails when somebody sent out of turn: again, while
another had begun to, sooner than that other one can have ended in good order.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from tests.fakes import postgres_server
from tests.fakes.postgres_server import RunningPostgres
from tests.fakes.served import ANSWERING
from tests.fakes.serving import SETTINGS, House, Served, until

PROCESSES = 3
EXPECTED = {0, -signal.SIGKILL, -signal.SIGTERM}
"""How a process may end: SIGTERM before it listens to it included."""


def happen(
    what: str, one: Served, server: RunningPostgres, dice: random.Random
) -> None:
    """Do something bad."""
    match what:
        case "kill":
            one.tell(signal.SIGKILL)
        case "stop":
            one.tell(signal.SIGSTOP)
        case "wake":
            one.tell(signal.SIGCONT)
        case "end":
            one.tell(signal.SIGTERM)
            one.tell(signal.SIGCONT)
        case "server":
            server.stop(dice.choice([signal.SIGINT, signal.SIGQUIT]))
            time.sleep(dice.uniform(0, 3))
            server.start()


def ordeal(
    house: House, server: RunningPostgres, seconds: float, dice: random.Random
) -> Counter[str]:
    """Let bad things happen for a while, then let one process send in peace."""
    happened: Counter[str] = Counter()
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        living = [stack.enter_context(house.served()) for _ in range(PROCESSES)]
        while time.monotonic() < end:
            what = dice.choice(["kill", "stop", "wake", "wake", "end", "server", "nap"])
            happened[what] += 1
            happen(what, dice.choice(living), server, dice)
            time.sleep(dice.uniform(0.5, 4))
            for number, each in enumerate(living):
                if each.process.poll() is None:
                    continue
                if each.process.returncode not in EXPECTED:
                    raise SystemExit(each.log.read_text())
                living[number] = stack.enter_context(house.served())
        for each in living:
            each.tell(signal.SIGCONT)
        until(lambda: house.sender() is not None)
    return happened


def hand_overs(sent: Sequence[tuple[int, float]]) -> list[float]:
    """Seconds between the last send of one process and the first of the next."""
    ordered = sorted(sent, key=lambda line: line[1])
    return [b[1] - a[1] for a, b in pairwise(ordered) if a[0] != b[0]]


def out_of_turn(sent: Sequence[tuple[int, float]]) -> int:
    """Count the sends of who went on although another had taken over."""
    last: dict[int, float] = {}
    before, found = 0, 0
    for pid, at in sorted(sent, key=lambda line: line[1]):
        if pid != before and at - last.get(pid, -ANSWERING) < ANSWERING:
            found += 1
        last[pid], before = at, pid
    return found


def main() -> int:
    """Print what happened and how soon another process sent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    binaries = postgres_server.find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL: run `make servers`")
    with (
        postgres_server.running(binaries) as server,
        tempfile.TemporaryDirectory() as d,
    ):
        (Path(d) / "shirube.toml").write_text(SETTINGS)
        server.make_schema("takeover")
        house = House(Path(d), server.url("takeover"))
        happened = ordeal(house, server, asked.seconds, random.Random(asked.seed))
        sent = house.sent()
    gaps = sorted(hand_overs(sent))
    wrong = out_of_turn(sent)
    print("  ".join(f"{what} {count}" for what, count in sorted(happened.items())))
    print(f"{len(sent)} sends, {len(gaps)} hand-overs, {wrong} sends out of turn")
    if gaps:
        print(f"hand-over {gaps[0]:.2f} to {gaps[-1]:.1f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
