"""Estimates tokens without a tokenizer, and learns from what the model counted."""

import math
import re
import string
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

_WINDOW = 64  # answers that are remembered, a script
_ENOUGH = 20  # answers after which estimates may go below the first guess
_MARGIN = 1.05
_WORTH_LEARNING = 100  # estimated tokens; in less the chat template outweighs the text
_BLIND_STEP = 1.5  # by how much an estimate grows when a refusal has no counts
_FORGETTING = 0.98  # how fast a refusal is forgotten, an answer
_TRUSTED = 5  # answers after which a low count is suspicious
_LEAST_KNOWN = 0.7  # of the lowest count so far
_LEAST_UNKNOWN = 0.25  # of the first guess

_WORD = re.compile(rb"[A-Za-z]+")
_GAP = re.compile(rb"\s\s+|[\n\t]")
_SIGNS = (string.digits + string.punctuation).encode()
_LONG_WORD = 8

_JAPANESE = (
    "社内規程の第12条では、年次有給休暇は入社6か月後に10日付与され、"
    "以後は勤続年数に応じて最大20日まで増えると定められています。"
    "申請は3営業日前までに、勤怠システムから上長あてに行ってください。"
    "半日単位の取得は年5日まで、時間単位の取得は年40時間までです。"
)
_ENGLISH = (
    "The deployment guide says that every release is built twice, and that the two "
    "builds must be identical before anything is signed. Run `make release` on a clean "
    "machine; it writes dist/app-1.2.tar.gz and prints its checksum.\n"
    "services:\n  index:\n    image: registry.example/index:1.39\n    ports: [8080]\n"
    "for name in sorted(names):\n    print(f'{name}: {sizes[name] / 1024:.1f} kB')\n"
)
PROBES = (_JAPANESE, _ENGLISH)
"""One text of each script, long enough to learn a model's tokens from."""


class _Script(Enum):
    CJK = auto()
    LATIN = auto()


@dataclass(slots=True)
class _Seen:
    """Counted tokens per estimated token, in texts of one script."""

    ratios: "deque[float]" = field(default_factory=lambda: deque(maxlen=_WINDOW))
    floor: float = 0.0

    def factor(self) -> float:
        """What an estimate must be multiplied with to be rather too high."""
        ordered = sorted(self.ratios)
        if len(ordered) < _ENOUGH:
            return max(1.0, self.floor, *(ratio * _MARGIN for ratio in ordered))
        usual = ordered[math.ceil(0.95 * len(ordered)) - 1]
        return max(self.floor, usual * _MARGIN)

    def least(self) -> float:
        """Below which share of the estimate a count cannot be honest."""
        if len(self.ratios) < _TRUSTED:
            return _LEAST_UNKNOWN
        return min(self.ratios) * _LEAST_KNOWN

    def learn(self, ratio: float) -> None:
        self.ratios.append(ratio)
        self.floor *= _FORGETTING


class Budgeter:
    """Estimates the tokens of texts for one model, rather too many than too few.

    It starts pessimistic (a token for each CJK character and each symbol, one and
    a half for a word) and follows what the model counts, each script by itself,
    because their tokens per character have nothing to do with each other.
    """

    def __init__(self) -> None:
        self._seen = {script: _Seen() for script in _Script}

    def measure(self, text: str, /) -> int:
        """Estimate the tokens of a text."""
        guess, script = _weigh(text)
        return math.ceil(guess * self._seen[script].factor()) if text else 0

    def learn(self, texts: Sequence[str], tokens: int, /) -> None:
        """Take in how many tokens the model counted in a prompt."""
        guess, script = _weigh("\n".join(texts))
        if guess >= _WORTH_LEARNING:
            self._seen[script].learn(tokens / guess)

    def overflowed(
        self, texts: Sequence[str], /, *, prompt: int | None, context: int
    ) -> int:
        """Take in that a prompt did not fit, and return how long it probably is.

        Some hosts say how long it was. From the others only a lower bound is
        known, so the estimate moves in steps until prompts fit.
        """
        guess, script = _weigh("\n".join(texts))
        seen = self._seen[script]
        tokens = max(context + 1, guess * seen.factor()) * _BLIND_STEP
        if prompt is not None:
            tokens = prompt
        seen.floor = max(seen.floor, tokens / max(1.0, guess) * _MARGIN)
        return math.ceil(tokens)

    def cut_in_silence(self, texts: Sequence[str], tokens: int, /) -> bool:
        """Whether a model that counted so few tokens cannot have read it all."""
        guess, script = _weigh("\n".join(texts))
        return 0 < tokens < guess * self._seen[script].least()


def _weigh(text: str) -> tuple[float, _Script]:
    """Return the first guess for a text, and the script that it is mostly in."""
    plain = text.encode("ascii", "replace")
    foreign = plain.count(b"?") - text.count("?")
    signs = len(plain) - len(plain.translate(None, _SIGNS)) - foreign
    words = _WORD.findall(plain)
    tails = sum(max(0, len(word) - _LONG_WORD) for word in words)
    guess = foreign + signs + 1.5 * len(words) + tails / 3 + len(_GAP.findall(plain))
    return guess, _Script.CJK if 2 * foreign >= guess else _Script.LATIN
