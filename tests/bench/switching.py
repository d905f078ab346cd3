"""Changes the embedding model of a whole index while somebody asks every second.

python -m tests.bench switching [--chunks 10000] [--backend lance|weaviate]

The vectors are those of a host that turns words into numbers, so that many take a
minute. `shirube index build` and `activate` run as processes of their own; the one that
answers stays open, as `serve` does, and is told of nothing.
"""

import argparse
import asyncio
import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import settings, telemetry
from bot.app import App, answering, opened
from bot.backends.memory_models import MemoryEmbedder
from bot.chat.console import Asked, Desk
from bot.core.access import Principal
from bot.core.model import (
    Chunk,
    Finished,
    Generation,
    GenerationId,
    Hit,
    Language,
    Revision,
    Vector,
)
from bot.core.ports import (
    ActiveGeneration,
    Catalogue,
    Embedder,
    PassageIndex,
)
from tests.fakes import ollama_shaped, weaviate_server
from tests.fakes.scripted_http import (
    Reply,
    Request,
    ScriptedHTTP,
    json_reply,
    serving,
)
from tests.fakes.team import SETTINGS
from tests.fakes.terminal import Terminal

BEFORE, AFTER = "words-256", "words-384"
DIMENSIONS = {BEFORE: 256, AFTER: 384}
RULES = {
    "休暇規程の有給休暇は何日ですか": (
        "休暇規程",
        "有給休暇は年に10日とする。",
        "10日",
    ),
    "経費規程の昼食代は何円ですか": (
        "経費規程",
        "昼食代は1000円とする。",
        "1000円",
    ),
    "How long is the warranty of a rack server?": (
        "Warranty",
        "The warranty of a rack server is five years.",
        "five years",
    ),
}
EVERY = 1.0
"""Seconds from one question to the next."""

READ: ContextVar[set[GenerationId] | None] = ContextVar("read", default=None)


