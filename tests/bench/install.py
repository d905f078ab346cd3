"""How large an installation is, without extras and with each of them.

python -m tests.bench install [--extras local weaviate]

Builds the wheel and installs it into environments of its own, with the versions of
requirements.lock, from the package index that pip is configured with.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s;\\]+)([^\\]*)", re.MULTILINE)
WANTED = {"": 250, "local": 700}
"""Megabytes, at most."""


def run(*command: str | Path) -> None:
    """Run a program quietly; what it says is shown only if it fails."""
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")


def wheel(folder: Path) -> Path:
    """Build the wheel of the checkout."""
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", folder)
    return next(folder.glob("*.whl"))


def pins(folder: Path) -> Path:
    """Write the versions of the lock file, without its hashes, as constraints."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = ["".join(match.groups()).rstrip() for match in PIN.finditer(lock)]
    path = folder / "constraints.txt"
    path.write_text("\n".join(found), encoding="utf-8")
    return path


def megabytes(folder: Path) -> float:
    """Return what the files below a folder take on the disk."""
    found = (path.lstat() for path in folder.rglob("*"))
    return sum(state.st_blocks * 512 for state in found) / 1e6


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--extras", nargs="*", default=["local"])
    wanted = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        built, constraints = wheel(folder), pins(folder)
        print(f"{'extras':>10}{'MB':>8}{'at most':>9}{'seconds':>9}")
        for extra in ["", *wanted.extras]:
            begun = time.perf_counter()
            home = folder / f"env-{extra}"
            run(sys.executable, "-m", "venv", home)
            what = f"{built}[{extra}]" if extra else built
            pip = (home / "bin" / "python", "-m", "pip", "install", "-q")
            run(*pip, "--disable-pip-version-check", "-c", constraints, what)
            run(home / "bin" / "shirube", "--version")
            seconds, limit = time.perf_counter() - begun, WANTED.get(extra, "–")
            size = megabytes(home)
            print(f"{extra or 'none':>10}{size:8.0f}{limit:>9}{seconds:9.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
