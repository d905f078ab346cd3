"""Runs the real llama.cpp server on a free port, in a process of its own.

`python -m tests.fakes.llama_server` is that process: a model file that llama.cpp
cannot read ends it. It stops when its input is closed.
"""

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.ollama_server import ServerFailedError, cache

VERSION = "2026.10.11549"

_ROOT = Path(__file__).parents[2]


def find_package() -> Path | None:
    """Return the folder that the server's package is in."""
    folder = cache() / f"llama-{VERSION}"
    return folder if (folder / "xllamacpp").exists() else None


@contextmanager
def running(
    package: Path,
    weights: Path,
    /,
    *,
    alias: str,
    context: int = 1024,
    slots: int = 1,
    embedding: bool = False,
) -> Iterator[str]:
    """Serve one model as `alias` and yield the address; `context` is for each slot."""
    command = [sys.executable, "-m", "tests.fakes.llama_server", str(weights), alias]
    command += [f"--context={context * slots}", f"--slots={slots}"]
    command += ["--embedding"] if embedding else []
    log = weights.with_suffix(".log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(package)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    with process:
        address = process.stdout.readline().decode().strip() if process.stdout else ""
        if not address:
            process.kill()
            raise ServerFailedError(log.read_text(errors="replace")[-2000:])
        try:
            yield address
        finally:
            process.kill()


def serve() -> None:
    """Serve until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights")
    parser.add_argument("alias")
    parser.add_argument("--context", type=int)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--embedding", action="store_true")
    arguments = parser.parse_args()
    engine = importlib.import_module("xllamacpp")
    wanted = engine.CommonParams()
    wanted.model.path = arguments.weights
    wanted.model_alias = {arguments.alias}
    wanted.n_ctx, wanted.n_parallel, wanted.port = arguments.context, arguments.slots, 0
    # Two threads that wait for each other on a busy machine are a hundred times slower.
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.embedding = arguments.embedding
    server = engine.Server(wanted)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    serve()
