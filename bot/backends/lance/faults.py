"""What LanceDB raises, put into the words of `bot.core.errors`."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.errors import ReadOnly, Unavailable

# LanceDB hands the system's error on as text: "... (os error 28)".
_REFUSALS = {
    "os error 13)": "it may not be written by this user; change the owner or the mode",
    "os error 20)": "a file lies where its folder should be; move it away",
    "os error 28)": "the disk is full; free some space",
    "os error 30)": "its file system is read-only; mount it writable",
    "os error 122)": "the disk quota is used up; free some space",
}


@contextmanager
def faults(action: str, /) -> Iterator[None]:
    """Turn engine errors into `ReadOnly` or `Unavailable`.

    `action` says what failed, with the place: "reading the index in /srv/index".
    A `ValueError` is our own mistake and passes.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise _translated(action, str(error)) from error


def _translated(action: str, text: str) -> Unavailable:
    for mark, remedy in _REFUSALS.items():
        if mark in text:
            return ReadOnly(f"{action} was refused: {remedy}")
    return Unavailable(
        f"{action} failed: {text.splitlines()[0] if text else 'no reason given'}; "
        "if it fails again, `shirube sync --rebuild` builds the index anew, fetching "
        "nothing"
    )
