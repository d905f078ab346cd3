"""A language model on an Ollama host, streamed and never cut in silence."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from bot.backends import sampling
from bot.backends.budget import PROBES
from bot.backends.ollama.dialect import OLLAMA
from bot.backends.ollama.host import OllamaHost
from bot.backends.ollama.models import ModelFacts, loaded, look_up
from bot.backends.ollama.request import ChatRequest, Limits, limits_of
from bot.backends.ollama.wire import ChatLine
from bot.backends.pacing import paced
from bot.backends.reckoning import Reckoning, completion, told
from bot.backends.refusals import Refusal, error_of, refusal_text
from bot.backends.thinking import ThinkFilter
from bot.core.errors import (
    BotError,
    ConfigError,
    ContextOverflow,
    Unavailable,
)
from bot.core.model import Profile
from bot.core.ports import Completion, Message, ModelSpec, Role, Token

_SELF_CHECK = 10.0
"""Seconds; a host that respects our limits refuses long before."""


class OllamaLanguageModel:
    """The `LanguageModel` port on one model of one host.

    `num_ctx` is the context to run with; a model that was trained with less gets
    less. Every request carries the same runner options, because a change of one
    makes the host load the model anew. Does not own the host.
    """

    def __init__(
        self,
        host: OllamaHost,
        /,
        *,
        model: str,
        num_ctx: int = 16_384,
        keep_alive: str | int = "30m",
    ) -> None:
        self._host = host
        self._model = model
        self._num_ctx = num_ctx
        self._keep_alive = keep_alive
        self._name = f"{model} at {host.url}"
        self._reckoning = Reckoning(self._name)
        self._limits: Limits | None = None
        self._warm = False

    async def describe(self) -> ModelSpec:
        """Say which model answers and how much it takes; asks the host."""
        facts, limits = await self._look_up()
        return ModelSpec(
            model=self._model,
            digest=facts.digest,
            context=limits.context,
            output=limits.output,
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
        request = await self._request(messages, sampling.options(profile, messages))
        try:
            async with aclosing(told(self._events(request))) as events:
                async for event in events:
                    yield event
        except ContextOverflow as error:
            raise self._reckoning.overflow(
                messages, error, context=request.limits.context
            ) from error

    async def warm_up(self) -> tuple[str, ...]:
        """Load the model, however long it takes, and learn how it counts tokens.

        Returns warnings for the operator. Meant for the background: when the
        caller gives up, the host gives up loading.
        """
        request = await self._request((), {})
        await self._host.post("/api/chat", request.body(), ChatLine, limit=None)
        self._warm = True
        for probe in PROBES:
            await self._read_only(probe)
        limits = request.limits
        warnings = (
            await self._memory_warning(limits),
            await self._cutting_warning(limits),
        )
        return tuple(warning for warning in warnings if warning)

    async def unload(self) -> None:
        """Have the host free the model's memory, once nobody else is answered by it.

        It is loaded anew for the next request. Ollama 0.24.0 now and then answers no
        more for a model of which a stream was closed, and this mends it.
        """
        self._warm = False
        body = {"model": self._model, "keep_alive": 0}
        await self._host.post(
            "/api/generate", body, ChatLine, limit=self._host.timeouts.ask
        )

    async def _look_up(self) -> tuple[ModelFacts, Limits]:
        facts = await look_up(self._host, self._model)
        if facts.capabilities and "completion" not in facts.capabilities:
            raise ConfigError(
                f"the model {self._model!r} cannot write; configure a chat model"
            )
        limits = self._limits = limits_of(facts, self._num_ctx)
        return facts, limits

    async def _request(
        self, messages: Sequence[Message], options: Mapping[str, float]
    ) -> ChatRequest:
        return ChatRequest(
            model=self._model,
            messages=messages,
            options=options,
            limits=self._limits or (await self._look_up())[1],
            keep_alive=self._keep_alive,
        )

    async def _events(
        self, request: ChatRequest
    ) -> AsyncGenerator[Token | Completion, None]:
        thoughts = ThinkFilter()
        async with aclosing(self._lines(request)) as lines:
            async for line in lines:
                if text := thoughts.feed(line.message.content):
                    yield Token(text=text)
                if line.done:
                    if rest := thoughts.finish():
                        yield Token(text=rest)
                    self._reckoning.learn(request.messages, line.prompt_eval_count)
                    yield completion(
                        full=line.done_reason == "length",
                        prompt_tokens=line.prompt_eval_count,
                        output_tokens=line.eval_count,
                        context=request.limits.context,
                    )
                    return
        raise Unavailable(f"{self._name} ended its answer without a last line")

    async def _lines(self, request: ChatRequest) -> AsyncGenerator[ChatLine, None]:
        limits = self._host.timeouts
        stream = paced(
            self._host.stream("/api/chat", request.body(), ChatLine),
            first=await self._patience(),
            between=limits.between_tokens,
            whole=limits.answer,
        )
        async with aclosing(stream) as lines:
            async for line in lines:
                if line.error is not None:
                    raise self._error(line)
                self._warm = True
                yield line

    async def _patience(self) -> float:
        """Return how long to wait for the first token.

        A host lists a model in memory from the moment it begins to load it, so
        being listed counts only once the model has answered.
        """
        if await loaded(self._host, self._model) is None:
            self._warm = False
        timeouts = self._host.timeouts
        return timeouts.first_token if self._warm else timeouts.loading

    def _error(self, line: ChatLine) -> BotError:
        return error_of(
            Refusal(
                dialect=OLLAMA,
                url=self._host.url,
                status=line.status,
                text=refusal_text(json.dumps({"error": line.error})),
                model=self._model,
            )
        )

    async def _read_only(self, text: str) -> None:
        """Let the model read a text and write next to nothing."""
        prompt = (Message(role=Role.USER, text=text),)
        request = await self._request(prompt, {"num_predict": 1, "temperature": 0.0})
        async with aclosing(self._events(request)) as events:
            async for _ in events:
                pass

    async def _memory_warning(self, limits: Limits) -> str | None:
        place = await loaded(self._host, self._model)
        if place is None:
            return f"{self._name} left the host's memory at once; set keep_alive"
        if (place.context_length or limits.context) < limits.context:
            return (
                f"{self._name} got a context of {place.context_length} tokens "
                f"instead of {limits.context}; set a smaller num_ctx"
            )
        return place.offload_warning(self._name)

    async def _cutting_warning(self, limits: Limits) -> str | None:
        """Send a prompt that cannot fit, as the one proof that it is refused."""
        too_long = " ".join(map(str, range(limits.context)))
        try:
            async with asyncio.timeout(_SELF_CHECK):
                await self._read_only(too_long)
        except ContextOverflow:
            return None
        except (TimeoutError, Unavailable):
            pass
        return (
            f"{self._name} does not refuse a prompt that is too long: it would answer "
            "from half of the sources; update Ollama to 0.13 or newer"
        )
