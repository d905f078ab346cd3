"""Weighs `shirube serve` while nobody asks: `python -m tests.bench idle`.

Once with the index in memory, once with the embedded one in use. The process is let
alone for some seconds first, in which it looks at its parts as it always does.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

BUDGET = 250.0
"""Megabytes that are allowed without the embedded index."""

SECONDS = 12.0
SETTINGS = """\
[index]
backend = "{backend}"

[ollama]
chat_model = "none"
embed_model = "none"

[serve]
port = 0

[[sources]]
name = "notes"
connector = "folder"
access = ["pub"]
options = {{ path = "notes" }}
"""


def shirube(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start the command."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SHIRUBE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def house(folder: Path, backend: str) -> None:
    """Lay out a folder with a document that was synced."""
    (folder / "shirube.toml").write_text(SETTINGS.format(backend=backend))
    (folder / "notes").mkdir()
    note = "# 休暇規程\n\n入社6か月後に10日を付与する。\n"
    (folder / "notes" / "休暇.md").write_text(note, encoding="utf-8")
    with shirube(folder, "sync") as sync:
        _, errors = sync.communicate()
    if sync.returncode:
        raise SystemExit(errors)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve; gives process and port."""
    with shirube(folder, "serve") as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := re.search(r'"port": (\d+)', line):
                    yield process.pid, int(found[1])
                    break
        finally:
            process.terminate()


def megabytes(pid: int) -> float:
    """How much of a process is in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def percent(pid: int, seconds: float) -> float:
    """How much of a core a process takes meanwhile."""

    def ticks() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")")[-1]
        user, system = fields.split()[11:13]
        return int(user) + int(system)

    before = ticks()
    time.sleep(seconds)
    return 100 * (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def main() -> int:
    """Print what an idle process weighs; fails when it is over its budget."""
    weights: dict[str, float] = {}
    for backend in ("memory", "lance"):
        with tempfile.TemporaryDirectory() as name:
            house(Path(name), backend)
            with serving(Path(name)) as (pid, port):
                time.sleep(2)
                busy = percent(pid, SECONDS)
                weights[backend] = megabytes(pid)
                with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as got:
                    assert got.status == 200
        print(f"{backend:8} {weights[backend]:6.0f} MB   {busy:4.1f} % of a core")
    print(f"budget without the embedded index: {BUDGET:.0f} MB")
    return int(weights["memory"] > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
