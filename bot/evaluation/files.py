"""Reads question sets and writes runs: one JSON object a line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.errors import ConfigError


class _Row(BaseModel):
    """A line that is read; what it has beyond the named fields is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1)


class CorpusRow(_Row):
    """One document of a corpus; `text` is Markdown."""

    title: str = ""
    text: str


class Said(BaseModel):
    """One earlier message of a conversation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["user", "assistant"]
    text: str


class QueryRow(_Row):
    """One question, with what was said before it."""

    question: str
    history: tuple[Said, ...] = ()
    gold_ids: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    answerable: bool = True


class RunRow(_Row):
    """What came out for one question.

    `ranked` are corpus ids, best first; `contexts` what the model is given, in
    order. `answer` and `citations` stand only in runs that answer.
    """

    ranked: tuple[str, ...]
    contexts: tuple[str, ...] = ()
    confidence: float = 0.0
    abstained: bool = False
    answer: str | None = None
    citations: tuple[str, ...] | None = None


R = TypeVar("R", bound=_Row)


def read_corpus(path: Path, /) -> list[CorpusRow]:
    """Read a corpus; `ConfigError` names the file and line that cannot be read."""
    return _read(path, CorpusRow)


def read_queries(path: Path, /) -> list[QueryRow]:
    """Read questions; `ConfigError` names the file and line that cannot be read."""
    return _read(path, QueryRow)


def write_run(path: Path, rows: Iterable[RunRow], /) -> None:
    """Write a run; the file is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as lines:
            for row in rows:
                lines.write(row.model_dump_json(exclude_none=True) + "\n")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _read(path: Path, kind: type[R]) -> list[R]:
    rows: dict[str, R] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        row = _row(line, kind, f"{path}:{number}")
        if row.id in rows:
            raise ConfigError(f"{path}:{number}: the id {row.id!r} occurs twice")
        rows[row.id] = row
    if not rows:
        raise ConfigError(f"{path}: the file has no rows")
    return list(rows.values())


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines(): U+2028 may stand in a JSON string.
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error


def _row(line: str, kind: type[R], where: str) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"{where}: {field + ': ' if field else ''}{problem['msg']}"
        ) from error
