"""Reads one attempt of a model and lets its sound sentences through."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.answering import checks, habits
from bot.answering.addresses import addresses
from bot.answering.citing import numbers_shown, read, with_mark, without_marks
from bot.answering.composing import Piece
from bot.answering.overlap import support
from bot.answering.prompt import Prompt
from bot.answering.safety import inert
from bot.answering.standing import Standing
from bot.answering.streams import Stop, closing
from bot.core.model import DocumentId, Language, Passage
from bot.text.normalise import printable
from bot.text.split import SentenceSplitter

READ_CHARACTERS: Final = 16_000
"""More of one attempt is never read, thinking and dropped sentences included."""

SENTENCE_CHARACTERS: Final = 1_200
"""A sentence that has not ended by then never will."""

_LENGTHS: Final = {Language.JA: 400, Language.EN: 150}
_DETAILED: Final = 4
_HELD: Final = 2
"""Sentences without a citation that may lead up to the first one with a citation."""

_FAILURES: Final = 2
"""Repetitions and sentences in another language that end an attempt."""

_HOPELESS: Final = 12
"""Sentences without a citation after which none is expected any more."""

_ANY: Final = 99
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_THOUGHT: Final = re.compile(
    r"<(/?)(?:think|thinking|thought|thoughts|reasoning|reflection)>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an answer has to keep to: one question's language, length and sources.

    Where it is not `citing`, nothing is cited and every sentence may be shown.
    """

    language: Language
    detailed: bool
    sources: Sequence[Passage]
    standing: Standing
    marker: str
    known: frozenset[str]
    citing: bool = True

    @classmethod
    def of(cls, prompt: Prompt, standing: Standing, /) -> "Terms":
        """Return the terms that go with a prompt."""
        return cls(
            language=prompt.question.language,
            detailed=prompt.question.detailed,
            sources=prompt.sources,
            standing=standing,
            marker=prompt.fence.marker,
            known=frozenset("".join(source.text for source in prompt.sources)),
        )

    def carrier(self, sentence: str, offered: int, /) -> int | None:
        """Return which of the first sources says plainly what `sentence` says."""
        texts = [source.text for source in self.sources[:offered]]
        return support(texts).strongest(without_marks(sentence))

    def long_enough(self, text: str, /) -> bool:
        """Whether nothing more is said after this; sentences are finished."""
        most = _LENGTHS[self.language] * (_DETAILED if self.detailed else 1)
        plain = without_marks(text)
        if self.language is Language.JA:
            return len("".join(plain.split())) >= most
        return len(_WORD.findall(plain)) >= most


