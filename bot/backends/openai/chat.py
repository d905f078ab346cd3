"""A language model on an OpenAI-compatible host, streamed and never cut in silence."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from bot.backends import sampling
from bot.backends.budget import PROBES
from bot.backends.openai.dialect import OPENAI
from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.models import fitted, look_up
from bot.backends.openai.request import ChatRequest, names_an_extra
from bot.backends.openai.wire import Chunk, Usage
from bot.backends.pacing import paced
from bot.backends.reckoning import CutInSilence, Reckoning, completion, told
from bot.backends.refusals import Refusal, error_of, refusal_text
from bot.backends.thinking import ThinkFilter
from bot.core.errors import BotError, ConfigError, ContextOverflow, Unavailable
from bot.core.model import Profile
from bot.core.ports import Completion, Message, ModelSpec, Role, Token

_PATH = "/v1/chat/completions"

_FRAME = 16
"""Tokens that a chat template may put around a message."""

_LEAST_ROOM = 8
"""The part of the context, one in so many, that a prompt has to leave."""

_ABORTED = frozenset({"abort", "error"})


@dataclass(slots=True)
class _Last:
    """What the end of a stream said."""

    reason: str | None = None
    usage: Usage | None = None
    pieces: int = 0

    def take(self, chunk: Chunk) -> str:
        """Take in a chunk and return the text it adds."""
        self.usage = chunk.usage or self.usage
        if not chunk.choices:
            return ""
        [choice, *_] = chunk.choices
        self.reason = choice.finish_reason or self.reason
        text = choice.delta.content or ""
        self.pieces += bool(text)
        return text


class OpenAILanguageModel:
    """The `LanguageModel` port on one model of one host. Does not own the host.

    `context` is how many tokens a request may use; it may be left out for servers
    that say it (llama.cpp, vLLM), and is needed for others. `added` goes into every
    request as it is, such as `{"reasoning_effort": "low"}`.

    Servers that say their context refuse what is longer. To others one prompt that
    cannot fit is sent before the first: a host that answers it cuts prompts in
    silence, and from then on prompts are measured here, and refused here.
    """

    def __init__(
        self,
        host: OpenAIHost,
        /,
        *,
        model: str,
        context: int | None = None,
        added: Mapping[str, object] | None = None,
    ) -> None:
        self._host = host
        self._model = model
        self._asked_for = context
        self._added = added or {}
        self._name = f"{model} at {host.url}"
        self._reckoning = Reckoning(self._name)
        self._context: int | None = None
        self._refuses: bool | None = None
        self._proving = asyncio.Lock()
        self._plain = False
        self._warm = False

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes; asks the host."""
        facts = await look_up(self._host, self._model)
        sizes = (self._asked_for, facts.context)
        self._context = fitted(self._model, self._host.url, *sizes)
        if facts.context is not None:
            self._refuses = True
        return ModelSpec(
            model=self._model,
            digest=facts.digest,
            context=self._context,
            output=_longest(self._context),
        )

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text; gets better with every answer."""
        return self._reckoning.measure(text)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        """Stream the model's text without its thoughts; end with a `Completion`.

        Raises `Interrupted` at the end, too, where the host shows that it read
        only a part of the prompt: such an answer is not grounded.
        """
        context = self._context or (await self.describe()).context
        await self._prove(context)
        longest = _longest(context)
        if not self._refuses:
            longest = min(longest, self._room(messages, context))
        options = sampling.options(profile, messages)
        request = self._request(messages, options, longest)
        try:
            async with aclosing(told(self._events(request))) as events:
                async for event in events:
                    yield event
        except ContextOverflow as error:
            raise self._reckoning.overflow(messages, error, context=context) from error

    async def warm_up(self) -> tuple[str, ...]:
        """Find out whether the host cuts, and learn how its model counts tokens.

        Returns warnings for the operator.
        """
        spec = await self.describe()
        await self._prove(spec.context)
        for probe in PROBES if self._refuses else ():
            await self._read_only(probe)
        if self._refuses:
            return ()
        warning = (
            f"{self._name} does not refuse a prompt that is too long, so prompts are "
            "measured here and kept shorter than they could be; for Ollama use its "
            "own adapter"
        )
        return (warning,)

    async def _prove(self, context: int) -> None:
        """Find out once whether the host refuses a prompt that cannot fit."""
        async with self._proving:
            if self._refuses is not None:
                return
            try:
                await self._read_only(" ".join(map(str, range(context))))
            except ContextOverflow:
                self._refuses = True
                return
            except CutInSilence:
                pass
            for probe in PROBES:
                await self._read_only(probe)
            self._refuses = False

    async def _read_only(self, text: str) -> None:
        """Let the model read a text and write next to nothing."""
        prompt = (Message(role=Role.USER, text=text),)
        request = self._request(prompt, {"temperature": 0.0}, longest=1)
        async with aclosing(self._events(request)) as events:
            async for _ in events:
                pass

    def _room(self, messages: Sequence[Message], context: int) -> int:
        """Return how long an answer may be; refuses a prompt that leaves too little."""
        measured = sum(self.measure(message.text) + _FRAME for message in messages)
        if measured > context - context // _LEAST_ROOM:
            raise self._reckoning.too_long(measured, context)
        return context - measured

    def _request(
        self, messages: Sequence[Message], options: Mapping[str, float], longest: int
    ) -> ChatRequest:
        return ChatRequest(
            model=self._model,
            messages=messages,
            options=options,
            longest=longest,
            added=self._added,
        )

    async def _events(
        self, request: ChatRequest
    ) -> AsyncGenerator[Token | Completion, None]:
        thoughts, last = ThinkFilter(), _Last()
        try:
            async with aclosing(self._chunks(request)) as chunks:
                async for chunk in chunks:
                    if text := thoughts.feed(last.take(chunk)):
                        yield Token(text=text)
                    if last.reason and last.usage:
                        break
        except Unavailable:
            if last.reason is None:
                raise
        if last.reason is None or last.reason in _ABORTED:
            raise Unavailable(f"{self._name} ended its answer before it was complete")
        if rest := thoughts.finish():
            yield Token(text=rest)
        yield self._completed(request.messages, last)

    async def _chunks(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Send the request; again without extras where the host does not know one."""
        while True:
            plain = self._plain
            try:
                async with aclosing(self._sent(request.body(plain=plain))) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except ConfigError as error:
                if plain or not names_an_extra(str(error)):
                    raise
                self._plain = True
            else:
                return

    async def _sent(self, body: Mapping[str, object]) -> AsyncGenerator[Chunk, None]:
        limits = self._host.timeouts
        stream = paced(
            self._host.stream(_PATH, body, Chunk),
            first=limits.first_token if self._warm else limits.loading,
            between=limits.between_tokens,
            whole=limits.answer,
        )
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                if chunk.error is not None or chunk.message is not None:
                    raise self._error(chunk)
                self._warm = True
                yield chunk

    def _error(self, chunk: Chunk) -> BotError:
        inner = chunk.error
        code = inner.get("code") if isinstance(inner, dict) else chunk.code
        return error_of(
            Refusal(
                dialect=OPENAI,
                url=self._host.url,
                status=code if isinstance(code, int) else 500,
                text=refusal_text(json.dumps({"error": inner or chunk.message})),
                model=self._model,
            )
        )

    def _completed(self, messages: Sequence[Message], last: _Last) -> Completion:
        context = self._context or 0
        usage = last.usage or Usage(
            prompt_tokens=sum(self.measure(message.text) for message in messages),
            completion_tokens=last.pieces + 1,
        )
        if last.usage:
            self._reckoning.learn(messages, usage.prompt_tokens)
        if self._refuses is not None and usage.prompt_tokens >= context - 1:
            raise self._reckoning.cut_in_silence(usage.prompt_tokens)
        return completion(
            full=last.reason == "length",
            prompt_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            context=context,
        )


def _longest(context: int) -> int:
    return min(sampling.LONGEST_ANSWER, context // 4)
