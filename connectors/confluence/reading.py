"""Reads an export as a whole: recognise it, stream it, join it."""

import threading
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from connectors.archives import Limits, Skipped, Tree, open_tree
from connectors.confluence.joining import Joining
from connectors.confluence.objects import Export
from connectors.confluence.origin import Origin, find_entities, origin_of, xml_date
from connectors.confluence.space import Content
from connectors.confluence.spool import NoSpool, Spool
from connectors.errors import SourceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An export that was read to its end."""

    content: Content
    origin: Origin
    skipped: tuple[Skipped, ...]


def read_export(
    path: Path, limits: Limits, spool: Spool | NoSpool, stop: threading.Event, /
) -> Reading:
    """Read everything but the bodies, which go to the spool.

    Raises `SourceError` for whatever is not one whole export of a known kind, so
    that a partial one is never taken for a smaller one.
    """
    path = path.parent if path.name == "entities.xml" else path
    with open_tree(path, limits=limits) as tree:
        name = find_entities(tree, path)
        file = path / name if path.is_dir() else path
        before = _state(file)
        reading = _read(tree, name, f"{path}: {name}", spool, stop)
        if _state(file) != before:
            raise SourceUnavailable(f"{path} changed while it was read; sync again")
    return reading


def _read(
    tree: Tree, name: str, what: str, spool: Spool | NoSpool, stop: threading.Event
) -> Reading:
    origin = origin_of(tree)
    joining = Joining(spool)
    with closing(tree.open(name)) as file:
        export = Export(file, what)
        for found in export.objects(stop):
            joining.add(found)
    origin = replace(
        origin, written_at=xml_date(export.written_at) or origin.written_at
    )
    content = joining.joined(origin, export.removed)
    if not content.counts:
        left = len(content.orphans)
        only = f", only {left} bodies without one" if left else ""
        raise SourceUnavailable(
            f"{what} holds no pages{only}; export again, with all pages chosen"
        )
    return Reading(content=content, origin=origin, skipped=tree.skipped)


def _state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns
