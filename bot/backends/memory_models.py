"""Models without a host: the reference for the model ports, and a test double."""

import hashlib
import math
import re
from array import array
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import chain, pairwise
from typing import TypeAlias

from bot.core.errors import BotError, ContextOverflow, Interrupted, Unavailable
from bot.core.model import EmbeddingSpec, Profile, Vector
from bot.core.ports import Completion, Ending, Message, ModelSpec, Token

Script: TypeAlias = str | BotError | Sequence[str | BotError]
"""What one generation plays: a text, an error, or pieces that may end in one."""

_PIECE = 3
_WORD = re.compile(r"[a-z0-9]+|[^\x00-\x7f\s]+")


class MemoryLanguageModel:
    """Plays scripts, one a generation; the last one again and again.

    A character is a token. `prompts` and `profiles` keep what was asked for,
    `closed` counts the generations that the caller did not read to the end.
    """

    def __init__(
        self,
        scripts: Sequence[Script] = ("",),
        /,
        *,
        context: int = 8192,
        output: int = 1024,
    ) -> None:
        self._scripts = list(scripts)
        self._spec = ModelSpec(
            model="memory", digest="memory-1", context=context, output=output
        )
        self.prompts: list[tuple[Message, ...]] = []
        self.profiles: list[Profile] = []
        self.closed = 0

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes."""
        return self._spec

    def measure(self, text: str, /) -> int:
        """Count the characters of a text."""
        return len(text)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        """Play the next script."""
        self.prompts.append(tuple(messages))
        self.profiles.append(profile)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        prompt = sum(self.measure(message.text) for message in messages)
        if prompt >= self._spec.context:
            raise ContextOverflow(
                f"a prompt of {prompt} characters does not fit {self._spec.context}",
                prompt=prompt,
                context=self._spec.context,
            )
        try:
            for event in self._events(script, prompt):
                yield event
        except GeneratorExit:
            self.closed += 1
            raise

    def _events(self, script: Script, prompt: int) -> Iterator[Token | Completion]:
        room = min(self._spec.output, self._spec.context - prompt)
        written = 0
        for piece in _pieces(script):
            if isinstance(piece, BotError):
                raise _told(piece, begun=written > 0)
            shown = piece[: room - written]
            written += len(shown)
            if shown:
                yield Token(text=shown)
            if len(shown) < len(piece):
                full = room < self._spec.output
                ending = Ending.CONTEXT_LIMIT if full else Ending.OUTPUT_LIMIT
                break
        else:
            ending = Ending.STOP
        yield Completion(ending=ending, prompt_tokens=prompt, output_tokens=written)


class MemoryEmbedder:
    """Hashes words and CJK character pairs into a vector.

    Texts that share words are near each other; meaning is not known. The same
    text has the same vector in every process. `asked` keeps what was embedded.
    """

    def __init__(self, *, dimensions: int = 256) -> None:
        self._dimensions = dimensions
        self.asked: list[str] = []

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out."""
        return EmbeddingSpec(
            model="memory",
            digest="memory-1",
            dimensions=self._dimensions,
            prefix="none",
        )

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """One vector a text, in order; None for a text without a word."""
        self.asked.extend(texts)
        return [self._vector(text) for text in texts]

    async def embed_query(self, text: str, /) -> Vector:
        """Embed what is searched for."""
        [vector] = await self.embed_documents([text])
        if vector is None:
            raise Unavailable("a question without a word has no vector")
        return vector

    def _vector(self, text: str) -> Vector | None:
        numbers = [0.0] * self._dimensions
        for feature in _features(text):
            hashed = int.from_bytes(hashlib.blake2b(feature.encode()).digest()[:8])
            sign = 1.0 if hashed & 1 else -1.0
            numbers[(hashed >> 1) % self._dimensions] += sign
        length = math.hypot(*numbers)
        return array("f", [n / length for n in numbers]) if length else None


def _pieces(script: Script) -> Iterator[str | BotError]:
    parts = [script] if isinstance(script, str | BotError) else script
    return chain.from_iterable(
        [part] if isinstance(part, BotError) else _cut(part) for part in parts
    )


def _cut(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


def _told(error: BotError, *, begun: bool) -> BotError:
    """Return the error as the port tells it: a model that has begun breaks off."""
    if begun and isinstance(error, Unavailable):
        return Interrupted(str(error))
    return error


def _features(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            yield word
        else:
            yield from ("".join(pair) for pair in pairwise(word))
            yield from word
