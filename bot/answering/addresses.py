"""Finds what a person or a chat platform reads as an address: URLs, hosts, mail."""

import re
from collections.abc import Iterator
from typing import Final

# Endings of names of hosts. Two letters are a country, in one case only, because
# "days.It" is two sentences.
_GENERIC: Final = (
    "academy|agency|app|art|biz|blog|business|cafe|careers|center|chat|click|cloud|club"
    "|codes|com|community|company|computer|dev|digital|download|edu|email|events|expert"
    "|finance|fun|games|gov|group|guru|help|host|hosting|icu|inc|info|int|jobs|life|link"
    "|live|ltd|market|marketing|media|mil|mobi|money|monster|mov|net|network|news|ninja"
    "|one|online|org|page|press|pro|quest|review|rocks|run|sale|school|services|shop"
    "|site|social|software|solutions|space|store|stream|studio|support|systems|team|tech"
    "|technology|today|tokyo|tools|top|vip|website|wiki|win|work|works|world|wtf|xyz|zip"
    "|zone|xn--[a-z0-9-]{2,59}"
)
_COUNTRY: Final = (
    "a[c-gilmoq-uwxz]|b[abd-jmnorstvwyz]|c[acdf-ik-oruvwxyz]|d[ejkmoz]|e[cegrstu]"
    "|f[ijkmor]|g[abd-ilmnp-uwy]|h[kmnrtu]|i[del-oq-t]|j[emop]|k[eghimnprwyz]"
    "|l[abcikr-vy]|m[acdeghk-z]|n[acefgilopruz]|om|p[ae-hk-nrstwy]|qa|r[eosuw]"
    "|s[a-eg-ortuvxyz]|t[cdfghj-ortvwz]|u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]"
)
_ENDING: Final = rf"(?:{_GENERIC}|(?-i:{_COUNTRY}|{_COUNTRY.upper()}))"

# ASCII only, because Japanese text goes on right behind an address, and without
# square brackets, because a citation does.
_REST: Final = r"[a-z0-9\-._~:/?#@!$&'()*+,;=%\\]"

_LABEL: Final = r"[a-z0-9_][a-z0-9_-]{0,62}"

_ADDRESS: Final = re.compile(
    rf"""
      (?<![a-z0-9+.-]) [a-z][a-z0-9+.-]{{0,30}} \s?:\s?// {_REST}*
    | (?<![a-z0-9]) (?:mailto|javascript|vbscript|slack|discord) : {_REST}+
    | (?<![a-z0-9]) data: (?:[a-z]+/ | [;,]) {_REST}*
    | (?<![a-z0-9_.-]) www[.．] (?:{_REST}+ | [^\W\x00-\x7f]{{1,20}} (?:[.．]{_REST}+)?)
    | (?<![a-z0-9_.+-]) [a-z0-9_.+-]{{1,64}}@(?:{_LABEL}[.．])+[a-z][a-z0-9-]+
    | (?<![a-z0-9_.-]) (?:{_LABEL}[.．])+
      {_ENDING} (?![a-z0-9_-] | [.．][a-z0-9]) (?:[:/?\#]{_REST}*)?
    | [^\W\x00-\x7f]{{1,20}} [.．] (?:com|net|org|info|jp|xyz|xn--[a-z0-9-]+)
      (?![a-z0-9]) (?:/{_REST}*)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TRAIL: Final = ".,;:!?'*_~"

# README.md, setup.sh, user.id: a file or an attribute far oftener than a host.
_NAME: Final = re.compile(r"(?!www\b)[a-z0-9_-]+\.(?:[a-z]{2}|zip|mov)", re.IGNORECASE)


def spans(text: str, /) -> Iterator[tuple[int, int]]:
    """Yield where addresses stand in `text`, without the punctuation behind them."""
    for match in _ADDRESS.finditer(text):
        yield match.start(), match.start() + len(_trimmed(match[0]))


def addresses(text: str, /) -> frozenset[str]:
    """Return the addresses in `text`, byte by byte."""
    return frozenset(text[start:end] for start, end in spans(text))


def could_be_a_name(address: str, /) -> bool:
    """Whether it may as well be the name of a file or of an attribute."""
    return _NAME.fullmatch(address) is not None


def _trimmed(address: str) -> str:
    while address:
        last = address[-1]
        unopened = last == ")" and address.count(")") > address.count("(")
        if not unopened and last not in _TRAIL:
            break
        address = address[:-1]
    return address
