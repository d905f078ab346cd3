"""Kills a sync again and again: every answer is the old one or the new one.

python -m tests.bench kills [--times 10] [--seed 1] [--documents 600]

Every document changes before every sync. Three that are asked about lie in the first,
a middle and the last batch, and say their version twice, so that a mix would show.
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.terminal import Terminal

FIRST_VERSION = 101
ASKED = {
    "00-休暇規程": "休暇規程の有給休暇は何日ですか",
    "50-経費規程": "経費規程の昼食代は何円ですか",
    "99-旅費規程": "旅費規程の宿泊費は何円ですか",
}
SAYS = {
    "00-休暇規程": "休暇規程の有給休暇は{0}日で、翌年は{0}日である。",
    "50-経費規程": "経費規程の昼食代は{0}円で、夕食代は{0}円である。",
    "99-旅費規程": "旅費規程の宿泊費は{0}円で、日当は{0}円である。",
}
SETTINGS = """\
[[sources]]
name = "notes"
connector = "folder"
access = ["pub"]
options = { path = "文書" }
"""


def write(terminal: Terminal, version: int, documents: int) -> None:
    """Change every document."""
    for name, text in SAYS.items():
        title = name.partition("-")[2]
        terminal.write(f"文書/{name}.md", f"# {title}\n\n{text.format(version)}\n")
    for number in range(documents):
        steps = "\n\n".join(f"## 項目{n}\n\n版{version}の手順。" for n in range(12))
        name = f"{1 + 98 * number // documents:02}-手順{number}"
        terminal.write(f"文書/{name}.md", f"# 手順{number}\n\n{steps}\n")


def sync(terminal: Terminal, *, kill_after: float | None = None) -> float:
    """Run a sync as a process, to its end or to its kill; return the seconds."""
    begun = time.perf_counter()
    with terminal.started("sync") as process:
        if kill_after is None:
            out, err = process.communicate()
            assert process.returncode == 0, out + err
        else:
            time.sleep(kill_after)
            process.kill()
            process.wait()
    return time.perf_counter() - begun


def versions(terminal: Terminal) -> list[int | None]:
    """Return the version that each answer is of; None for no answer, or a mix."""
    found: list[int | None] = []
    for question in ASKED.values():
        row = json.loads(terminal.run("ask", "--json", question).out)
        quotes = " ".join(citation["quote"] for citation in row["citations"])
        said = set(re.findall(r"(\d{3})[日円]", row["answer"] + quotes))
        found.append(int(said.pop()) if len(said) == 1 else None)
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=600)
    wanted = parser.parse_args(arguments)
    moments = random.Random(wanted.seed)
    right, last = True, FIRST_VERSION
    with TemporaryDirectory() as folder:
        terminal = Terminal(Path(folder))
        terminal.configure(SETTINGS)
        write(terminal, last, wanted.documents)
        whole = sync(terminal)
        idle = sync(terminal)
        before: list[int | None] = [last] * len(ASKED)
        print(f"{'killed after':>14}{'of the sync':>14}   versions answered with")
        for _ in range(wanted.times):
            last += 1
            write(terminal, last, wanted.documents)
            moment = moments.uniform(idle * 0.6, whole)
            sync(terminal, kill_after=moment)
            now = versions(terminal)
            well = all(new in {old, last} for old, new in zip(before, now, strict=True))
            right = right and well and None not in now
            shown = " ".join("new" if v == last else str(v) for v in now)
            verdict = "" if well else "  WRONG"
            print(f"{moment:12.2f} s{moment / whole:14.0%}   {shown}{verdict}")
            before = now
        sync(terminal)
        done = versions(terminal) == [last] * len(ASKED)
        print(f"every answer old or new: {right}")
        print(f"the next sync finished the work: {done}")
        print(f"check ends with {terminal.run('check').code}")


if __name__ == "__main__":
    main(sys.argv[1:])