@dataclass(slots=True, kw_only=True)
class Draft:
    """One attempt: what was shown of it, what was not, and how it ended.

    `offered` is how many sources the model was given. `refused` is a `NO_ANSWER`
    before anything was shown; `uncited` are sentences that lacked nothing but a
    citation.
    """

    terms: Terms
    offered: int
    shown: str = ""
    refused: bool = False
    uncited: list[str] = field(default_factory=list)
    stop: Stop | None = None
    _ended: bool = False
    _thinking: bool = False
    _listing: bool = False
    _gap: str = ""
    _failures: int = 0
    _held: list[str] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    _permitted: set[DocumentId] = field(default_factory=set)
    _addresses: set[str] = field(default_factory=set)

    async def pieces(self, stream: AsyncIterator[str | Stop]) -> AsyncIterator[Piece]:
        """Yield what may be shown; returns as soon as nothing more will be."""
        async with closing(self._sentences(stream)) as spoken:
            async for sentence in spoken:
                piece = await self._piece(sentence)
                if piece is not None:
                    yield piece
                if self._ended:
                    return
        if not self.shown and any(map(habits.admits_ignorance, self.uncited)):
            self.refused = True

    async def _sentences(self, stream: AsyncIterator[str | Stop]) -> AsyncIterator[str]:
        splitter = SentenceSplitter()
        length = pending = 0
        async for item in stream:
            if isinstance(item, Stop):
                self.stop = item
                break
            length += len(item)
            pending += len(item)
            for sentence in splitter.feed(item):
                pending = 0
                yield self._spoken(sentence)
            if pending > SENTENCE_CHARACTERS or length > READ_CHARACTERS:
                return
        rest = splitter.flush()
        # What a model was cut off in is shown only for want of anything better.
        whole = self.stop is Stop.DONE or not self.shown
        for sentence in rest if whole else rest[:-1]:
            yield self._spoken(sentence)

    def _spoken(self, sentence: str) -> str:
        """Return a sentence without thoughts between tags, and without our marker."""
        spoken, end = "", 0
        for tag in _THOUGHT.finditer(sentence):
            spoken += "" if self._thinking else sentence[end : tag.start()]
            end = tag.end()
            opens = not tag[1]
            if not opens and not self._thinking:
                # The template opened it: everything until here was a thought.
                spoken = ""
                self._held.clear()
                self.uncited.clear()
            self._thinking = opens
        spoken += "" if self._thinking else sentence[end:]
        return printable(spoken).replace(self.terms.marker, "")

    async def _piece(self, sentence: str) -> Piece | None:
        text = habits.without_label(sentence) if not self.shown else sentence
        text = self._listed(text)
        if self._ended or not text.strip() or not self._sound(text):
            return None
        cited = await self._cited(text)
        return None if cited is None else self._joined(cited)

    def _listed(self, text: str) -> str:
        """Of a list of sources keep only the numbers, and only if they are needed."""
        self._listing = self._listing or habits.lists_sources(text)
        if not self._listing:
            return text
        self._ended = bool(self.shown)
        numbers = read(text, sources=self.offered).numbers
        return "".join(f"[{number}]" for number in numbers)

    def _sound(self, text: str) -> bool:
        """Whether a sentence is part of an answer at all."""
        if habits.refuses(text):
            self.refused = not self.shown
            self._ended = True
            return False
        if habits.thinks_aloud(text):
            return False
        said = checks.fingerprint(text)
        repeated = said in self._said or checks.loops(text)
        if said:
            self._said.add(said)
        fits = checks.fits_language(text, self.terms.language, known=self.terms.known)
        if repeated or not fits:
            self._failures += 1
            self._ended = self._failures >= _FAILURES
            return False
        return True

    async def _cited(self, text: str) -> str | None:
        """Return the sentence with marks that hold and nothing that is live in it.

        A sentence that rests only on sources that do not exist, or on one that may
        no longer be shown, is none; nor is one whose marks come out of its markup.
        """
        if not self.terms.citing:
            return inert(without_marks(text))
        marked = read(text, sources=self.offered)
        cited = marked.text
        if not marked.numbers and read(text, sources=_ANY).numbers:
            number = self.terms.carrier(cited, self.offered)
            if number is None:
                return None
            cited = with_mark(cited, number)
        numbers = numbers_shown(cited)
        sources = [self.terms.sources[number - 1] for number in numbers]
        if not await self._may_show({source.document.id for source in sources}):
            return None
        for source in sources:
            self._addresses |= addresses(source.text)
        safe = inert(cited, allowed=self._addresses)
        return safe if numbers_shown(safe) == numbers else None

    async def _may_show(self, documents: set[DocumentId]) -> bool:
        new = documents - self._permitted
        if new:
            self._permitted |= await self.terms.standing.permitted(new)
        return documents <= self._permitted

    def _joined(self, text: str) -> Piece | None:
        """Show a sentence behind what is shown, or hold it until one is cited."""
        if self.shown:
            return self._shown(text)
        whole = "".join((*self._held, text))
        cited = not self.terms.citing or numbers_shown(whole)
        if cited and _WORD.search(without_marks(whole)):
            return self._shown(whole.lstrip())
        self.uncited.append(text)
        self._ended = len(self.uncited) >= _HOPELESS
        self._held = [*self._held, text][-_HELD:]
        return None

    def _shown(self, text: str) -> Piece:
        # White space goes before a sentence, so that none is left at the end.
        body = text.rstrip()
        piece = Piece(text=self._gap + body if self.shown else body)
        self._gap = text[len(body) :]
        self.shown += piece.text
        self._ended = self._ended or self.terms.long_enough(self.shown)
        return piece
