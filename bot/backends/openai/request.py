"""What every chat request to one model carries, built in one place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.ports import Message

_QUIET = {"chat_template_kwargs": {"enable_thinking": False}}
"""Templates that know of thinking take it from here; the others ignore it."""

_COUNTED = {"stream_options": {"include_usage": True}}
_BEYOND = ("top_k", "min_p")
"""Sampling that llama.cpp and vLLM know, and OpenAI's own protocol does not."""

_EXTRAS = re.compile("|".join((*_QUIET, *_COUNTED, *_BEYOND, "extra")), re.IGNORECASE)


def names_an_extra(refusal: str, /) -> bool:
    """Whether a refusal complains of what a plain request leaves out."""
    return _EXTRAS.search(refusal) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A prompt on its way to a model; `options` are named as in `sampling`.

    A plain request keeps to what every server understands. `added` is the
    operator's own and wins.
    """

    model: str
    messages: Sequence[Message]
    options: Mapping[str, float]
    longest: int
    added: Mapping[str, object]

    def body(self, *, plain: bool) -> dict[str, object]:
        """Return the JSON of the request."""
        options = dict(self.options)
        asked = int(options.pop("num_predict", self.longest))
        options.pop("repeat_penalty", None)  # servers differ in its name
        beyond = {name: options.pop(name) for name in _BEYOND if name in options}
        return {
            "model": self.model,
            "messages": [
                {"role": message.role.value, "content": message.text}
                for message in self.messages
            ],
            "stream": True,
            "max_tokens": min(asked, self.longest),
            **options,
            **({} if plain else {**_QUIET, **_COUNTED, **beyond}),
            **self.added,
        }
