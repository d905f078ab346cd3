"""Chooses files by patterns in the style of `.gitignore`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pathspec import GitIgnoreSpec
from pydantic import AfterValidator


def _readable(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise ValueError(f"'{pattern}' is no pattern") from None
    return patterns


Patterns = Annotated[tuple[str, ...], AfterValidator(_readable)]
"""Patterns in the style of `.gitignore`, letter case ignored: `*.md`, `/docs/**`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The files that some include pattern and no exclude pattern matches."""

    _include: GitIgnoreSpec
    _exclude: GitIgnoreSpec

    def chooses(self, path: str, /) -> bool:
        """Whether a file belongs to the source; `path` is relative, with slashes."""
        lower = path.lower()
        return self._include.match_file(lower) and not self._exclude.match_file(lower)

    def excludes(self, path: str, /) -> bool:
        """Whether an exclude pattern matches, for what is no file."""
        return self._exclude.match_file(path.lower())


def selection(include: Iterable[str], exclude: Iterable[str], /) -> Selection:
    """Compile patterns."""
    return Selection(
        GitIgnoreSpec.from_lines(pattern.lower() for pattern in include),
        GitIgnoreSpec.from_lines(pattern.lower() for pattern in exclude),
    )
