"""Measures retrieval on the question sets beside the checkout.

`python -m tests.bench quality [SET ...] [--mode lexical|hybrid|both] [--out FOLDER]
[--backend memory lance weaviate]` prints the figures of `score.py`, which lies beside
the sets, and how far apart the engines are; `python -m tests.bench gate` measures
gate 1.
"""

import argparse
import asyncio
import importlib.util
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from bot.evaluation import asking
from bot.evaluation.files import read_corpus, read_queries, write_run
from bot.evaluation.trial import Embedding, Index, Stage, build
from tests.bench.engines import ENGINES, opened
from tests.bench.minilm import embedding

Figures: TypeAlias = Mapping[tuple[str, str, str], Mapping[str, float]]
"""The figures of a set in a mode on an engine."""

EVAL = Path(__file__).parents[2].parent / "shared" / "eval"
SETS = ("squad2-en", "mtrag-un-en", "jsquad-ja", "jaquad-ja", "archguide-ja")
APART = 0.005
SHOWN = ("ndcg10", "hit1", "recall5", "recall10", "mrr10", "answer_in_2000")


def scorer() -> ModuleType:
    """Load the metrics that lie beside the sets."""
    spec = importlib.util.spec_from_file_location("score", EVAL / "score.py")
    if spec is None or spec.loader is None or not EVAL.exists():
        raise SystemExit(f"no question sets: {EVAL} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said(stage: Stage, /, *, done: int, total: int) -> None:
    """Print a line now and then: embedding thousands of texts takes minutes."""
    if done and done % 500 == 0:
        print(f"  {stage} {done} of {total}", flush=True)


async def measure(
    index: Index, name: str, hybrid: Embedding | None, run: Path
) -> Mapping[str, float]:
    """Run one set in one mode on one engine and score the run file that came out."""
    queries = EVAL / name / "queries.jsonl"
    corpus = read_corpus(EVAL / name / "corpus.jsonl")
    trial = await build(corpus, index=index, embedding=hybrid, progress=said)
    rows = await asking.retrieval(trial, read_queries(queries), progress=said)
    write_run(run, rows)
    score = scorer()
    figures, _ = score.score(_lines(queries), _lines(run))
    weights = {str(key): value for key, value in trial.generation.alpha.items()}
    return {
        **figures,
        "chunks": trial.chunks,
        **{f"α {k}": v for k, v in weights.items()},
    }


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def table(figures: Figures) -> str:
    """Return the figures as Markdown."""
    lines = ["| set | mode | index | n | " + " | ".join(SHOWN) + " |"]
    lines.append("|---" * (len(SHOWN) + 4) + "|")
    for case, values in figures.items():
        cells = [f"{values[key]:.4f}" if key in values else "" for key in SHOWN]
        lines.append(
            f"| {' | '.join(case)} | {values['answerable']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def apart(figures: Figures) -> float:
    """Return how far apart the engines are in the figure where they differ most."""
    alike: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for (name, mode, _), values in figures.items():
        for key in SHOWN:
            if key in values:
                alike[name, mode, key].append(values[key])
    worst = max(alike, key=lambda case: max(alike[case]) - min(alike[case]))
    difference = max(alike[worst]) - min(alike[worst])
    print(
        f"largest difference between the engines: {difference:.4f} "
        f"(at most {APART}; {' '.join(worst)})"
    )
    return difference


async def run(
    names: Sequence[str], modes: Sequence[str], backends: Sequence[str], out: Path
) -> None:
    """Measure and print."""
    figures: dict[tuple[str, str, str], Mapping[str, float]] = {}
    async with AsyncExitStack() as stack:
        hybrid = None
        if "hybrid" in modes:
            hybrid = await stack.enter_async_context(embedding())
        for backend in backends:
            async with opened(backend, out) as engine:
                index = await engine.index("quality")
                for mode, name in product(modes, names):
                    start = time.perf_counter()
                    row = await measure(
                        index,
                        name,
                        hybrid if mode == "hybrid" else None,
                        out / f"{name}-{mode}-{backend}.jsonl",
                    )
                    figures[name, mode, backend] = row
                    took = time.perf_counter() - start
                    print(f"{name} {mode} {backend} {took:.0f} s {row}", flush=True)
    print(table(dict(sorted(figures.items()))))
    if len(backends) > 1 and apart(figures) > APART:
        raise SystemExit("too much")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--mode", choices=("lexical", "hybrid", "both"), default="both")
    parser.add_argument("--backend", choices=ENGINES, nargs="+", default=["memory"])
    parser.add_argument("--out", type=Path, help="keep the run files here")
    arguments = parser.parse_args()
    modes = ("lexical", "hybrid") if arguments.mode == "both" else (arguments.mode,)
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(arguments.sets, modes, arguments.backend, out))


if __name__ == "__main__":
    main()
