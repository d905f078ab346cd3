"""Kills a sync again and again: every answer is the old one or the new one.

python -m tests.bench kills [--times 10] [--seed 1]
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.terminal import Terminal

DOCUMENTS = 150
QUESTION = "有給休暇は入社6か月後に何日もらえますか"
SETTINGS = """\
[[sources]]
name = "notes"
connector = "folder"
access = ["pub"]
options = { path = "文書" }
"""


def write(terminal: Terminal, days: int) -> None:
    """Change every document; one of them holds the answer."""
    leave = f"# 休暇規程\n\n有給休暇は入社6か月後に{days}日を付与する。\n"
    terminal.write("文書/休暇規程.md", leave)
    for number in range(DOCUMENTS):
        steps = "\n\n".join(f"## 項目{n}\n\n版{days}の手順。" for n in range(12))
        terminal.write(f"文書/手順{number}.md", f"# 手順{number}\n\n{steps}\n")


def answered(terminal: Terminal) -> str:
    """Ask in a process of its own; return the answer or how it was declined."""
    ran = terminal.run("ask", "--json", QUESTION)
    return str(json.loads(ran.out)["answer"]) if ran.out else ran.err


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(arguments)
    moments = random.Random(wanted.seed)
    seen: Counter[str] = Counter()
    with TemporaryDirectory() as name:
        terminal = Terminal(Path(name))
        terminal.configure(SETTINGS)
        write(terminal, 10)
        begun = time.perf_counter()
        assert terminal.run("sync").code == 0
        whole = time.perf_counter() - begun
        for days in range(11, 11 + wanted.times):
            write(terminal, days)
            moment = moments.uniform(0.5, 1.3) * whole
            with terminal.started("sync") as process:
                time.sleep(moment)
                process.kill()
                process.wait()
            answer = answered(terminal)
            known = [d for d in range(10, days + 1) if f"{d}日" in answer]
            verdict = "one state" if len(known) == 1 else f"WRONG: {answer!r}"
            seen[verdict] += 1
            print(f"killed after {moment:.2f} s: {known} of {days}, {verdict}")
        assert terminal.run("sync").code == 0
        last = f"{10 + wanted.times}日" in answered(terminal)
        drift = terminal.run("check", "--json")
        print(f"{dict(seen)}; the next sync finished the work: {last}")
        print(f"check ends with {drift.code}")


if __name__ == "__main__":
    main(sys.argv[1:])
