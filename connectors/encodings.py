"""Decodes text files whose encoding nobody wrote down, Japanese ones above all."""

import codecs
import re
from dataclasses import dataclass, replace

_MARKS = (
    # UTF-32 before UTF-16: its little-endian mark begins with the other's.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPE = re.compile(rb"\x1b\$[@B(]|\x1b\([IJ]")
_UNUSED = re.compile("[\u0080\u00a0\uf8f0-\uf8f3]")
_HALF_WIDTH_ONLY = re.compile(rb"[\x00-\x7f\xa1-\xdf]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A text with the encoding it was in.

    `ambiguous` where another encoding gives a text as well and only a rule of
    thumb decided.
    """

    text: str
    encoding: str
    ambiguous: bool = False


def decode(data: bytes, /) -> Decoded | None:
    """Return the text with unix line ends; None if binary or in no known encoding.

    The whole file is decided at once, strictly: never line by line, and never with
    replacement characters.
    """
    mark = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    decoded = _strict(data, mark) if mark else _escaped(data) or _unmarked(data)
    if decoded is None or "\x00" in decoded.text:
        return None
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    return replace(decoded, text=text)


def is_binary(data: bytes, /) -> bool:
    """Whether this is no text: it holds a NUL and no mark of a wide encoding."""
    wide = any(data.startswith(mark) for mark, name in _MARKS if name != "utf-8-sig")
    return b"\x00" in data and not wide


def _strict(data: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(text=data.decode(encoding), encoding=encoding)
    except UnicodeDecodeError:
        return None


def _escaped(data: bytes) -> Decoded | None:
    if not _ESCAPE.search(data) or not data.isascii():
        return None
    return _strict(data, "iso2022_jp") or _strict(data, "iso2022_jp_ext")


def _unmarked(data: bytes) -> Decoded | None:
    unicode = _strict(data, "utf-8")
    if unicode is not None:
        return unicode
    euc, windows = _strict(data, "euc_jp"), _windows(data)
    if euc is None or windows is None:
        return euc or windows
    if _HALF_WIDTH_ONLY.fullmatch(data):
        # Half-width katakana in cp932 are valid, and wrong, EUC-JP.
        return Decoded(text=windows.text, encoding="cp932", ambiguous=True)
    # EUC-JP often decodes as cp932, cp932 prose never as EUC-JP.
    return euc


def _windows(data: bytes) -> Decoded | None:
    """Decode as cp932 without the single bytes that no Japanese text ever used."""
    decoded = _strict(data, "cp932")
    return None if decoded is None or _UNUSED.search(decoded.text) else decoded
