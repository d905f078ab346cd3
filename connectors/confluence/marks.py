"""From raw inline text to Markdown: spaces, emphasis, code spans, escapes.

While inline elements are rendered, what is markup stands as a control character
that no text can hold, so that whitespace and escapes are settled once, at the end,
when all neighbours are known.
"""

import re
from collections import Counter

BREAK = "\x0b"
"""A line break, or the end of a block that became inline text."""

STRONG = "\x01"
EMPHASIS = "\x02"
STRIKE = "\x03"
CODE = "\x04"
MARKUP = "\x05"
"""Markdown of our own, which no escape touches, stands between two of these."""

_SIGNS = {STRONG: "**", EMPHASIS: "*", STRIKE: "~~"}
_EMPTY_PAIR = re.compile(f"([{STRONG}{EMPHASIS}{STRIKE}{CODE}])\\1")
_VERBATIM = re.compile(f"({CODE}[^{CODE}]*{CODE}|{MARKUP}[^{MARKUP}]*{MARKUP})")
_WHITE = " \t\r\n\xa0"
EDGES = _WHITE + BREAK
"""What is stripped from both ends of raw text."""

_SPACES = re.compile(f"[{_WHITE}]+")
_BREAKS = re.compile(f"[{_WHITE}]*{BREAK}[{_WHITE}{BREAK}]*")
_BRACKET = re.compile(r"[\[\]]")
_WEIGHT = re.compile(f"[{STRONG}{EMPHASIS}]")
_MARK = re.compile(f"[{STRONG}{EMPHASIS}{STRIKE}{CODE}{MARKUP}]")
_LAST_HASHES = re.compile(r"(?<=\s)(#+)$")
_BACKSLASHED = r"\\\1"
_TICKS = re.compile("`+")
_CJK = (
    "\u3000-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff"
)
_NEWLINE_IN_CJK = re.compile(f"(?<=[{_CJK}])[{_WHITE}]*\n[{_WHITE}]*(?=[{_CJK}])")

_STASHED = "\x06"
_SPECIAL = re.compile(
    r"""(?mx)
      (?P<line> ^ (?: \#{1,6}(?=\s|$) | > | [-+*](?=\s|$) | =+$ | -{2,}$ | \*{3,}$ | ~~~
                    | \[(?=[^\]\n]+\]:) ) )
    | (?P<number> ^ \d{1,9} (?=[.)](?:\s|$)) )
    | (?P<backslash> \\ (?=[!-/:-@\[-`{-~]) )
    | (?P<star> (?<!\s)\* | \*(?!\s) )
    | (?P<underscore> (?<!\w)_+(?=\S) | (?<=\S)_+(?!\w) )
    | (?P<tick> ` )
    | (?P<strike> ~~ )
    | (?P<other> <(?=[A-Za-z/!?]) | &(?=\#?\w+;) | \](?=\() | !(?=\x06) )
    """
)
_AT_START = {"line", "number"}
_NEEDS_PARTNER = frozenset({"star", "underscore", "tick"})
_PAIR = 2  # one of these alone stands for itself


def wrap(sign: str, raw: str, /) -> str:
    """Put emphasis around raw text, leaving its outer whitespace outside."""
    inner = raw.strip(EDGES)
    if not inner:
        return raw
    start = raw.index(inner)
    return f"{raw[:start]}{sign}{inner}{sign}{raw[start + len(inner) :]}"


def code(text: str, /) -> str:
    """Return a piece of code as raw text, its breaks as spaces."""
    inner = text.replace(BREAK, " ").replace("\n", " ")
    return f"{CODE}{inner}{CODE}" if inner.strip() else inner


def markup(markdown: str, /) -> str:
    """Return finished Markdown as raw text."""
    return f"{MARKUP}{markdown}{MARKUP}" if markdown else ""


def label(raw: str, /) -> str:
    """Make raw text fit between the brackets of a link."""
    pieces = _VERBATIM.split(raw.replace(BREAK, " "))
    return "".join(
        piece if index % 2 else _BRACKET.sub(lambda m: markup("\\" + m[0]), piece)
        for index, piece in enumerate(pieces)
    )


def bare(raw: str, /) -> str:
    """Return raw text without its marks."""
    return _MARK.sub("", raw)


def light(raw: str, /) -> str:
    """Return raw text without emphasis."""
    return _WEIGHT.sub("", raw)


def settle(raw: str, /, *, in_line: bool = False) -> str:
    """Turn raw inline text into Markdown without whitespace around it.

    Within a line, as in a cell or a heading, breaks are spaces, and what has a
    meaning at the start of a line has none.
    """
    stash: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        stash.append(_verbatim(match[0]))
        return _STASHED

    text = _VERBATIM.sub(put_away, _merged(raw))
    text = _SPACES.sub(" ", _NEWLINE_IN_CJK.sub("", text))
    text = _BREAKS.sub("\n", text).strip(_WHITE)
    harmless = _alone(text, has_code=any(piece[0] == "`" for piece in stash))
    text = _signed(_escaped(text, harmless | (_AT_START if in_line else set())))
    pieces = iter(stash)
    text = re.sub(_STASHED, lambda _: next(pieces), text)
    return text.replace("\n", " " if in_line else "  \n")


def heading(level: int, text: str, /) -> str:
    """Return settled text as a heading; `#` at its end would be taken for a mark."""
    return f"{'#' * level} {_LAST_HASHES.sub(_BACKSLASHED, text)}"


def fence(text: str, /, language: str = "") -> str:
    """Put a code block around text, longer than any run of ticks inside."""
    ticks = "`" * max(3, _longest(text) + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{ticks}{language}\n{text}{end}{ticks}"


def _merged(raw: str) -> str:
    """Make one of equal neighbours: what ends and begins at once does neither."""
    found = 1
    while found:
        raw, found = _EMPTY_PAIR.subn("", raw)
    return raw


def _verbatim(piece: str) -> str:
    inner = piece[1:-1]
    if piece[0] == MARKUP:
        return inner
    ticks = "`" * (_longest(inner) + 1)
    ends = inner[0] + inner[-1]
    pad = " " if "`" in ends or ends == "  " else ""
    return f"{ticks}{pad}{inner}{pad}{ticks}"


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _alone(text: str, *, has_code: bool) -> set[str]:
    """Return the kinds of signs that have no partner in a text."""
    found = Counter(match.lastgroup for match in _SPECIAL.finditer(text))
    alone = {kind for kind in _NEEDS_PARTNER if found[kind] < _PAIR}
    if has_code:
        alone.discard("tick")
    if STRONG in text or EMPHASIS in text:
        alone.discard("star")
    return alone


def _escaped(text: str, harmless: set[str]) -> str:
    """Escape what would be read as markup, and nothing else."""

    def escape(match: re.Match[str]) -> str:
        if match.lastgroup in harmless:
            return match[0]
        if match.lastgroup == "number":
            return match[0] + "\\"
        if match.lastgroup == "underscore":
            return match[0].replace("_", "\\_")
        return "\\" + match[0]

    return _SPECIAL.sub(escape, text)


def _signed(text: str) -> str:
    for mark, sign in _SIGNS.items():
        text = text.replace(mark, sign)
    return text
