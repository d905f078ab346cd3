"""A fetched document becomes a state that can be staged."""

import hashlib

from bot.core.model import DocumentId, Link
from bot.core.sync import Staged
from bot.ingest.plan import access_of
from bot.text.language import detect
from bot.text.normalise import printable, storable
from connectors.api import Document, Entry

LANGUAGE = 4000
"""Characters of a document that tell its language."""


def staged(key: DocumentId, entry: Entry, document: Document) -> Staged:
    """Return what the ledger stores of a fetched document."""
    # A connector of somebody else may let everything pass.
    title = printable(document.title or entry.title)
    markdown = storable(document.markdown)
    return Staged(
        document=key,
        version=entry.version,
        content=content_hash(title, markdown),
        markdown=markdown,
        access=access_of(entry.layers),
        title=title,
        language=detect(f"{title}\n{markdown[:LANGUAGE]}"),
        path=tuple(map(printable, document.path or entry.path)),
        link=Link(
            page=document.link.page,
            lines=document.link.lines,
            heading=document.link.heading,
        ),
        updated_at=document.updated_at or entry.updated_at,
        reviewed=document.reviewed,
        author=document.author,
        labels=document.labels,
    )


def content_hash(title: str, markdown: str) -> str:
    """Return the hash of what is indexed of a document.

    The path is left out: a document that only moved keeps its revision.
    """
    return hashlib.sha256(f"{title}\0{markdown}".encode()).hexdigest()
