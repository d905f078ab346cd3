"""What every chat request to one model carries, built in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.backends.ollama.models import ModelFacts
from bot.backends.sampling import LONGEST_ANSWER
from bot.core.ports import Message

_THOUGHTS = 1024
"""Tokens set aside for a model that cannot be told not to think."""

_STUBBORN = frozenset({"gptoss", "gpt-oss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a model takes and writes, in tokens, and whether it must think."""

    context: int
    output: int
    think: bool | str


def limits_of(facts: ModelFacts, num_ctx: int, /) -> Limits:
    """Fit the operator's context to what the model was trained with.

    Without `think` a model that can think does, and its thoughts eat the answer's
    tokens; gpt-oss ignores a plain no.
    """
    context = min(num_ctx, facts.context or num_ctx)
    stubborn = "thinking" in facts.capabilities and facts.family in _STUBBORN
    answer = min(LONGEST_ANSWER, context // 4)
    return Limits(
        context=context,
        output=answer + min(_THOUGHTS, context // 4) if stubborn else answer,
        think="low" if stubborn else False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A prompt on its way to a model; `options` are for sampling only."""

    model: str
    messages: Sequence[Message]
    options: Mapping[str, float]
    limits: Limits
    keep_alive: str | int

    def body(self) -> dict[str, object]:
        """Return the JSON of the request; without messages it only loads the model.

        `truncate` and `shift` are on unless refused, and cut prompts in silence.
        """
        return {
            "model": self.model,
            "messages": [
                {"role": message.role.value, "content": message.text}
                for message in self.messages
            ],
            "stream": bool(self.messages),
            "truncate": False,
            "shift": False,
            "think": self.limits.think,
            "keep_alive": self.keep_alive,
            "options": {
                **self.options,
                "num_ctx": self.limits.context,
                "num_predict": self._longest(),
            },
        }

    def _longest(self) -> int:
        asked = int(self.options.get("num_predict", self.limits.output))
        thoughts = _THOUGHTS if self.limits.think else 0
        return min(asked + thoughts, self.limits.output)
