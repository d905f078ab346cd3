"""A fetched document becomes a state that can be staged."""

import hashlib

from bot.core.model import DocumentId, Link
from bot.core.sync import Staged
from bot.ingest.plan import access_of
from bot.text.language import detect
from connectors.api import Document, Entry


def staged(key: DocumentId, entry: Entry, document: Document) -> Staged:
    """Return what the ledger stores of a fetched document."""
    return Staged(
        document=key,
        version=entry.version,
        content=content_hash(document.title, document.markdown),
        markdown=document.markdown,
        access=access_of(entry.layers),
        title=document.title or entry.title,
        language=detect(f"{document.title}\n{document.markdown[:4000]}"),
        path=document.path or entry.path,
        link=Link(
            page=document.link.page,
            lines=document.link.lines,
            heading=document.link.heading,
        ),
        updated_at=document.updated_at or entry.updated_at,
        author=document.author,
        labels=document.labels,
    )


def content_hash(title: str, markdown: str) -> str:
    """Return the hash of what is indexed of a document.

    The path is left out: a document that only moved keeps its revision.
    """
    return hashlib.sha256(f"{title}\0{markdown}".encode()).hexdigest()
