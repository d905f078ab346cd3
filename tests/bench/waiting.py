"""Measures how long a question waits behind the embeddings of a sync.

`python -m tests.bench waiting [--questions 10] [--documents 700]`: a sync, as a
process of its own, embeds with MiniLM on a real Ollama, while questions are asked
at random moments of its batches.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bot import settings
from bot.app import opened
from bot.chat.console import Desk
from bot.core.model import Language
from tests.fakes import ollama_models, ollama_server
from tests.fakes.terminal import Terminal
from tests.fakes.watched_host import Embedding, WatchedHost, watching

SETTINGS = """
[[sources]]
name = "handbook"
connector = "folder"
access = ["pub"]
options = { path = "文書" }
"""
WORDS = [
    *("leave", "parking", "printer", "coffee", "travel", "laptop", "badge", "key"),
    *("pension", "overtime", "training", "visitor", "insurance", "payroll"),
    *("canteen", "locker", "translation", "recycling"),
]
SENTENCE = "The {} office answers questions about {} before noon on day {}."
LIMIT = 1.0
"""Batches that a question may wait for."""


def write(terminal: Terminal, documents: int) -> None:
    """Write documents of about 200 tokens that are all different."""
    dice = random.Random(0)
    for number in range(documents):
        lines = [
            SENTENCE.format(dice.choice(WORDS), dice.choice(WORDS), number)
            for _ in range(12)
        ]
        title = f"# The {dice.choice(WORDS)} rules of {dice.choice(WORDS)} {number}"
        text = " ".join(lines)
        terminal.write(f"文書/{number}.md", f"{title}\n\n{text}\n")


async def sync(terminal: Terminal) -> asyncio.subprocess.Process:
    """Start a sync."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sync"),
        cwd=terminal.folder,
        env=terminal.variables(),
        stdout=asyncio.subprocess.DEVNULL,
    )


async def ask(desk: Desk, host: WatchedHost, number: int) -> Embedding:
    """Ask once, and return the request that embedded the question."""
    question = f"Who answers about {WORDS[number % len(WORDS)]} on day {number}"
    before = len(host.embeddings)
    desk.start_over()
    await desk.ask(question, lambda _: None)
    return await host.next(question, after=before)


def batches(host: WatchedHost) -> list[Embedding]:
    """Return the requests of the sync; a question has one text."""
    return [one for one in host.embeddings if len(one.texts) > 1]


async def behind(
    process: asyncio.subprocess.Process, desk: Desk, host: WatchedHost, questions: int
) -> Sequence[Embedding]:
    """Ask while a sync embeds, each time at some moment of a batch."""
    asked = []
    dice = random.Random(1)
    for number in range(questions):
        for _ in range(2):  # and every other batch meets no question
            await host.next("office answers", after=len(host.embeddings))
        await asyncio.sleep(dice.random())
        if process.returncode is not None:
            raise SystemExit("the sync was done too soon; give it more documents")
        asked.append(await ask(desk, host, number))
    process.kill()
    await process.wait()
    return asked


def seconds(embeddings: Sequence[Embedding]) -> list[float]:
    """How long the requests took."""
    return [one.ended - one.begun for one in embeddings]


def line(name: str, values: Sequence[float]) -> None:
    """Print a row of the table."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    middle = statistics.median(values)
    print(f"{name:36} {len(values):5} {middle:8.3f} {p95:8.3f} {ordered[-1]:8.3f}")


def report(
    host: WatchedHost, alone: Sequence[Embedding], behind: Sequence[Embedding]
) -> None:
    """Print how long everything took, and how many batches a question met."""
    done = [one for one in batches(host) if one.ended != float("inf")]
    free = [one for one in done if not any(one.meets(each) for each in behind)]
    met = [[each for each in batches(host) if one.meets(each)] for one in behind]
    print(f"{'seconds':36} {'times':>5} {'median':>8} {'p95':>8} {'longest':>8}")
    line("a batch of 16 texts", seconds(free))
    line("a question's embedding, alone", seconds(alone))
    line("a question's embedding, beside a sync", seconds(behind))
    own = statistics.median(seconds(alone))
    waited = [max(0.0, took - own) for took in seconds(behind)]
    line("of which it waited", waited)
    shares = [
        wait / max(seconds(those), default=wait or 1)
        for wait, those in zip(waited, met, strict=True)
    ]
    share, most = statistics.median(shares), max(map(len, met))
    print(f"the median wait is {share:.2f} of the batch that was met", end=", ")
    print(f"{max(shares):.2f} at most (at most {LIMIT})", end="; ")
    print(f"a question met {most} batches at most (at most 1)")
    if share > LIMIT or most > 1:
        raise SystemExit("too much")


async def run(url: str, model: str, folder: Path, wanted: argparse.Namespace) -> None:
    """Fill an index, ask beside nothing, then beside a sync."""
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(watching(url))
        terminal = Terminal(
            folder,
            {
                "SHIRUBE_OLLAMA__URL": host.url,
                "SHIRUBE_OLLAMA__CHAT_MODEL": "none",
                "SHIRUBE_OLLAMA__EMBED_MODEL": model,
            },
        )
        os.environ |= terminal.environment
        terminal.configure(SETTINGS)
        for word in WORDS:  # enough to find out that the model speaks English
            text = f"# The rules of {word}\n\nAll about {word} for new staff.\n"
            terminal.write(f"文書/{word}.md", text)
        await (await sync(terminal)).wait()
        read = settings.load(terminal.folder / "shirube.toml")
        app = await stack.enter_async_context(opened(read))
        desk = app.desk(Language.EN)
        alone = [await ask(desk, host, number) for number in range(wanted.questions)]
        write(terminal, wanted.documents)
        host.embeddings.clear()
        process = await sync(terminal)
        report(host, alone, await behind(process, desk, host, wanted.questions))


def main() -> None:
    """Read the arguments, start a server and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=10)
    parser.add_argument("--documents", type=int, default=700)
    wanted = parser.parse_args()
    binary, published = ollama_server.find_binary(), ollama_server.find_minilm()
    if binary is None or published is None:
        raise SystemExit("this needs Ollama and MiniLM: run .ci/servers")
    with (
        tempfile.TemporaryDirectory() as name,
        ollama_server.running(binary, Path(name)) as server,
    ):
        weights = ollama_models.minilm(Path(name) / "minilm.gguf", published)
        model = server.create("all-minilm", weights)
        folder = Path(name) / "家"
        folder.mkdir()
        asyncio.run(run(server.url, model, folder, wanted))


if __name__ == "__main__":
    main()
