"""Reads the citation marks of a model, numbers them anew and says what they mean.

A mark is a bracket with small numbers in it, with or without a label: `[1]`,
`【1】`, `［１］`, `〔1〕`, `[1、2]`, `[1-3]`, `[資料1と資料2]`, `[Source 2]` and
`【1†title】`. Round brackets are marks only with a label, `(Source 1)`, because
`(1)` counts things: 第3条(1). Years, times, decimals, footnotes and code are none.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from bot.answering.overlap import Weights, best_sentence
from bot.answering.safety import inert
from bot.core.model import Chunk, Citation, LiveDocument, Passage

QUOTE_LENGTH: Final = 200
_SCHEMES: Final = frozenset({"http", "https", "file"})

_NAME: Final = (
    r"(?:資料|出典|文書|参考|根拠|ソース|[Ss]ources?|[Dd]oc(?:ument)?s?)\s*[:：.]?\s*"
)
_LABEL: Final = rf"(?:{_NAME}|S|\#)?"
_NUMBER: Final = r"[0-9０-９]{1,2}"
_DASH: Final = r"\s*[-‐‑–—−－〜～~]\s*"
_ITEM: Final = rf"{_LABEL}\s*{_NUMBER}(?:{_DASH}{_LABEL}\s*{_NUMBER})?"
_AND: Final = r"\s*(?:[,，、;；・/／&＆]|と|および|and)\s*"
_LIST: Final = rf"{_ITEM}(?:{_AND}{_ITEM})*"
_TITLED: Final = r"(?:†[^\]］】〕\n]{0,80})?"
_TARGET: Final = r"(?:\([^()\n]*[:/.#@][^()\n]*\))?"
_SQUARE: Final = rf"[\[［【〔]\s*(?P<list>{_LIST}){_TITLED}\s*[\]］】〕]"
_ROUND: Final = rf"[(（]\s*(?P<named>{_NAME}{_LIST})\s*[)）]"
_CODE: Final = r"```.*?(?:```|\Z)|`[^`\n]+`"

_MARK: Final = re.compile(
    rf"(?P<code>{_CODE})|(?P<space>[ \t]*)(?:{_SQUARE}{_TARGET}|{_ROUND})", re.DOTALL
)
_BRACKETED: Final = re.compile(rf"[\[［【〔](\s*{_LIST}{_TITLED}\s*)[\]］】〕]")
_INDEXED: Final = re.compile(rf"[\w)](?:{_BRACKETED.pattern})+", re.ASCII)
_NAMED: Final = re.compile(rf"[(（](\s*{_NAME}{_LIST}\s*)[)）]")
_READ_ITEM: Final = re.compile(rf"({_NUMBER})(?:{_DASH}{_LABEL}\s*({_NUMBER}))?")
_SHOWN: Final = re.compile(rf"{_CODE}|\[(\d{{1,2}})\]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A text whose marks are all of the form `[n]`, and the numbers in order."""

    text: str
    numbers: tuple[int, ...]


def read(text: str, /, *, sources: int) -> Marked:
    """Understand every mark of `text`; numbers beyond `sources` go."""
    found: list[int] = []

    def rewrite(match: re.Match[str]) -> str:
        if match["code"] is not None:
            return match[0]
        numbers = _numbers(match["list"] or match["named"], sources)
        found.extend(numbers)
        return match["space"] + _brackets(numbers) if numbers else ""

    return Marked(text=_MARK.sub(rewrite, text), numbers=_distinct(found))


def numbers_shown(text: str, /) -> tuple[int, ...]:
    """Return the numbers of the `[n]` in a text of ours, in order of appearance."""
    found = (match[1] for match in _SHOWN.finditer(text))
    return _distinct(int(number) for number in found if number)


def renumbered(text: str, order: Sequence[int], /) -> str:
    """Replace each `[n]` by the place of n in `order`, counted from 1."""
    places = {number: place for place, number in enumerate(order, start=1)}

    def rewrite(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else f"[{places[int(match[1])]}]"

    return _SHOWN.sub(rewrite, text)


def without_marks(text: str, /) -> str:
    """Return a text of ours without its `[n]`."""
    return re.sub(r" ?\[\d{1,2}\]", "", text)


def with_mark(text: str, number: int, /) -> str:
    """Put `[number]` at the end of a sentence, before its full stop.

    Behind code it stands on a line of its own: only such a line closes a fence.
    """
    body = text.rstrip()
    if body.endswith("```"):
        return f"{body}\n[{number}]{text[len(body) :]}"
    stop = re.search(r"[。．.！？!?]*$", body)
    at = stop.start() if stop else len(body)
    space = " " if body[at - 1 : at].isascii() else ""
    return f"{body[:at]}{space}[{number}]{body[at:]}{text[len(body) :]}"


def unmarked(text: str, /) -> str:
    """Rewrite what would read as a mark in a source: `argv⟦1⟧`, 第3条（1）.

    Nothing turns it back: what a model copies from a source is never a citation,
    not even when backticks that stood in it are lost on the way.
    """
    rewritten = _unmarked(text)
    bare = rewritten.replace("`", "")
    if bare != rewritten and (_BRACKETED.search(bare) or _NAMED.search(bare)):
        return _unmarked(bare)
    return rewritten


def _unmarked(text: str) -> str:
    indexed = _INDEXED.sub(lambda run: _BRACKETED.sub(r"⟦\1⟧", run[0]), text)
    return _NAMED.sub(r"⟨\1⟩", _BRACKETED.sub(_in_round_brackets, indexed))


def _in_round_brackets(match: re.Match[str]) -> str:
    return f"({match[1]})" if match[0].isascii() else f"（{match[1]}）"


def cite(number: int, passage: Passage, /, *, claim: str, worth: Weights) -> Citation:
    """Say what `[number]` means; the quotation is what `claim` most leans on."""
    document = passage.document
    quotation = best_sentence(claim, passage.text, worth)
    return Citation(
        number=number,
        document=document.id,
        revision=passage.chunk.revision,
        title=document.title,
        path=document.path,
        heading_path=passage.chunk.heading_path,
        url=address(document, passage.chunk),
        quote=_short(inert(quotation)),
        updated_at=document.updated_at,
        reviewed=document.reviewed,
    )


def address(document: LiveDocument, chunk: Chunk, /) -> str | None:
    """Return where a person reads the chunk: its lines, its heading or the page."""
    link = document.link
    url = link.page
    if link.lines is not None:
        url = link.lines.replace("{first}", str(chunk.lines.first))
        url = url.replace("{last}", str(chunk.lines.last))
    elif link.heading is not None and chunk.heading_path:
        url = link.heading.replace("{anchor}", anchor(chunk.heading_path[-1]))
    return _opens(url)


def page(document: LiveDocument, /) -> str | None:
    """Return where a person opens a document, without a word of what stands in it."""
    return _opens(document.link.page)


def anchor(heading: str, /) -> str:
    """Return the fragment that code hosts and wikis give to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return quote(kept.replace(" ", "-"), safe="")


def _opens(url: str | None) -> str | None:
    return url if url and urlsplit(url).scheme.lower() in _SCHEMES else None


def _numbers(listed: str, sources: int) -> list[int]:
    numbers: list[int] = []
    for first, last in _READ_ITEM.findall(unicodedata.normalize("NFKC", listed)):
        start, end = int(first), int(last or first)
        if 1 <= start <= end <= sources:
            numbers.extend(range(start, end + 1))
    return list(_distinct(numbers))


def _brackets(numbers: Iterable[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)


def _distinct(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTE_LENGTH else flat[: QUOTE_LENGTH - 1] + "…"
