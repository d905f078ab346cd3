"""Makes the indexes of a LanceDB table and keeps them up with what is written."""

from datetime import timedelta

from lancedb import AsyncConnection
from lancedb.index import FTS, BTree, HnswSq, LabelList
from lancedb.table import AsyncTable

from bot.backends.lance.rows import ACCESS_COLUMNS

FLAT_UP_TO = 10_000
"""From so many vectors on, a graph answers faster than reading all of them."""

RETENTION = timedelta(hours=1)
"""How long old versions stay: a reader that is under way must not lose its files."""

MAX_SEGMENTS = 8
"""Upkeep adds a part to the vector index each time; every search walks them all."""

MAX_WRITES = 64
"""A write looks for its ids in every earlier write that the index of ids lacks:
after 500 of them a put takes 200 ms instead of 15."""

MAX_CHUNKS = 5_000
"""A search reads chunks that the text index lacks one by one: 9 ms each thousand."""

# The tokens are made by the analyzer: the engine splits at spaces and does nothing
# else. Its limit of 40 bytes a token would drop longer ones without a word.
_TEXT_INDEX = FTS(
    base_tokenizer="whitespace",
    lower_case=False,
    stem=False,
    remove_stop_words=False,
    ascii_folding=False,
    with_position=False,
    max_token_length=None,
)


async def complete(table: AsyncTable, /) -> None:
    """Make the indexes that are not there yet; a killed `create` leaves some out."""
    wanted: dict[str, FTS | BTree | LabelList] = {
        "tokens": _TEXT_INDEX,
        "id": BTree(),
        "document": BTree(),
        **dict.fromkeys(ACCESS_COLUMNS, LabelList()),
    }
    there = {column for index in await table.list_indices() for column in index.columns}
    for column, config in wanted.items():
        if column not in there:
            await table.create_index(column, config=config)


async def table_names(connection: AsyncConnection, /) -> list[str]:
    """Return the names of all tables; the engine gives them in pages."""
    names: list[str] = []
    page = await connection.list_tables()
    while page.tables:
        names += page.tables
        if not page.page_token:
            break
        page = await connection.list_tables(page_token=page.page_token)
    return names


async def optimize(table: AsyncTable, /) -> None:
    """Compact the files, extend the indexes, forget old versions."""
    await table.optimize(cleanup_older_than=RETENTION)


async def index_vectors(table: AsyncTable, /) -> None:
    """Build the vector index where there is none yet, or one of too many parts."""
    for index in await table.list_indices():
        if index.columns == ["vector"] and (index.num_segments or 1) <= MAX_SEGMENTS:
            return
    if await table.count_rows("vector IS NOT NULL") >= FLAT_UP_TO:
        await table.create_index("vector", config=HnswSq(distance_type="cosine"))


class Backlog:
    """What was written to one table since its indexes were looked at."""

    def __init__(self) -> None:
        self._writes = 0
        self._chunks = 0

    def clear(self) -> None:
        """Forget what was written."""
        self._writes = self._chunks = 0

    async def add(self, table: AsyncTable, chunks: int, /) -> None:
        """Count a write, and index what has piled up before it slows others down.

        Everything is indexed when a tenth of the table waits, so that a long first
        import costs no more than a few times its size; else only the ids.
        """
        self._writes += 1
        self._chunks += chunks
        if self._writes < MAX_WRITES and self._chunks < MAX_CHUNKS:
            return
        self.clear()
        stats = await table.index_stats("tokens_idx")
        waiting = stats.num_unindexed_rows if stats else 0
        indexed = stats.num_indexed_rows if stats else 0
        if waiting >= max(MAX_CHUNKS, indexed // 10):
            await optimize(table)
        else:
            await table.create_index("id", config=BTree(), replace=True)
