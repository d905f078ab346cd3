"""Cuts text where a reader would: at sentences, characters and bytes."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ENDER: Final = "。．.！？!?"
_CLOSING: Final = "」』）】〕〉》］｝)\\]}\"'”’"
_LABEL: Final = r"(?:資料|出典|文書|参考|根拠|[Ss]ources?|[Dd]oc|S|#)"
_MARK: Final = rf"{_LABEL}?\s{{0,2}}[0-9０-９]{{1,2}}"
_CITATION: Final = (
    rf"[\[［【〔]\s{{0,2}}{_MARK}"
    rf"(?:\s{{0,2}}(?:[-‐‑–—−－〜～~,，、;；・/／]|と|and)\s{{0,2}}{_MARK}){{0,9}}"
    r"\s{0,2}[\]］】〕](?!\()"
)
_MORE: Final = r"(?:[。．.！？?]|!(?!\[))*"  # `![` begins an image
_TAIL: Final = rf"(?:[^\S\n]*{_CITATION})*{_MORE}[^\S\n]*"

_END: Final = re.compile(
    rf"(?<![{_ENDER}])(?:"
    # Japanese: not where a closing bracket shows that the sentence goes on.
    rf"\.*(?:[。！？]|(?<!\d)．|．(?!\d)"
    rf"|[!?](?=[\s{_CLOSING}{_ENDER}]|[^\x00-\x7f]|{_CITATION}|$))"
    rf"{_MORE}(?!(?!!\[)[{_ENDER}{_CLOSING}]){_TAIL}"
    # English: before white space, with the quotes that close there.
    rf"|[.!?]+[)\]}}\"'”’]*(?=[^\S\n]|[^\S\n]*{_CITATION}|$){_TAIL})"
)
_OPAQUE: Final = re.compile("(?<!`)`(?!`)[^`\n]+`(?!`)|https?://[!-~]+")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")
_LAST_WORD: Final = re.compile(r"[\w.]*\w$")
_OPEN_BRACKET: Final = re.compile(r"[\[［【〔][^\]］】〕\n]{0,40}$")

_NEVER_LAST: Final = (
    "al approx cf dept dr e.g eg est etc fig i.e ie inc jr ltd mr mrs ms prof sr st "
    "vol vs"
)
_ABBREVIATIONS: Final = frozenset(_NEVER_LAST.split())
_BEFORE_NUMBERS: Final = frozenset(["ca", "no", "nos", "p", "pp", "sec", "ver", "v"])
_WORD_REACH: Final = 12


def sentences(text: str, /) -> list[str]:
    """Cut `text` into sentences; put together they are `text` again.

    A line end also ends a sentence. A code fence is one piece. White space and
    citations such as `[1]` after the last character belong to the sentence before.
    """
    pieces: list[str] = []
    for piece in _raw_pieces(text):
        if pieces and (not piece.strip() or not pieces[-1].strip()):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _raw_pieces(text: str) -> Iterator[str]:
    for block in _blocks(text):
        if _FENCE.match(block):
            yield block
        else:
            yield from _line_pieces(block)


def _blocks(text: str) -> Iterator[str]:
    """Yield lines and whole code fences; an open fence reaches to the end."""
    held, fence = "", ""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        mark = _FENCE.match(line)
        held += line
        if fence:
            closes = mark and mark[1].startswith(fence) and not mark[2].strip()
            fence = "" if closes else fence
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
        if not fence:
            yield held
            held = ""
    if held:
        yield held


def _line_pieces(line: str) -> Iterator[str]:
    masked = _OPAQUE.sub(lambda match: "x" * len(match[0]), line)
    start = 0
    for match in _END.finditer(masked):
        if _ends(masked, match):
            yield line[start : match.end()]
            start = match.end()
    if start < len(line):
        yield line[start:]


def _ends(line: str, match: re.Match[str]) -> bool:
    """Whether a full stop really ends an English sentence here."""
    if not match[0].startswith(".") or match[0].startswith(".."):
        return True
    following = line[match.end() : match.end() + 1]
    if following.islower():
        return False
    found = _LAST_WORD.search(line, max(0, match.start() - _WORD_REACH), match.start())
    word = found[0].lower() if found else ""
    if word in _ABBREVIATIONS:
        return False
    if following.isdigit() and word in _BEFORE_NUMBERS:
        return False
    letter = word.rpartition(".")[2]
    initial = len(letter) == 1 and letter not in "i0123456789"
    numbered = word.isdigit() and not line[: match.start() - len(word)].strip(" \t-*>#")
    return not (initial or numbered)


class SentenceSplitter:
    """Cuts a stream of text into the same pieces as `sentences` cuts the whole."""

    def __init__(self) -> None:
        # Whole lines are kept: whether "1." or "```" begins a line decides much.
        self._lines = ""
        self._returned = 0

    def feed(self, text: str, /) -> list[str]:
        """Take more text; return the sentences that nothing can change any more."""
        self._lines += text
        pieces = self._pending()
        done = pieces[: len(pieces) - self._unsure(pieces)]
        self._returned += sum(map(len, done))
        begin = self._lines.rfind("\n", 0, self._returned) + 1
        self._lines = self._lines[begin:]
        self._returned -= begin
        return done

    def flush(self) -> list[str]:
        """End the stream; return what is left."""
        pieces = self._pending()
        self._lines, self._returned = "", 0
        return pieces

    def _pending(self) -> list[str]:
        pieces = sentences(self._lines)
        skipped = 0
        while skipped < self._returned:
            skipped += len(pieces.pop(0))
        return pieces

    def _unsure(self, pieces: list[str]) -> int:
        """How many of the last pieces more text could still change."""
        if "`" in _OPAQUE.sub("", self._lines.rpartition("\n")[2]):
            return len(pieces)  # in inline code, or at the start of a fence
        if len(pieces) > 1 and _OPEN_BRACKET.match(pieces[-1]):
            return 2  # the bracket may become a citation of the sentence before
        return min(1, len(pieces))


# --- characters and bytes ----------------------------------------------------

_ELLIPSIS: Final = "…"
_JOINER: Final = "\u200d"
_EXTENDS: Final = re.compile(
    "[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
_FLAG_LETTERS: Final = re.compile("[\U0001f1e6-\U0001f1ff]*$")


def _inside_character(text: str, index: int) -> bool:
    """Whether a cut at `index` would tear apart what is seen as one character."""
    if not 0 < index < len(text):
        return False
    following = text[index]
    if _EXTENDS.match(following) or text[index - 1] == _JOINER:
        return True
    if unicodedata.category(following).startswith("M"):
        return True
    letters = _FLAG_LETTERS.search(text, max(0, index - 64), index)
    return bool(letters and len(letters[0]) % 2 and _FLAG_LETTERS.fullmatch(following))


def border(text: str, index: int, /) -> int:
    """Step back from `index` to the nearest border between two characters."""
    while _inside_character(text, index):
        index -= 1
    return index


def truncate(text: str, /, *, characters: int) -> str:
    """Return `text` if it is that short, else its beginning and an ellipsis.

    The result has at most `characters` code points and tears no character apart.
    """
    if len(text) <= characters:
        return text
    if characters <= len(_ELLIPSIS):
        return _ELLIPSIS[:characters]
    return text[: border(text, characters - len(_ELLIPSIS))].rstrip() + _ELLIPSIS


def bytes_cut(text: str, /, *, limit: int) -> int:
    """Return how many code points of `text` fit into `limit` bytes of UTF-8.

    The cut tears no character apart, unless the first one alone is too long; at
    least one code point is taken, so that a caller who cuts in a loop gets on.
    """
    if len(text) * 4 <= limit:
        return len(text)
    fitting = text.encode(errors="replace")[: max(limit, 0)].decode(errors="ignore")
    return border(text, len(fitting)) or len(fitting) or min(1, len(text))
