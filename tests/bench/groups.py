"""Compares an asker who is in 2,000 groups with one who is in five.

`python -m tests.bench groups [--backend lance|weaviate] [--chunks 13000]
[--groups 2000] [--named 100] [--rounds 100] [--keep FOLDER]`: the documents name so
many of the groups, in every layer beside one that both askers are in, so that both
find the same. What the documents do not name is left out before the search.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from bot.core.access import PUB, Access, Principal
from tests.bench import sites
from tests.bench.engines import opened
from tests.bench.index_corpus import Corpus, quantile
from tests.bench.sites import DIMENSIONS, Wanted

FEW = 5
LAYERS = 4
MOST = 1.5
WARM_UP = 20
EVERYBODY = Principal("grp:全社")


def group(number: int) -> Principal:
    """Return a group, named as a directory names them."""
    return Principal(f"grp:{number:04}-9f1c")


def access(named: int, number: int) -> Access:
    """Return the access of a document: a group in each layer, and everybody."""
    groups = (group((number * LAYERS + layer) % named) for layer in range(LAYERS))
    return Access(layers=tuple(frozenset({one, EVERYBODY}) for one in groups))


def askers(groups: int) -> dict[int, frozenset[Principal]]:
    """Return what somebody in few groups holds, and somebody in many."""
    return {
        number: frozenset({PUB, EVERYBODY, *map(group, range(number - 1))})
        for number in (FEW, groups)
    }


async def run(backend: str, wanted: Wanted, groups: int, rounds: int) -> None:
    """Build or open the index, ask as both by turns, print."""
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    corpus = Corpus(DIMENSIONS, seed=2)
    async with opened(backend, wanted.folder) as engine, AsyncExitStack() as stack:
        built = await sites.built(stack, engine, wanted)
        ways = {
            number: sites.retrieval(built, held)
            for number, held in askers(groups).items()
        }
        for number in range(WARM_UP + rounds):
            if number == WARM_UP:
                seconds.clear()
            tokens, vector = list(dict.fromkeys(corpus.tokens(12))), corpus.vector()
            for held, ask in ways.items():
                start = time.perf_counter()
                await ask(tokens, vector)
                seconds[held].append(time.perf_counter() - start)
    ratios = report(seconds)
    print(f"at most {MOST}")
    if ratios[0] > MOST:
        raise SystemExit("too slow")


def report(seconds: dict[int, list[float]]) -> Sequence[float]:
    """Print a line for each asker; return how many times longer the last waits."""
    print(f"{'groups':>10}{'p50 ms':>10}{'p95 ms':>10}{'p50 ratio':>12}{'p95':>8}")
    few = [quantile(seconds[FEW], share) for share in (0.5, 0.95)]
    ratios: list[float] = []
    for held, values in seconds.items():
        own = [quantile(values, share) for share in (0.5, 0.95)]
        ratios = [mine / theirs for mine, theirs in zip(own, few, strict=True)]
        print(f"{held:10}{own[0]:10.1f}{own[1]:10.1f}{ratios[0]:12.2f}{ratios[1]:8.2f}")
    return ratios


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("lance", "weaviate"), default="lance")
    parser.add_argument("--chunks", type=int, default=13_000)
    parser.add_argument("--groups", type=int, default=2_000)
    parser.add_argument("--named", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="build here once, and ask again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Wanted(
            folder=arguments.keep or Path(temporary),
            name=f"g{arguments.named}x{arguments.chunks}",
            chunks=arguments.chunks,
            corpus=Corpus(DIMENSIONS, access=partial(access, arguments.named)),
        )
        asyncio.run(run(arguments.backend, wanted, arguments.groups, arguments.rounds))


if __name__ == "__main__":
    main()
