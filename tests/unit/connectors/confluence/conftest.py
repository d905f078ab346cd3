"""Reads a fake export with one call."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.api import Context, Document, Entry, Failed, Layers
from connectors.confluence.connector import Confluence, connect
from tests.fakes.confluence_export import FakeExport


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Everything that was read of an export."""

    entries: dict[str, Entry]
    failed: dict[str | None, Failed]
    documents: dict[str, Document]
    checkpoint: str | None

    def layers(self, id_: str) -> Layers:
        return self.entries[id_].layers

    def markdown(self, id_: str) -> str:
        return self.documents[id_].markdown.rstrip("\n")


class Desk:
    """Writes and reads exports in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def connector(
        self,
        path: Path,
        *,
        options: Mapping[str, object] | None = None,
        layers: Layers = (),
        link: str | None = None,
    ) -> Confluence:
        context = Context(
            source="wiki",
            options={"path": str(path), **(options or {})},
            base=self.folder,
            cache=self.folder / "cache",
            layers=layers,
            link=link,
        )
        return connect(context)

    def write(self, export: FakeExport) -> Path:
        return export.write_zip(self.folder / "書き出し.zip")

    def read(
        self,
        export: FakeExport | Path,
        *,
        options: Mapping[str, object] | None = None,
        layers: Layers = (),
        checkpoint: str | None = None,
    ) -> Read:
        path = export if isinstance(export, Path) else self.write(export)
        connector = self.connector(path, options=options, layers=layers)
        with connector.open(checkpoint, stop=threading.Event()) as snapshot:
            listed = list(snapshot.entries())
            entries = [item for item in listed if isinstance(item, Entry)]
            fetched = {entry.id: snapshot.fetch(entry) for entry in entries}
            failures = [item for item in listed if isinstance(item, Failed)]
            failures += [f for f in fetched.values() if isinstance(f, Failed)]
            return Read(
                entries={entry.id: entry for entry in entries},
                failed={failed.id: failed for failed in failures},
                documents={
                    id_: document
                    for id_, document in fetched.items()
                    if isinstance(document, Document)
                },
                checkpoint=snapshot.checkpoint(),
            )

    def problems(self, export: FakeExport, **options: object) -> list[str]:
        connector = self.connector(self.write(export), options=options)
        return [problem.what for problem in connector.check()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
