"""Writes the headings of reStructuredText as Markdown; everything else stays text."""

import re

_RULE = re.compile(r"([=\-~^\"'`+*#:._])\1{1,}[ \t]*$")
_LEVELS = 6


def with_markdown_headings(text: str, /) -> str:
    """Return the text with the same number of lines and its headings as `#`.

    The kinds of underlines count as levels in the order in which they come. Left as
    they are, `~~~~` would open a code block and swallow what follows.
    """
    lines = text.split("\n")
    kinds: list[tuple[str, bool]] = []
    for number in range(1, len(lines)):
        title, rule = lines[number - 1], lines[number]
        if not _is_underline(title, rule):
            continue
        over = number > 1 and lines[number - 2].rstrip() == rule.rstrip()
        kind = (rule[0], over)
        if kind not in kinds:
            kinds.append(kind)
        level = min(kinds.index(kind) + 1, _LEVELS)
        lines[number - 1 : number + 1] = [f"{'#' * level} {title.strip()}", ""]
        if over:
            lines[number - 2] = ""
    return "\n".join(lines)


def _is_underline(title: str, rule: str) -> bool:
    if not title.strip() or _RULE.match(title) or not _RULE.match(rule):
        return False
    # A Japanese character counts as one here: some writers count it as two.
    return len(rule.rstrip()) >= len(title.strip())
