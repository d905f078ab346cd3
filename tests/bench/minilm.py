"""MiniLM through the real Ollama, with every vector remembered on disk."""

import hashlib
import sqlite3
import tempfile
from array import array
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from bot.backends.ollama import OllamaEmbedder, OllamaHost
from bot.core.model import EmbeddingSpec, Vector
from bot.core.ports import Embedder, VectorCache
from bot.evaluation.trial import Embedding
from tests.fakes.ollama_models import minilm
from tests.fakes.ollama_server import cache, find_binary, find_minilm, running

BATCH = 16


class VectorFile:
    """The `VectorCache` port on a SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
            )

    async def get(self, keys: Collection[str], /) -> Mapping[str, Vector]:
        """Return those that are stored."""
        rows = (
            self._connection.execute(
                "SELECT key, vector FROM vectors WHERE key = ?", (key,)
            ).fetchone()
            for key in keys
        )
        return {key: array("f", vector) for key, vector in filter(None, rows)}

    async def put(self, vectors: Mapping[str, Vector], /) -> None:
        """Store vectors."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                [(key, vector.tobytes()) for key, vector in vectors.items()],
            )


class Remembering:
    """An `Embedder` that asks another one only for questions it does not know.

    The server gives a model another digest each time it is made, so the weights
    speak for it.
    """

    def __init__(self, embedder: Embedder, known: VectorCache, digest: str) -> None:
        self._embedder = embedder
        self._known = known
        self._digest = digest

    async def spec(self) -> EmbeddingSpec:
        """Say which vectors come out."""
        return replace(await self._embedder.spec(), digest=self._digest)

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        """Embed; documents are remembered by the product itself."""
        return await self._embedder.embed_documents(texts)

    async def embed_query(self, text: str, /) -> Vector:
        """Look the vector up, or embed and remember."""
        named = f"question\0{self._digest}\0{text}"
        key = hashlib.sha256(named.encode()).hexdigest()
        found = await self._known.get([key])
        if key not in found:
            found = {key: await self._embedder.embed_query(text)}
            await self._known.put(found)
        return found[key]


@asynccontextmanager
async def embedding() -> AsyncIterator[Embedding]:
    """Start the server with MiniLM in it; `SystemExit` where one is missing."""
    binary, weights = find_binary(), find_minilm()
    if binary is None or weights is None:
        raise SystemExit("hybrid figures need Ollama and MiniLM: run .ci/servers")
    with (
        tempfile.TemporaryDirectory() as folder,
        running(binary, Path(folder)) as server,
        closing(sqlite3.connect(cache() / "bench-vectors.sqlite")) as connection,
    ):
        model = minilm(Path(folder) / "minilm.gguf", weights)
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        name = server.create("minilm", model)
        known = VectorFile(connection)
        async with OllamaHost(server.url) as host:
            embedder = Remembering(OllamaEmbedder(host, model=name), known, digest)
            yield Embedding(embedder=embedder, cache=known)
