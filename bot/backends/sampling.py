"""How freely the model writes: sampling options by profile, and only those.

Options of the runner (`num_ctx` and its like) are not here: a request with another
value makes the host unload the model and load it again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.model import Profile
from bot.core.ports import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Options as Ollama names them; a pinned seed comes from the prompt."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    num_predict: int
    pinned: bool


# Penalties break Japanese particles, code and repeated citations, hence 1.0 wherever
# sources are quoted.
SAMPLING: Mapping[Profile, Sampling] = {
    Profile.FAQ: Sampling(
        temperature=0.1,
        top_p=0.9,
        top_k=40,
        min_p=0.0,
        repeat_penalty=1.0,
        num_predict=600,
        pinned=True,
    ),
    Profile.DOCS: Sampling(
        temperature=0.2,
        top_p=0.95,
        top_k=40,
        min_p=0.0,
        repeat_penalty=1.0,
        num_predict=1200,
        pinned=True,
    ),
    Profile.BRAINSTORM: Sampling(
        temperature=0.8,
        top_p=0.95,
        top_k=64,
        min_p=0.05,
        repeat_penalty=1.05,
        num_predict=1000,
        pinned=False,
    ),
    Profile.QUIZ: Sampling(
        temperature=0.5,
        top_p=0.95,
        top_k=64,
        min_p=0.05,
        repeat_penalty=1.0,
        num_predict=1000,
        pinned=False,
    ),
}

LONGEST_ANSWER = max(sampling.num_predict for sampling in SAMPLING.values())


def options(profile: Profile, messages: Sequence[Message], /) -> dict[str, float]:
    """Return the options of a profile; where it is pinned, with the prompt's seed."""
    sampling = SAMPLING[profile]
    chosen: dict[str, float] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "num_predict": sampling.num_predict,
    }
    return chosen | {"seed": _seed(messages)} if sampling.pinned else chosen


def _seed(messages: Sequence[Message]) -> int:
    hashed = hashlib.sha256()
    for message in messages:
        hashed.update(f"{message.role}\0{message.text}\0".encode())
    return int.from_bytes(hashed.digest()[:4]) >> 1
