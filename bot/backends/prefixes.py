"""What each family of embedding models wants before a question and a document.

Model hosts add nothing by themselves, and without its prefixes a model finds worse.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """How texts are dressed; `name` changes whenever the dress does."""

    name: str
    query: str = ""
    document: str = ""


PLAIN = Prefix(name="none")

_ENGLISH_QUERY = "Represent this sentence for searching relevant passages: "
_FAMILIES: tuple[tuple[str, Prefix], ...] = (
    (
        "qwen3-embedding",
        Prefix(
            name="qwen3-1",
            query=(
                "Instruct: Given a web search query, retrieve relevant passages that "
                "answer the query\nQuery:"
            ),
        ),
    ),
    (
        "embeddinggemma|embedding-gemma",
        Prefix(
            name="gemma-1",
            query="task: search result | query: ",
            document="title: none | text: ",
        ),
    ),
    ("arctic-embed2|arctic-embed-[lm]-v2", Prefix(name="arctic-2", query="query: ")),
    ("arctic-embed|mxbai-embed", Prefix(name="english-1", query=_ENGLISH_QUERY)),
    (
        "nomic-embed-text",
        Prefix(name="nomic-1", query="search_query: ", document="search_document: "),
    ),
    (
        "ruri-v3",
        Prefix(name="ruri-3", query="検索クエリ: ", document="検索文書: "),
    ),
    (
        r"\be5\b|multilingual-e5",
        Prefix(name="e5-1", query="query: ", document="passage: "),
    ),
)


def prefix_of(model: str, /) -> Prefix:
    """Return what a model wants, by its name; unknown models get their texts bare.

    `bge-m3`, `all-minilm`, `granite-embedding` and `paraphrase-multilingual` want
    nothing.
    """
    name = model.lower().rpartition("/")[2]
    return next((p for family, p in _FAMILIES if re.search(family, name)), PLAIN)
