"""One process writes; the second is told who does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.core.errors import Conflict
from bot.state.locks import writer_lock

HOLD = """
import sys
from pathlib import Path
from bot.state.locks import writer_lock

with writer_lock(Path(sys.argv[1]), holder="同期 社内"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "標" / "writer.lock"

    with another_process(path) as process:
        with pytest.raises(Conflict) as refused, writer_lock(path, holder="sync"):
            pass
        message = str(refused.value)

    assert "同期 社内" in message
    assert f"process {process.pid}" in message
    assert "UTC" in message


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with another_process(path) as process:
        process.kill()
        process.wait()

        with writer_lock(path, holder="sync"):
            held = path.read_text(encoding="utf-8")

    assert str(os.getpid()) in held
    assert "同期" not in held


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with pytest.raises(ZeroDivisionError), writer_lock(path, holder="sync"):
        raise ZeroDivisionError

    with writer_lock(path, holder="sync"):
        assert path.exists()


def test_a_holder_that_has_not_written_its_name_is_another_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "writer.lock"
    with writer_lock(path, holder="sync"):
        path.write_text("", encoding="utf-8")

        with (
            pytest.raises(Conflict, match="another process"),
            writer_lock(path, holder="sync"),
        ):
            pass
