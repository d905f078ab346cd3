"""Finds the first top heading of a Markdown text, which is its title."""

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}=+[ \t]*$")
_ANCHOR = re.compile(r"[ \t]*\{#[^}]*\}[ \t]*$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"</?[A-Za-z][^>]*>|`+|\*\*|~~|\\(?=[!-/:-@\[-`{-~])")


def first_heading(markdown: str, /) -> str | None:
    """Return the text of the first heading of level 1, without its markup."""
    before, fence = "", ""
    for line in markdown.split("\n"):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
            before = ""
            continue
        if fence:
            continue
        if (heading := _heading(line, before)) is not None:
            return heading
        before = line
    return None


def without_markup(text: str, /) -> str:
    """Return a heading's text as people read it."""
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", _ANCHOR.sub("", text)))
    return " ".join(_MARKUP.sub("", text).split())


def _heading(line: str, before: str) -> str | None:
    if found := _ATX.match(line):
        return without_markup(found[1]) or None
    if before.strip() and _UNDERLINE.match(line):
        return without_markup(before) or None
    return None
