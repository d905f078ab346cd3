"""From the question to the request for the model, over 10,000 chunks on LanceDB.

python -m tests.bench latency [--questions 200]
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bot.answering.pipeline import Answering
from bot.answering.retrieval import Retrieval
from bot.backends.lance import open_index
from bot.backends.memory_models import MemoryEmbedder, MemoryLanguageModel
from bot.core.access import PUB, Audience
from bot.core.model import ConversationId, Language, Profile, Question
from bot.core.ports import Completion, Message, Token
from bot.ingest.engine import Engine
from bot.ingest.generations import Build
from bot.ingest.progress import silent
from bot.ingest.sync import Policy, Stores
from bot.state.store import open_state
from tests.fakes.house import NOW
from tests.fakes.source import MemorySource, Page

DOCUMENTS = 2500


class TimedModel(MemoryLanguageModel):
    """Notes when it is called."""

    called: float = 0.0

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        self.called = time.perf_counter()
        async for event in super().generate(messages, profile=profile):
            yield event


def page(number: int) -> Page:
    """Four sections, a chunk each, of words that differ from page to page."""
    words = np.random.default_rng(number).integers(0x4E00, 0x5200, size=(4, 300))
    parts = [
        f"## 手順{number}の{n}\n\n" + "".join(map(chr, row)) + "。"
        for n, row in enumerate(words)
    ]
    return Page(f"手順書{number}", "\n\n".join(parts))


def asked(number: int) -> Question:
    """A question about one of the pages."""
    return Question(
        id=str(number),
        text=f"手順書{number * 7 % DOCUMENTS}の手順は何ですか",
        language=Language.JA,
        audience=Audience(principals=frozenset({PUB})),
        asked_at=NOW,
        conversation=ConversationId("bench"),
    )


async def measure(folder: Path, questions: int) -> None:
    embedder, model = MemoryEmbedder(dimensions=384), TimedModel(["答えです[1]。"])
    async with (
        open_state(folder, clock=lambda: NOW) as state,
        open_index(folder / "index") as index,
    ):
        build = Build(
            generations=state.generations,
            index=index,
            chunks=index,
            projection=state.projection,
        )
        stores = Stores(
            ledger=state.ledger,
            runs=state.runs,
            projection=state.projection,
            quarantine=state.quarantine,
            chunks=index,
        )
        engine = Engine(
            backend="lance",
            build=build,
            stores=stores,
            cache=state.vectors,
            embedder=embedder,
            clock=lambda: NOW,
        )
        source = MemorySource({f"{n}.md": page(n) for n in range(DOCUMENTS)})
        prepared = await engine.prepare(progress=silent)
        report = await engine.sync(
            "bench", source, prepared.generation, Policy(), progress=silent
        )
        await engine.finish(prepared.generation, written=report.chunks_written)
        answering = Answering(
            retrieval=Retrieval(
                index=index, catalogue=state.catalogue, embedder=embedder
            ),
            index=index,
            catalogue=state.catalogue,
            generations=state.generations,
            model=model,
        )
        times = []
        for number in range(questions):
            begun = time.perf_counter()
            async with aclosing(answering.answer(asked(number))) as events:
                async for _ in events:
                    pass
            times.append((model.called - begun) * 1000)
        middle, late = np.percentile(times[10:], [50, 95])
        print(
            f"{report.chunks_written} chunks written, {questions} questions: until the "
            f"request leaves p50 {middle:.1f} ms, p95 {late:.1f} ms"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=200)
    wanted = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        asyncio.run(measure(Path(name), wanted.questions))


if __name__ == "__main__":
    main(sys.argv[1:])
