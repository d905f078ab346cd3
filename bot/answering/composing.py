"""Puts checked pieces together to an answer, and takes pieces out again."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from bot.answering.citing import cite, numbers_shown, renumbered, without_marks
from bot.answering.overlap import weights
from bot.answering.vouching import Claim
from bot.core.model import Citation, DocumentId, Passage, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A checked piece of an answer; `[n]` in it is the n-th source, from 1.

    A piece without a mark rests on what the piece before it cites.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What is left of an answer; `[n]` in the text is the n-th citation."""

    text: str
    citations: tuple[Citation, ...]
    claims: tuple[Claim, ...] = ()


@dataclass(slots=True, kw_only=True)
class Composition:
    """An answer that is being written.

    Citations are numbered as they appear, so that what is shown is always 1..k.
    """

    sources: Sequence[Passage]
    _pieces: list[Piece] = field(default_factory=list)
    _order: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, piece: Piece, /) -> Sentence:
        """Take the next piece and return it as it is shown."""
        self._pieces.append(piece)
        _extend(self._order, piece)
        return Sentence(text=renumbered(piece.text, self._order))

    def documents(self) -> frozenset[DocumentId]:
        """Return the documents that are cited."""
        return frozenset(self._document(number) for number in self._order)

    def composed(self, permitted: AbstractSet[DocumentId], /) -> Composed:
        """Return the answer without what rests on a document outside `permitted`."""
        kept: list[Piece] = []
        order: list[int] = []
        for group in self._groups():
            cited = {self._document(n) for piece in group for n in _numbers(piece)}
            if cited <= permitted:
                kept += group
        for piece in kept:
            _extend(order, piece)
        # Piece by piece, as it was shown: an open fence in one hides no other's marks.
        text = "".join(renumbered(piece.text, order) for piece in kept)
        return Composed(
            text=text.strip(),
            citations=tuple(self._citations(order, kept)),
            claims=tuple(self._claims(kept)),
        )

    def _groups(self) -> Iterator[list[Piece]]:
        """Yield each piece that cites, with the pieces behind it that do not."""
        group: list[Piece] = []
        for piece in self._pieces:
            if group and _numbers(piece):
                yield group
                group = []
            group.append(piece)
        if group:
            yield group

    def _citations(
        self, order: Sequence[int], kept: Sequence[Piece]
    ) -> Iterator[Citation]:
        worth = weights(self.sources[number - 1].text for number in order)
        for place, number in enumerate(order, start=1):
            claim = "".join(
                without_marks(piece.text) for piece in kept if number in _numbers(piece)
            )
            yield cite(place, self.sources[number - 1], claim=claim, worth=worth)

    def _claims(self, kept: Sequence[Piece]) -> Iterator[Claim]:
        for piece in kept:
            cited = [self.sources[number - 1] for number in _numbers(piece)]
            if cited:
                claim = without_marks(piece.text).strip()
                yield Claim(text=claim, passages=tuple(map(_whole, cited)))

    def _document(self, number: int) -> DocumentId:
        return self.sources[number - 1].document.id


def _whole(source: Passage) -> str:
    """Return a passage with the way to it, which says what it is about."""
    way = (source.document.title, *source.chunk.heading_path)
    return "\n".join((*way, source.text))


def _numbers(piece: Piece) -> tuple[int, ...]:
    return numbers_shown(piece.text)


def _extend(order: list[int], piece: Piece) -> None:
    order += [number for number in _numbers(piece) if number not in order]
