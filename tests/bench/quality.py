"""Measures retrieval on the question sets beside the checkout.

`python -m tests.bench quality [SET ...] [--mode lexical|hybrid|both] [--out FOLDER]`
prints the figures of `score.py`, which lies beside the sets;
`python -m tests.bench gate` measures gate 1.
"""

import argparse
import asyncio
import importlib.util
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType

from bot.backends.memory import MemoryIndex
from bot.evaluation import asking
from bot.evaluation.files import read_corpus, read_queries, write_run
from bot.evaluation.trial import Embedding, Stage, build
from tests.bench.minilm import embedding

EVAL = Path(__file__).parents[2].parent / "shared" / "eval"
SETS = ("squad2-en", "mtrag-un-en", "jsquad-ja", "jaquad-ja", "archguide-ja")
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
    name: str, hybrid: Embedding | None, out: Path
) -> Mapping[str, float]:
    """Run one set in one mode and score the run file that came out."""
    queries = EVAL / name / "queries.jsonl"
    corpus = read_corpus(EVAL / name / "corpus.jsonl")
    trial = await build(corpus, index=MemoryIndex(), embedding=hybrid, progress=said)
    rows = await asking.retrieval(trial, read_queries(queries), progress=said)
    mode = "hybrid" if hybrid else "lexical"
    run = out / f"{name}-{mode}.jsonl"
    write_run(run, rows)
    score = scorer()
    figures, _ = score.score(score.rows(queries), score.rows(run))
    weights = {str(key): value for key, value in trial.generation.alpha.items()}
    return {
        **figures,
        "chunks": trial.chunks,
        **{f"α {k}": v for k, v in weights.items()},
    }


def table(figures: Mapping[tuple[str, str], Mapping[str, float]]) -> str:
    """Return the figures as Markdown."""
    lines = ["| set | mode | n | " + " | ".join(SHOWN) + " |"]
    lines.append("|---" * (len(SHOWN) + 3) + "|")
    for (name, mode), values in figures.items():
        cells = [f"{values[key]:.4f}" if key in values else "" for key in SHOWN]
        lines.append(
            f"| {name} | {mode} | {values['answerable']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


async def run(names: Sequence[str], modes: Sequence[str], out: Path) -> None:
    """Measure and print."""
    figures: dict[tuple[str, str], Mapping[str, float]] = {}
    async with AsyncExitStack() as stack:
        for mode in modes:
            hybrid = None
            if mode == "hybrid":
                hybrid = await stack.enter_async_context(embedding())
            for name in names:
                start = time.perf_counter()
                figures[name, mode] = await measure(name, hybrid, out)
                took = time.perf_counter() - start
                print(
                    f"{name} {mode} {took:.0f} s {dict(figures[name, mode])}",
                    flush=True,
                )
    print(table(figures))


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--mode", choices=("lexical", "hybrid", "both"), default="both")
    parser.add_argument("--out", type=Path, help="keep the run files here")
    arguments = parser.parse_args()
    modes = ("lexical", "hybrid") if arguments.mode == "both" else (arguments.mode,)
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(arguments.sets, modes, out))


if __name__ == "__main__":
    main()
