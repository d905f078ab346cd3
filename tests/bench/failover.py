"""Measures how soon another host answers when one dies in mid-answer.

`python -m tests.bench failover [--rounds 5]`: two real Ollama servers, one of which
is killed while it answers; then it is started again, and watched until it is well.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack, aclosing, suppress
from pathlib import Path

from bot.backends.hosts import Health, HostedLanguageModel, ModelHost
from bot.backends.ollama import OllamaHost, OllamaLanguageModel
from bot.core.errors import Unavailable
from bot.core.model import Profile
from bot.core.ports import TICKET, LanguageModel, Message, Role, Ticket
from tests.fakes import ollama_server
from tests.fakes.ollama_pair import OllamaPair

PROMPT = (Message(role=Role.USER, text="有給休暇は何日ですか？"),)
LIMIT = 5.0


async def first_token(model: HostedLanguageModel) -> tuple[float, str]:
    """Ask; return how long the first token took, and which host wrote it."""
    start = time.perf_counter()
    await model.describe()
    async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
        await anext(events)
        took = time.perf_counter() - start
        [busy] = [one.name for one in model.standings() if one.busy]
    return took, busy


async def interrupted(model: HostedLanguageModel, pair: OllamaPair) -> str:
    """Kill the host that answers; return which it was."""
    async with aclosing(model.generate(PROMPT, profile=Profile.DOCS)) as events:
        await anext(events)
        [busy] = [one.name for one in model.standings() if one.busy]
        pair.at(busy).kill()
        with suppress(Unavailable):
            async for _ in events:
                pass
    return busy


async def recovered(model: HostedLanguageModel, url: str) -> float:
    """Watch as usual until a host is well; return how long that took."""
    start = time.perf_counter()
    well = asyncio.Event()

    async def pause(seconds: float) -> None:
        if all(one.health is Health.WELL for one in model.standings()):
            well.set()
        await asyncio.sleep(min(seconds, 1.0) if not well.is_set() else seconds)

    async with asyncio.TaskGroup() as group:
        watch = group.create_task(model.watch(pause=pause))
        await well.wait()
        watch.cancel()
    assert url in {one.name for one in model.standings()}
    return time.perf_counter() - start


async def run(pair: OllamaPair, rounds: int) -> None:
    """Kill, ask, restart, watch; then print."""
    TICKET.set(Ticket(asker="佐藤", conversation="スレッド"))
    before, after, back = [], [], []
    async with AsyncExitStack() as stack:
        hosts: list[ModelHost[LanguageModel]] = []
        for url in pair.urls:
            host = await stack.enter_async_context(OllamaHost(url))
            one = OllamaLanguageModel(host, model="endless", num_ctx=2048)
            await one.warm_up()
            hosts.append(ModelHost(name=url, model=one))
        model = HostedLanguageModel(hosts)
        for _ in range(rounds):
            before.append((await first_token(model))[0])
            broken = await interrupted(model, pair)
            took, host_name = await first_token(model)
            assert host_name != broken
            after.append(took)
            pair.restart(broken)
            back.append(await recovered(model, broken))
    print(f"{rounds} rounds, in seconds: median, longest")
    for name, seconds in (
        ("first token, all well", before),
        ("first token of the next question after a host died", after),
        ("until the broken host was well again", back),
    ):
        print(f"{statistics.median(seconds):8.2f}{max(seconds):8.2f}  {name}")
    print(f"the next question may take {LIMIT:g} s")
    if max(after) > LIMIT:
        raise SystemExit("too much")


def main() -> None:
    """Read the arguments, start two servers and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary = ollama_server.find_binary()
    if binary is None:
        raise SystemExit("this needs Ollama: run .ci/servers")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        pair = OllamaPair(binary, Path(folder), stack)
        asyncio.run(run(pair, arguments.rounds))


if __name__ == "__main__":
    main()
