"""Takes what a model thinks aloud out of what it says, while it streams."""

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkFilter:
    """Drops `<think>…</think>`, however the stream cuts the tags.

    Ollama separates thinking for models it has a parser for; other imports leave
    it in the text. A block that is never closed hides everything after it, and a
    closing tag without an opening one is dropped.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._fresh = True

    def feed(self, text: str, /) -> str:
        """Take the next piece of the stream and return what may be shown of it."""
        self._held += text
        shown = ""
        while self._held:
            piece, again = self._step()
            shown += piece
            if not again:
                break
        return self._trimmed(shown)

    def finish(self) -> str:
        """Return what was held back because it might have become a tag."""
        rest = "" if self._inside else self._held
        self._held = ""
        return self._trimmed(rest)

    def _step(self) -> tuple[str, bool]:
        """Use up the text to the next tag; the flag says whether one was found."""
        tags = (_CLOSE,) if self._inside else (_OPEN, _CLOSE)
        found = [(at, tag) for tag in tags if (at := self._held.find(tag)) >= 0]
        if not found:
            return self._undecided(tags), False
        at, tag = min(found)
        before = "" if self._inside else self._held[:at]
        self._held = self._held[at + len(tag) :]
        self._inside = tag == _OPEN
        return before, True

    def _undecided(self, tags: tuple[str, ...]) -> str:
        keep = max(_overlap(self._held, tag) for tag in tags)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return "" if self._inside else shown

    def _trimmed(self, shown: str) -> str:
        if self._fresh:
            shown = shown.lstrip()
            self._fresh = not shown
        return shown


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    longest = min(len(text), len(tag) - 1)
    return next((n for n in range(longest, 0, -1) if tag.startswith(text[-n:])), 0)
