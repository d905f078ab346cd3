"""Confluence's storage format as Markdown.

Pure: text in; Markdown, what was dropped, and what the page refers to out. Nothing
that a reader of the page sees is lost without being counted, and whatever comes in,
text comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.confluence.blocks import blocks
from connectors.confluence.links import Notes
from connectors.confluence.markup import parse
from connectors.confluence.references import Reference, Resolver, Unresolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A page as Markdown.

    `dropped` counts the macros nobody knows, by name; their text is kept. A text
    that was not well-formed is `degraded`: it is all there, its structure may not.
    """

    markdown: str
    dropped: Mapping[str, int]
    references: tuple[Reference, ...] = ()
    degraded: bool = False


def convert(storage: str, /, resolver: Resolver | None = None) -> Converted:
    """Convert the body of a page.

    Without a resolver, or where it knows no address, links to pages become
    `confluence:<space>:<title>`.
    """
    root, degraded = parse(storage)
    notes = Notes(resolver or Unresolved())
    markdown = "\n\n".join(blocks(root.children, notes))
    return Converted(
        markdown=markdown + "\n" if markdown else "",
        dropped=MappingProxyType(dict(notes.dropped)),
        references=tuple(dict.fromkeys(notes.references)),
        degraded=degraded,
    )
