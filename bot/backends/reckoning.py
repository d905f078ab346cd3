"""Keeps account of one model's tokens, and tells in the port's words how it ended."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from bot.backends.budget import Budgeter
from bot.core.errors import ContextOverflow, Interrupted, Unavailable
from bot.core.ports import Completion, Ending, Message, Token


class CutInSilence(Unavailable):
    """The host answered from a part of the prompt."""


class Reckoning:
    """What a model counts, against what was estimated; `name` says which model."""

    def __init__(self, name: str, /) -> None:
        self._name = name
        self._budget = Budgeter()

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text; gets better with every answer."""
        return self._budget.measure(text)

    def learn(self, messages: Sequence[Message], tokens: int, /) -> None:
        """Take in how many tokens of a prompt the model read; 0 says nothing.

        Raises `CutInSilence` where it cannot have read all of it.
        """
        texts = _texts(messages)
        if self._budget.cut_in_silence(texts, tokens):
            raise self.cut_in_silence(tokens)
        if tokens:
            self._budget.learn(texts, tokens)

    def cut_in_silence(self, tokens: int, /) -> CutInSilence:
        """Return the error for a host that answers from a part of the prompt."""
        return CutInSilence(
            f"{self._name} read only {tokens} tokens of a prompt that has many "
            "more; update the server, it cuts prompts in silence"
        )

    def overflow(
        self, messages: Sequence[Message], error: ContextOverflow, /, *, context: int
    ) -> ContextOverflow:
        """Take in that a prompt did not fit, and say by how much."""
        context = error.context or context
        prompt = self._budget.overflowed(
            _texts(messages), prompt=error.prompt, context=context
        )
        return self.too_long(prompt, context)

    def too_long(self, prompt: int, context: int, /) -> ContextOverflow:
        """Return the error for a prompt that does not fit."""
        return ContextOverflow(
            f"a prompt of about {prompt} tokens does not fit {self._name}, "
            f"which takes {context}; send a shorter one",
            prompt=prompt,
            context=context,
        )


async def told(
    events: AsyncGenerator[Token | Completion, None], /
) -> AsyncGenerator[Token | Completion, None]:
    """Pass events on, and close them; what fails after a token is `Interrupted`."""
    begun = False
    try:
        async with aclosing(events):
            async for event in events:
                begun = begun or isinstance(event, Token)
                yield event
    except ContextOverflow:
        raise
    except Unavailable as error:
        if begun:
            raise Interrupted(str(error)) from error
        raise


def completion(
    *, full: bool, prompt_tokens: int, output_tokens: int, context: int
) -> Completion:
    """Return how a generation ended; `full` says that a limit ended it."""
    ending = Ending.STOP
    if full:
        filled = prompt_tokens + output_tokens >= context - 1
        ending = Ending.CONTEXT_LIMIT if filled else Ending.OUTPUT_LIMIT
    return Completion(
        ending=ending, prompt_tokens=prompt_tokens, output_tokens=output_tokens
    )


def _texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]
