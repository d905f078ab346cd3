"""Kills Weaviate, PostgreSQL and Ollama in turn while questions run, and counts.

python -m tests.bench kill_servers [--well 15] [--down 8]

The demo is run on three real servers, by environment variables alone. Then a process
that stays and a new process a question ask, again and again, while each server is
killed, is away for some seconds, and comes back. Every question has one outcome.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bot import settings, telemetry
from bot.app import opened
from bot.chat.console import Asked, Desk
from bot.commands.demo import QUESTIONS, samples
from bot.core.model import AnswerKind, Finished, Language
from tests.fakes import (
    ollama_models,
    ollama_server,
    postgres_server,
    weaviate_server,
)
from tests.fakes.ollama_server import RunningOllama, ServerFailedError
from tests.fakes.postgres_server import RunningPostgres
from tests.fakes.terminal import Terminal
from tests.fakes.weaviate_server import Node

SAYS = "有給休暇は入社6か月後に10日付与されます[1]。"
JAPANESE, ENGLISH, UNKNOWN = QUESTIONS
WRITTEN, QUOTED, UNKNOWN_TO_ALL = "written", "quoted", "not found"
SEARCH_DOWN, STATE_DOWN, LOST = "search down", "state down", "NO OUTCOME"
LABELS = (WRITTEN, QUOTED, UNKNOWN_TO_ALL, SEARCH_DOWN, STATE_DOWN, LOST)
AS_EVER = {JAPANESE: WRITTEN, ENGLISH: QUOTED, UNKNOWN: UNKNOWN_TO_ALL}
"""How each question ends while all is well: the model speaks Japanese only."""

SCHEMA = "標 demo"
ASKED = (JAPANESE, UNKNOWN, JAPANESE, ENGLISH)
BETWEEN = 0.2
"""Seconds between two questions of the process that stays."""


@dataclass(slots=True)
class Servers:
    """One of each, real, on addresses that stay the same."""

    weaviate: Node
    postgres: RunningPostgres
    ollama: RunningOllama
    stack: ExitStack

    def kill(self, name: str) -> None:
        """End a server without a word."""
        match name:
            case "Weaviate":
                self.weaviate.kill()
            case "PostgreSQL":
                self.postgres.stop(SIGKILL)
            case _:
                self.ollama.kill()

    def start(self, name: str) -> None:
        """Start a server again on what it had, and return when it answers."""
        match name:
            case "Weaviate":
                self.weaviate.start()
                self.weaviate.wait()
            case "PostgreSQL":
                self._start_postgres()
            case _:
                port = urlsplit(self.ollama.url).port or 0
                self.ollama = self.stack.enter_context(
                    ollama_server.running(_ollama(), self.ollama.folder, port=port)
                )

    def variables(self) -> dict[str, str]:
        """Return everything that is set."""
        return {
            "SHIRUBE_INDEX__BACKEND": "weaviate",
            "SHIRUBE_INDEX__URL": self.weaviate.url,
            "SHIRUBE_INDEX__GRPC": self.weaviate.grpc,
            "SHIRUBE_INDEX__PREFIX": "KbDemo",
            "SHIRUBE_STATE__URL": self.postgres.url(SCHEMA),
            "SHIRUBE_OLLAMA__URL": self.ollama.url,
            "SHIRUBE_OLLAMA__CHAT_MODEL": "scripted",
            "SHIRUBE_OLLAMA__EMBED_MODEL": "all-minilm",
            "SHIRUBE_OLLAMA__NUM_CTX": "4096",
        }

    def _start_postgres(self) -> None:
        """Wait until the processes of the one that was killed have noticed."""
        end = time.monotonic() + 30
        while True:
            try:
                self.postgres.start()
            except ServerFailedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
            else:
                return


@dataclass(slots=True)
class Tally:
    """What became of the questions, by what was going on when they were asked."""

    phase: str = "all well"
    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    wrong: list[str] = field(default_factory=list)
    errors: set[str] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    as_ever: dict[str, float] = field(default_factory=dict)

    def count(self, phase: str, question: str, label: str) -> None:
        """Count an outcome; one that may never be is kept with its question."""
        self.counts[phase][label] += 1
        impossible = {WRITTEN, QUOTED} if question == UNKNOWN else {UNKNOWN_TO_ALL}
        if label in impossible | {LOST}:
            self.wrong.append(f"{phase}: {question} → {label}")
        if label == AS_EVER[question]:
            self.as_ever[question] = time.monotonic()

    def since(self, begun: float, wanted: str) -> float | None:
        """Return after how long a question ended as ever; None if none has yet."""
        seconds = self.as_ever.get(wanted, 0.0) - begun
        return seconds if seconds > 0 else None


def label(asked: Asked) -> str:
    """Say how a question ended."""
    if isinstance(asked.ending, Finished):
        kind = asked.ending.answer.kind
        return WRITTEN if kind is AnswerKind.GENERATED else QUOTED
    return named(str(asked.ending.reason))


def named(reason: str) -> str:
    """Say why there was no answer."""
    names = {"not_found": UNKNOWN_TO_ALL, "search_down": SEARCH_DOWN}
    return names.get(reason, LOST)


async def staying(tally: Tally, read: settings.Settings, over: asyncio.Event) -> None:
    """Ask in one process, which looks after its hosts as `serve` does."""
    async with opened(read) as app, asyncio.TaskGroup() as group:
        watch = group.create_task(app.models.watch())
        await _asking(tally, app.desk(Language.JA), over)
        watch.cancel()


async def _asking(tally: Tally, desk: Desk, over: asyncio.Event) -> None:
    number = 0
    while not over.is_set():
        question = ASKED[number % len(ASKED)]
        phase = tally.phase
        desk.start_over()
        begun = time.monotonic()
        asked = await desk.ask(question, lambda _: None)
        tally.seconds[phase].append(time.monotonic() - begun)
        tally.count(phase, question, label(asked))
        number += 1
        await asyncio.sleep(BETWEEN)


async def coming(tally: Tally, terminal: Terminal, over: asyncio.Event) -> None:
    """Ask in a new process each time."""
    number = 0
    while not over.is_set():
        question = ASKED[number % len(ASKED)]
        phase = tally.phase
        line = f"shirube ask --json {question}"
        ran = await asyncio.to_thread(terminal.shell, line)
        ended = _printed(ran.stdout, ran.stderr, ran.returncode)
        tally.count(phase, question, ended)
        if ended in {STATE_DOWN, LOST}:
            tally.errors.add(ran.stderr.strip())
        number += 1


def _printed(out: str, err: str, code: int) -> str:
    """Say how the question of a process ended."""
    if out.startswith("{"):
        row = json.loads(out)
        if row["outcome"] != "answered":
            return named(row["reason"])
        return WRITTEN if row["kind"] == AnswerKind.GENERATED else QUOTED
    one = err.count("error: ") == 1 and "Traceback" not in err
    return STATE_DOWN if one and code == 1 else LOST


async def killing(
    tally: Tally, servers: Servers, *, well: float, down: float
) -> Mapping[str, float]:
    """Kill each in turn; return how long after each was back a model wrote again."""
    back: dict[str, float] = {}
    for name in ("Weaviate", "PostgreSQL", "Ollama"):
        tally.phase = f"before {name} is killed"
        await asyncio.sleep(well)
        tally.phase = f"{name} is away"
        await asyncio.to_thread(servers.kill, name)
        await asyncio.sleep(down)
        await asyncio.to_thread(servers.start, name)
        tally.phase = f"{name} is back"
        begun = time.monotonic()
        while (seconds := tally.since(begun, JAPANESE)) is None:
            await asyncio.sleep(0.05)
            if time.monotonic() > begun + 90:
                raise SystemExit(f"no answer since {name} is back")
        back[name] = seconds
    tally.phase = "all are back"
    await asyncio.sleep(well)
    return back


async def run(
    servers: Servers, terminal: Terminal, *, well: float, down: float
) -> bool:
    """Ask, kill, and print; return whether all ended as it should."""
    telemetry.set_up(verbose=False)
    read = settings.load()
    tally, over = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(staying(tally, read, over))
        group.create_task(coming(tally, terminal, over))
        back = await killing(tally, servers, well=well, down=down)
        over.set()
    print(f"{'':28}" + "".join(f"{name:>13}" for name in (*LABELS, "s, longest")))
    for phase, counts in tally.counts.items():
        shown = "".join(f"{counts[name] or '–':>13}" for name in LABELS)
        longest = max(tally.seconds[phase], default=0.0)
        print(f"{phase:28}{shown}{longest:13.1f}")
    total = sum(sum(counts.values()) for counts in tally.counts.values())
    print(f"{total} questions, one outcome each; {len(tally.wrong)} wrong")
    print("\n".join([*tally.wrong[:9], *sorted(tally.errors)[:9]]))
    for name, seconds in back.items():
        print(f"{seconds:6.1f} s after {name} was back a model wrote an answer")
    left = servers.postgres.tell(
        f'SELECT count(*) FILTER (WHERE outcome IS NULL), count(*) FROM "{SCHEMA}"'
        ".questions"
    )
    open_, entered = left.split("|")
    print(f"{entered} were entered in the state, {open_} of them are open")
    return not tally.wrong and open_ == "0"


def demo(terminal: Terminal) -> None:
    """Run the demo, and embed what it read."""
    begun = time.perf_counter()
    ran = terminal.shell("shirube demo")
    print(ran.stdout)
    if ran.returncode:
        raise SystemExit(ran.stderr)
    print(f"the demo took {time.perf_counter() - begun:.1f} s")


def started(folder: Path, stack: ExitStack) -> Servers:
    """Start one of each; the model says what the demo's first question wants."""
    places = {name: folder / name for name in ("weaviate", "ollama")}
    for place in places.values():
        place.mkdir()
    weaviate, postgres = weaviate_server.find_binary(), postgres_server.find_binaries()
    published = ollama_server.find_minilm()
    if weaviate is None or postgres is None or published is None:
        raise SystemExit("this needs all servers: run `make servers`")
    node = stack.enter_context(weaviate_server.running(weaviate, places["weaviate"]))
    database = stack.enter_context(postgres_server.running(postgres))
    database.make_schema(SCHEMA)
    ollama = stack.enter_context(ollama_server.running(_ollama(), places["ollama"]))
    pieces = ollama_models.pieces_of(SAYS)
    for name, weights in (
        ("scripted", ollama_models.scripted(folder / "scripted.gguf", pieces)),
        ("all-minilm", ollama_models.minilm(folder / "minilm.gguf", published)),
    ):
        ollama.create(name, weights)
    return Servers(weaviate=node, postgres=database, ollama=ollama, stack=stack)


def _ollama() -> Path:
    binary = ollama_server.find_binary()
    if binary is None:
        raise SystemExit("this needs Ollama: run `make servers`")
    return binary


def main(arguments: list[str]) -> None:
    """Read the arguments, start three servers and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--well", type=float, default=15)
    parser.add_argument("--down", type=float, default=8)
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name, ExitStack() as stack:
        servers = started(Path(name), stack)
        home = Path(name) / "home"
        home.mkdir()
        variables = servers.variables()
        demo(Terminal(home, {**variables, "SHIRUBE_INDEX__PREFIX": "Kb"}))
        variables |= {
            "SHIRUBE_CONFIG": str(samples() / "shirube.toml"),
            "SHIRUBE_DATA": str(home / ".shirube" / "demo"),
        }
        os.environ.update(variables)
        terminal = Terminal(home, variables)
        ran = terminal.shell("shirube sync --rebuild")
        if ran.returncode:
            raise SystemExit(ran.stderr)
        print(ran.stderr)
        well = asyncio.run(run(servers, terminal, well=chosen.well, down=chosen.down))
    if not well:
        raise SystemExit("something ended as it should not")


if __name__ == "__main__":
    main(sys.argv[1:])