@dataclass(frozen=True, slots=True)
class Watched:
    """The index, which notes for each question which generations it reads."""

    index: PassageIndex

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        note(generation)
        return await self.index.search_lexical(
            generation, tokens, principals=principals, limit=limit
        )

    async def search_vector(
        self,
        generation: Generation,
        vector: Vector,
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        note(generation)
        return await self.index.search_vector(
            generation, vector, principals=principals, limit=limit
        )

    async def neighbours(
        self,
        generation: Generation,
        revision: Revision,
        ordinals: range,
        /,
        *,
        principals: AbstractSet[Principal],
    ) -> list[Chunk]:
        note(generation)
        return await self.index.neighbours(
            generation, revision, ordinals, principals=principals
        )


def note(generation: Generation) -> None:
    """Remember that the question at hand reads this generation."""
    read = READ.get()
    if read is not None:
        read.add(generation.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What answers, over an index that is watched."""

    index: PassageIndex
    catalogue: Catalogue
    generations: ActiveGeneration
    embedder: Embedder | None


def watched(app: App) -> Desk:
    """Return a desk of the app as it is, with the index watched."""
    over = Over(
        index=Watched(app.index),
        catalogue=app.state.catalogue,
        generations=app.state.generations,
        embedder=app.models.questions,
    )
    return replace(app, answering=answering(over, app.model)).desk(Language.JA)


@dataclass(slots=True)
class Seen:
    """What became of the questions."""

    sequence: list[GenerationId] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    by_meaning: Counter[GenerationId] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)

    def add(self, asked: Asked, fact: str, read: set[GenerationId]) -> None:
        """Count an answer, and what is wrong with it."""
        if not isinstance(asked.ending, Finished):
            self.failed.append(f"{asked.question.text} → {asked.ending.reason}")
            return
        answer = asked.ending.answer
        if read != {answer.generation}:
            self.mixed.append(f"{asked.question.text} read {sorted(read)}")
        if fact not in answer.text:
            self.failed.append(f"{asked.question.text} → {answer.text}")
        if any(passage.vector is not None for passage in asked.passages):
            self.by_meaning[answer.generation] += 1
        self.sequence.append(answer.generation)


async def asking(desk: Desk, seen: Seen, over: asyncio.Event) -> None:
    """Ask the same questions in turn, one every second."""
    number = 0
    while not over.is_set():
        question = list(RULES)[number % len(RULES)]
        read: set[GenerationId] = set()
        READ.set(read)
        desk.start_over()
        begun = time.perf_counter()
        asked = await desk.ask(question, lambda _: None)
        seen.seconds.append(time.perf_counter() - begun)
        seen.add(asked, RULES[question][2], read)
        number += 1
        # On a busy machine no question would ever not be open, and a build waits.
        await asyncio.sleep(max(EVERY / 2, EVERY - seen.seconds[-1]))


async def switching(terminal: Terminal) -> dict[str, float]:
    """Build with the other model and switch; return how long each took."""
    took: dict[str, float] = {}
    await asyncio.sleep(5 * EVERY)
    for command in ("index build", "index activate g2"):
        begun = time.perf_counter()
        await asyncio.to_thread(process, terminal, *command.split())
        took[command] = time.perf_counter() - begun
    await asyncio.sleep(10 * EVERY)
    return took


def process(terminal: Terminal, *words: str) -> None:
    """Run a command to its end as a process of its own, and show what it says."""
    with terminal.started(*words) as started:
        out, err = started.communicate()
    print(f"  shirube {' '.join(words)}: {out.strip()} {err.strip()}", flush=True)
    if started.returncode:
        raise SystemExit(f"shirube {words[0]} ended with {started.returncode}")


async def run(terminal: Terminal, other: Terminal) -> bool:
    """Ask while the model changes; print, and return whether all was right."""
    telemetry.set_up(verbose=False)
    os.environ.update(terminal.environment)
    seen, over = Seen(), asyncio.Event()
    read = settings.load(terminal.folder / "shirube.toml")
    async with opened(read) as app, asyncio.TaskGroup() as group:
        group.create_task(asking(watched(app), seen, over))
        took = await switching(other)
        over.set()
    return report(seen, took)


def report(seen: Seen, took: dict[str, float]) -> bool:
    """Print what was seen; return whether it is right."""
    answers = seen.sequence
    counts = Counter(answers)
    in_order = answers == sorted(answers) and len(counts) == 2
    for command, seconds in took.items():
        print(f"{seconds:8.1f} s  {command}")
    print(f"{len(seen.seconds):8}    questions, one a second")
    for name, count in sorted(counts.items()):
        meaning = seen.by_meaning[name]
        print(f"{count:8}    answered from {name}, {meaning} of them also by vectors")
    print(f"{len(seen.failed):8}    failed or wrong")
    print(f"{len(seen.mixed):8}    read more than one generation, or another")
    median = statistics.median(seen.seconds)
    print(f"{median:8.2f} s  a question, median; longest {max(seen.seconds):.2f} s")
    print(f"the old one, then the new one, and never back: {in_order}")
    print("\n".join([*seen.failed[:5], *seen.mixed[:5]]))
    return in_order and not seen.failed and not seen.mixed


# --- the team, and its model host ---------------------------------------------


def write(terminal: Terminal, chunks: int) -> None:
    """Write the notes: a chunk each."""
    terminal.configure(SETTINGS)
    for title, text, _ in RULES.values():
        terminal.write(f"文書/{title}.md", f"# {title}\n\n{text}\n")
    for number in range(chunks - len(RULES)):
        text = f"# 手順書{number}\n\n機器{number}を点検し、記録{number * 7}に残す。\n"
        terminal.write(f"文書/{number % 100:02}/手順{number}.md", text)


def teach(server: ScriptedHTTP) -> None:
    """Have a host turn words into numbers, as many as the model's name says."""
    models = {name: MemoryEmbedder(dimensions=DIMENSIONS[name]) for name in DIMENSIONS}
    ollama_shaped.teach(server, models=[*models], loaded=[*models])

    def shown(request: Request) -> Reply:
        length = DIMENSIONS[request.json["model"]]
        info = {"general.architecture": "bert", "bert.embedding_length": length}
        return json_reply({"capabilities": ["embedding"], "model_info": info})

    def embedded(request: Request) -> Reply:
        model = models[request.json["model"]]
        texts = request.json["input"]
        vectors = [model._vector(text) for text in texts]
        return json_reply({"embeddings": [list(vector or ()) for vector in vectors]})

    server.on("/api/show", shown)
    server.on("/api/embed", embedded)


@contextmanager
def model_host() -> Iterator[str]:
    """Run the host in a thread of its own; return its address."""
    address: list[str] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with serving() as server:
            teach(server)
            address.append(server.url)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        ready.wait()
        yield address[0]
    finally:
        over.set()
        thread.join()


def index_settings(backend: str, folder: Path, stack: ExitStack) -> dict[str, str]:
    """Return where the index lies; a Weaviate is started for it."""
    if backend == "lance":
        return {}
    binary = weaviate_server.find_binary()
    if binary is None:
        raise SystemExit("this needs Weaviate: run `make servers`")
    node = stack.enter_context(weaviate_server.running(binary, folder / "weaviate"))
    return {
        "SHIRUBE_INDEX__BACKEND": "weaviate",
        "SHIRUBE_INDEX__URL": node.url,
        "SHIRUBE_INDEX__GRPC": node.grpc,
    }


def main(arguments: list[str]) -> None:
    """Read the arguments, sync with one model, and change to another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--backend", choices=["lance", "weaviate"], default="lance")
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url = stack.enter_context(model_host())
        common = {
            **index_settings(chosen.backend, folder, stack),
            "SHIRUBE_OLLAMA__URL": url,
            "SHIRUBE_OLLAMA__CHAT_MODEL": "none",
        }
        old = Terminal(folder, {**common, "SHIRUBE_OLLAMA__EMBED_MODEL": BEFORE})
        new = Terminal(folder, {**common, "SHIRUBE_OLLAMA__EMBED_MODEL": AFTER})
        write(old, chosen.chunks)
        begun = time.perf_counter()
        process(old, "sync")
        print(f"{time.perf_counter() - begun:8.1f} s  sync")
        right = asyncio.run(run(old, new))
    if not right:
        raise SystemExit("something was not as it should be")


if __name__ == "__main__":
    main(sys.argv[1:])
