"""Cuts the sections of a document into chunks that are found, shown and quoted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from bot.core.model import (
    Chunk,
    DocumentId,
    Language,
    Lines,
    Section,
    chunk_id,
)
from bot.ingest.blocks import Piece, Sizes, joined, pieces, size
from bot.text.language import detect
from bot.text.size import estimate

CHUNKER: Final = "heading256-v1"
"""Names the rules below; whatever cuts otherwise needs a new name."""

SIZES: Final = Sizes(target=256, limit=400)
_TINY: Final = 96
_SEPARATOR: Final = " › "
_COLONS: Final = (":", "：")


def chunks(
    document: DocumentId,
    revision: int,
    title: str,
    sections: Sequence[Section],
    /,
    *,
    language: Language,
) -> list[Chunk]:
    """Cut a document's sections into chunks, in order; nothing is left out.

    A section within the limit stays whole, tiny neighbours under one parent go
    together and keep their headings as lines of the text. `language` is that of
    a chunk which does not show its own.
    """
    parts = _merged(_parts(sections))
    return [
        Chunk(
            id=chunk_id(document, revision, ordinal),
            document=document,
            revision=revision,
            ordinal=ordinal,
            section=part.section,
            title=title,
            heading_path=part.path,
            text=part.text,
            language=detect(part.text, default=language),
            lines=part.lines,
        )
        for ordinal, part in enumerate(parts)
    ]


def searched(chunk: Chunk, /) -> str:
    """Return the text that is embedded: the way to the chunk, and the chunk."""
    return f"{_SEPARATOR.join((chunk.title, *chunk.heading_path))}\n{chunk.text}"


def tokens_of(chunk: Chunk, analyse: Callable[[str], list[str]], /) -> tuple[str, ...]:
    """Return the tokens that are indexed: title twice, heading path, text."""
    title = analyse(chunk.title)
    return (
        *title,
        *title,
        *analyse("\n".join(chunk.heading_path)),
        *analyse(chunk.text),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A chunk to be. `whole` says that it is a section, or several."""

    section: int
    path: tuple[str, ...]
    text: str
    lines: Lines
    size: float
    whole: bool = True

    @property
    def shown(self) -> float:
        """Its size with its headings above it, at the most."""
        return self.size + estimate(_heading(self.path))


# --- sections into parts -----------------------------------------------------


def _parts(sections: Sequence[Section]) -> Iterator[_Part]:
    for number, section in enumerate(sections):
        following = sections[number + 1].heading_path if sections[number + 1 :] else ()
        if section.text.strip():
            yield from _section_parts(number, section)
        elif following[: len(section.heading_path)] != section.heading_path:
            yield _empty(number, section)


def _empty(number: int, section: Section) -> _Part:
    """A heading without text; only where no chunk below carries it in its path."""
    return _Part(
        section=number,
        path=section.heading_path,
        text="",
        lines=section.lines,
        size=0,
    )


def _section_parts(number: int, section: Section) -> Iterator[_Part]:
    start = section.lines.last - section.text.count("\n")
    groups = _groups(pieces(section.text, SIZES))
    for index, group in enumerate(groups):
        first = section.lines.first if index == 0 else start + group[0].first
        yield _Part(
            section=number,
            path=section.heading_path,
            text=joined(group),
            lines=Lines(first=first, last=start + group[-1].last),
            size=size(group),
            whole=len(groups) == 1,
        )


def _groups(all_pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Gather pieces up to the target, or all of them where the limit allows it."""
    if size(all_pieces) <= SIZES.limit:
        return [list(all_pieces)]
    groups: list[list[Piece]] = [[]]
    taken = 0.0
    for piece in all_pieces:
        grown = taken + _cost(groups[-1], piece)
        too_much = grown > SIZES.limit or grown - piece.size / 2 > SIZES.target
        if groups[-1] and too_much:
            groups.append(_introduction(groups[-1], piece))
            grown = size([*groups[-1], piece])
        groups[-1].append(piece)
        taken = grown
    return _without_tiny_end(groups)


def _cost(group: list[Piece], piece: Piece) -> float:
    """How much a group grows by a piece: a frame is counted once."""
    framed = piece.frame and (not group or group[-1].frame != piece.frame)
    return piece.size + (piece.frame.size if piece.frame and framed else 0)


def _without_tiny_end(groups: list[list[Piece]]) -> list[list[Piece]]:
    *before, last = groups
    if not before or size(last) >= _TINY:
        return groups
    together = [*before[-1], *last]
    return [*before[:-1], together] if size(together) <= SIZES.limit else groups


def _introduction(group: list[Piece], piece: Piece) -> list[Piece]:
    """Take along the line that announces what follows, such as a list."""
    announces = group[-1].text.rstrip().endswith(_COLONS)
    fits = size([group[-1], piece]) <= SIZES.limit
    return [group.pop()] if announces and fits and len(group) > 1 else []


# --- tiny parts together -----------------------------------------------------


def _merged(parts: Iterable[_Part]) -> Iterator[_Part]:
    run: list[_Part] = []
    for part in parts:
        if run and not _belongs(run, part):
            yield _together(run)
            run = []
        run.append(part)
    if run:
        yield _together(run)


def _belongs(run: list[_Part], part: _Part) -> bool:
    """Whether one of the two is tiny, both are whole, and one parent has them."""
    together = sum(member.size for member in run)
    if not (part.whole and run[-1].whole) or min(together, part.size) >= _TINY:
        return False
    if sum(member.shown for member in [*run, part]) > SIZES.target:
        return False
    parent = _path(run) if len(run) > 1 else run[0].path[:-1]
    return part.path[: len(parent)] == parent


def _together(run: list[_Part]) -> _Part:
    text = _headed(run)
    lines = Lines(first=run[0].lines.first, last=run[-1].lines.last)
    return replace(run[0], path=_path(run), text=text, lines=lines)


def _headed(run: list[_Part]) -> str:
    """The texts of a run, each below what its heading path adds to the last one's."""
    shown = _path(run) if len(run) > 1 or run[0].text else run[0].path[:-1]
    texts: list[str] = []
    for part in run:
        added = part.path[len(_shared([shown, part.path])) :]
        texts += [_heading(added)] if added else []
        texts += [part.text] if part.text else []
        shown = part.path
    return "\n\n".join(texts)


def _heading(names: tuple[str, ...]) -> str:
    return f"**{_SEPARATOR.join(names)}**"


def _path(run: list[_Part]) -> tuple[str, ...]:
    return _shared([part.path for part in run])


def _shared(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    levels = takewhile(lambda names: len({*names}) == 1, zip(*paths, strict=False))
    return tuple(names[0] for names in levels)
