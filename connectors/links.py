"""Fills the operator's link templates, such as `https://wiki.example/{path}#L{first}`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from connectors.api import Context, Document, Entry, Link, Snapshot
from connectors.errors import OptionsError
from connectors.options import suggestion

NAMES = ("id", "path", "space", "title")
"""The placeholders that every source knows; `path` keeps its slashes."""

_LATER = ("first", "last", "anchor")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_ADDRESS = re.compile(r"https?://[^\s{}<>\"'\\]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTemplate:
    """A checked template; `{first}`, `{last}` and `{anchor}` are filled later.

    What holds one of those is left out of the link to the whole page, if it stands
    behind a `#`; elsewhere the page is line 1, or no heading.
    """

    text: str

    def link(
        self, values: Mapping[str, str | bytes], /, *, lines: bool = False
    ) -> Link:
        """Return the link of one document, every value percent-encoded.

        `lines` says whether the document has the lines of its source file.
        """
        filled = _fill(self.text, {name: _encoded(name, values) for name in values})
        return Link(
            page=_whole(filled),
            lines=filled if lines and "{first}" in filled else None,
            heading=filled if "{anchor}" in filled else None,
        )


def link_template(
    context: Context, /, *, extra: Collection[str] = ()
) -> LinkTemplate | None:
    """Return the operator's template; raises `OptionsError` for one that cannot work.

    `extra` names placeholders that only this kind of source knows.
    """
    if context.link is None:
        return None
    known = [*NAMES, *extra, *_LATER]
    for name in _PLACEHOLDER.findall(context.link):
        if name not in known:
            raise OptionsError(
                f"source '{context.source}': unknown placeholder '{{{name}}}' in link; "
                + suggestion(name, known)
            )
    if not _ADDRESS.fullmatch(_PLACEHOLDER.sub("x", context.link)):
        raise OptionsError(
            f"source '{context.source}': link '{context.link}' is no address; "
            "it begins with https:// and has no spaces or single braces"
        )
    return LinkTemplate(text=context.link)


def sample_links(snapshot: Snapshot, /) -> list[str]:
    """Return the pages of the first three documents that have one."""
    documents = (
        snapshot.fetch(entry)
        for entry in snapshot.entries()
        if isinstance(entry, Entry)
    )
    pages = (
        document.link.page for document in documents if isinstance(document, Document)
    )
    return list(islice(filter(None, pages), 3))


def _encoded(name: str, values: Mapping[str, str | bytes]) -> str:
    return quote(values[name], safe="/" if name == "path" else "")


def _fill(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def _whole(filled: str) -> str:
    page, mark, fragment = filled.partition("#")
    kept = "" if _PLACEHOLDER.search(fragment) else mark + fragment
    return _fill(page, {"first": "1", "last": "1", "anchor": ""}) + kept
