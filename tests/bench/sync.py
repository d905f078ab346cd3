"""Documents a second and peak memory of a sync, and of the same sync again.

python -m tests.bench sync [--documents 10000]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.terminal import ALONE

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "samples"
SOURCE = """
[[sources]]
name = "{name}"
connector = "{connector}"
access = ["pub"]
options = {{ path = "{path}" }}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of `shirube sync` as a process; memory in MB."""

    seconds: float
    memory: int
    reports: list[dict[str, int]]

    def total(self, name: str) -> int:
        return sum(report[name] for report in self.reports)


def sources(documents: int, folder: Path) -> str:
    """Settings of the real exports that are there, or of a generated folder."""
    if documents:
        for number in range(documents):
            path = folder / "文書" / f"{number % 100:02}" / f"手順{number}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            steps = "\n\n".join(f"手順{number}の{n}番目を実施する。" for n in range(8))
            path.write_text(f"# 手順{number}\n\n{steps}\n", encoding="utf-8")
        return SOURCE.format(name="generated", connector="folder", path=folder / "文書")
    found = {
        "bundle": ("git", SHARED / "git" / "coding-standards-ja.bundle"),
        "site": ("confluence", SHARED / "confluence" / "5.9.zip"),
        "notes": ("folder", ROOT / "tests" / "samples" / "notes"),
    }
    missing = [name for name, (_, path) in found.items() if not path.exists()]
    if missing:
        print(f"left out, not beside the checkout: {', '.join(missing)}")
    return "".join(
        SOURCE.format(name=name, connector=connector, path=path)
        for name, (connector, path) in found.items()
        if name not in missing
    )


def run(folder: Path) -> Measured:
    """Run a sync in a process of its own and measure it."""
    command = [sys.executable, "-m", "bot", "sync", "--json"]
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | ALONE | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        out = process.stdout.read() if process.stdout else ""
        _, _, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    return Measured(seconds, usage.ru_maxrss // 1024, _objects(out))


def _objects(text: str) -> list[dict[str, int]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        row, end = decoder.raw_decode(text[at:].lstrip())
        found.append(row)
        at += len(text[at:]) - len(text[at:].lstrip()) + end
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=0)
    wanted = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = sources(wanted.documents, folder)
        (folder / "shirube.toml").write_text(settings, encoding="utf-8")
        for title in ("first sync", "the same again"):
            ran = run(folder)
            listed = ran.total("listed")
            print(
                f"{title}: {listed} documents in {ran.seconds:.1f} s "
                f"({listed / ran.seconds:.0f}/s), {ran.memory} MB at most, "
                f"{ran.total('fetched')} fetched, "
                f"{ran.total('chunks_written')} chunks written"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
