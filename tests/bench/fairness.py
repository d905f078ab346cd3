"""Measures waiting before the slots of one slow model, on a real Ollama.

`python -m tests.bench fairness [--askers 50] [--slots 2] [--greedy 20]`: everybody
asks at once, and one asker, who was first, asks some times more.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.backends.gate import FairGate
from bot.backends.ollama import OllamaHost, OllamaLanguageModel
from bot.core.model import Profile
from bot.core.ports import TICKET, Message, Place, Role, Ticket
from tests.fakes import ollama_models, ollama_server

PROMPT = (Message(role=Role.USER, text="有給休暇は何日ですか？"),)
LIMIT = 1.5
LIMIT_CANCEL = 1.0


class Askers:
    """Everybody who waits, and how long."""

    def __init__(self, gate: FairGate) -> None:
        self.gate = gate
        self.began = time.perf_counter()
        self.waits: dict[str, float] = {}
        self.answers: list[float] = []
        self.guesses: dict[str, float] = {}

    async def ask(self, asker: str, number: int) -> None:
        """Ask once, and note when the turn came."""
        TICKET.set(Ticket(asker=asker, conversation=str(number), moved=self.at(asker)))
        begun = 0.0
        async for _ in self.gate.generate(PROMPT, profile=Profile.DOCS):
            begun = begun or time.perf_counter()
        self.answers.append(time.perf_counter() - begun)

    def at(self, asker: str) -> Callable[[Place], None]:
        """Return what hears of the places of an asker's questions."""

        def moved(place: Place) -> None:
            waited = time.perf_counter() - self.began
            if place.position:
                self.guesses.setdefault(asker, waited + place.wait)
            else:
                self.waits.setdefault(asker, waited)

        return moved


async def cancelling(gate: FairGate) -> float:
    """Cancel who has the slots; return how long until the next one begins."""
    begun = asyncio.Event()

    async def hold(event: asyncio.Event) -> None:
        async for _ in gate.generate(PROMPT, profile=Profile.DOCS):
            event.set()

    async with asyncio.TaskGroup() as group:
        holders: list[asyncio.Task[None]] = []
        while not gate.waiting:
            event = asyncio.Event() if holders else begun
            holders.append(group.create_task(hold(event)))
            await asyncio.sleep(0)
        await begun.wait()
        next_begun = asyncio.Event()
        next_one = group.create_task(hold(next_begun))
        start = time.perf_counter()
        for holder in holders:
            holder.cancel()
        await next_begun.wait()
        took = time.perf_counter() - start
        next_one.cancel()
    return took


async def run(url: str, askers: int, slots: int, greedy: int) -> None:
    """Let everybody ask, then cancel some times, and print."""
    async with OllamaHost(url) as host:
        model = OllamaLanguageModel(host, model="endless", num_ctx=2048)
        await model.warm_up()
        gate = FairGate(model, slots=slots, most_waiting=10_000)
        people = Askers(gate)
        async with asyncio.TaskGroup() as group:
            for number in range(greedy):
                group.create_task(people.ask("greedy", number))
            for number in range(askers):
                group.create_task(people.ask(f"asker {number}", number))
        total = time.perf_counter() - people.began
        cancels = [await cancelling(gate) for _ in range(10)]
    each = total * slots / (askers + greedy)
    share = askers * each / slots
    longest = max(people.waits.values())
    print(f"{askers} askers and {greedy} questions more of one, {slots} slots")
    print(f"an answer takes {each:.2f} s of a slot; the fair share is {share:.1f} s")
    middle = statistics.median(people.waits.values())
    ratio = longest / share
    print(f"waits: median {middle:.1f} s, longest {longest:.1f} s", end=", ")
    print(f"{ratio:.2f} of the fair share (at most {LIMIT})")
    print(f"cancelling frees a slot in {statistics.median(cancels):.3f} s", end=", ")
    print(f"{max(cancels):.3f} s at most (at most {LIMIT_CANCEL} s)")
    if ratio > LIMIT or max(cancels) > LIMIT_CANCEL:
        raise SystemExit("too much")


def main() -> None:
    """Read the arguments, start a server and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--askers", type=int, default=50)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--greedy", type=int, default=20)
    arguments = parser.parse_args()
    binary = ollama_server.find_binary()
    if binary is None:
        raise SystemExit("this needs Ollama: run .ci/servers")
    slots = arguments.slots
    with (
        tempfile.TemporaryDirectory() as folder,
        ollama_server.running(
            binary, Path(folder), OLLAMA_NUM_PARALLEL=str(slots)
        ) as server,
    ):
        weights = Path(folder) / "endless.gguf"
        ollama_models.scripted(weights, ["有給", "休暇"], endless=True)
        server.create("endless", weights)
        asyncio.run(run(server.url, arguments.askers, slots, arguments.greedy))


if __name__ == "__main__":
    main()
