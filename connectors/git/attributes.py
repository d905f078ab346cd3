"""Reads `.gitattributes` for what was made by machines or is not to be exported."""

from dataclasses import dataclass

from pathspec import GitIgnoreSpec

_NAMES = ("linguist-generated", "linguist-vendored", "export-ignore")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The rules of one file: pattern, attribute and whether it is set."""

    _rules: tuple[tuple[GitIgnoreSpec, str, bool], ...]

    def leave_out(self, path: str, /) -> bool:
        """Whether one of the attributes is set for a path; the last rule wins."""
        set_now = dict.fromkeys(_NAMES, False)
        for pattern, name, value in self._rules:
            if pattern.match_file(path):
                set_now[name] = value
        return any(set_now.values())


def read_attributes(text: str, /) -> Attributes:
    """Read the rules that concern us; lines that make no sense are no rules."""
    rules = []
    for line in text.splitlines():
        pattern, *attributes = line.split() or [""]
        if pattern.startswith(("#", "!", "[attr]")) or not attributes:
            continue
        for attribute in attributes:
            name, _, value = attribute.lstrip("-!").partition("=")
            is_set = attribute[0] not in "-!" and value.lower() not in {"false", "0"}
            if name in _NAMES and (spec := _spec(pattern)) is not None:
                rules.append((spec, name, is_set))
    return Attributes(tuple(rules))


def _spec(pattern: str) -> GitIgnoreSpec | None:
    try:
        return GitIgnoreSpec.from_lines([pattern.strip('"')])
    except ValueError:
        return None
