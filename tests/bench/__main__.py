"""Runs benchmarks by name: `python -m tests.bench [NAME [ARGUMENTS]]`.

Without a name all of them run, one after the other, except those that take long.
"""

import pkgutil
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
LONG = frozenset({"soak", "install", "recall", "takeover", "kill_servers", "switching"})


def names() -> list[str]:
    """The benchmarks there are: every module here that can be run."""
    modules = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]
    return sorted(
        name
        for name in modules
        if not name.startswith("_")
        and '__name__ == "__main__"' in (FOLDER / f"{name}.py").read_text("utf-8")
    )


def run(arguments: list[str]) -> int:
    """Run the named benchmark with the rest of the arguments, or all without."""
    if arguments and arguments[0] not in names():
        print(f"usage: python -m tests.bench [{'|'.join(names())} [ARGUMENTS]]")
        return 2
    for name in arguments[:1] or [name for name in names() if name not in LONG]:
        print(f"== {name}", flush=True)
        sys.argv = [name, *arguments[1:]]
        runpy.run_module(f"tests.bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
