"""`shirube index`: builds of the index side by side, and which of them answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bot import settings
from bot.app import App, opened
from bot.commands.progress import bars
from bot.commands.terminal import Config, Exit, Json, Verbose, err, out, run
from bot.core.errors import BotError, ConfigError
from bot.core.model import Generation, GenerationId, GenerationSpec
from bot.core.ports import Stored
from bot.core.sync import GenerationStatus
from bot.ingest.building import Built

app = typer.Typer(
    help="Build the index anew beside the one that answers, and switch.",
    no_args_is_help=True,
)


class Backend(StrEnum):
    """Where an index can be built that outlives the process."""

    LANCE = "lance"
    WEAVIATE = "weaviate"


Name = Annotated[str, typer.Argument(help="As in `shirube index list`: g2.")]


@app.command("list")
def list_(
    *, config: Config = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Show every build: what it was made with, and whether it could answer."""

    async def main() -> Exit:
        async with opened(settings.load(config)) as app:
            builds = await app.state.generations.builds()
            rooms = await _rooms(app, builds)
        rows = [*(_known(each, rooms) for each in builds), *_unknown(builds, rooms)]
        if as_json:
            unreached = dict(rooms.unreached)
            out.print_json(json.dumps({"generations": rows, "unreached": unreached}))
        else:
            _show(rows, rooms)
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def build(
    *,
    backend: Annotated[
        Backend | None,
        typer.Option("--backend", help="Where; as index.backend says unless given."),
    ] = None,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Fill a new generation with what is live, fetching nothing; it waits then.

    The one that is active answers meanwhile. A build that was stopped goes on where
    it stopped, as long as it would be made with the same.
    """

    async def main() -> Exit:
        read = settings.load(config)
        if backend is None and read.index.backend == "memory":
            raise ConfigError(
                "an index in memory is gone with its process; say --backend lance "
                "or --backend weaviate"
            )
        async with opened(read, writing=True, holder="index build") as app:
            with bars("index", quiet=as_json) as progress:
                built, problem = await app.engine.build(
                    progress=progress, backend=backend
                )
        if as_json:
            out.print_json(json.dumps(_built(built) | {"problem": problem}))
        else:
            _say_built(built, problem)
        return Exit.FAILED if built.pending else Exit.OK

    run(main, verbose=verbose)


@app.command()
def activate(
    name: Name,
    *,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Complete a generation, verify it, and let it answer from the next question on.

    The one that answered until now stays, to go back to, until it is dropped.
    """

    async def main() -> Exit:
        chosen = GenerationId(name)
        async with opened(
            settings.load(config), writing=True, holder="index activate"
        ) as app:
            before = await app.state.generations.active()
            if before is not None and before.id == chosen:
                _say(f"{name} answers already")
                return Exit.OK
            with bars("index", quiet=as_json) as progress:
                built, found = await app.engine.activate(chosen, progress=progress)
            reason = await app.engine.outdated(built.generation)
        if as_json:
            row = _built(built) | {
                "searched": found.searched,
                "restricted": found.restricted,
                "replaced": before.id if before else None,
                "outdated": reason,
            }
            out.print_json(json.dumps(row))
            return Exit.OK
        _say(
            f"{name} answers from now on: {built.documents} documents, "
            f"{found.searched} searched for, access of {found.restricted} tried"
        )
        if before is not None:
            _say(f"{before.id} stays until `shirube index drop {before.id}`")
        if reason:
            _warn(
                f"the next sync would build another one: {reason}, as the settings "
                "say; change them if this one is to stay"
            )
        return Exit.OK

    run(main, verbose=verbose)


@app.command()
def drop(
    name: Name,
    *,
    backend: Annotated[
        Backend | None,
        typer.Option("--backend", help="Where it lies, if there are two of the name."),
    ] = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Delete a generation that does not answer, or one that only the engine knows."""

    async def main() -> Exit:
        async with opened(
            settings.load(config), writing=True, holder="index drop"
        ) as app:
            builds = await app.state.generations.builds()
            known = {each.generation.id: each.generation for each in builds}
            found = known.get(GenerationId(name))
            if found is not None and backend in {None, found.spec.backend}:
                await app.engine.drop(found.id)
            else:
                found = _stranger(name, backend, await _rooms(app, builds), builds)
                await app.index.drop(found)
        _say(f"{name} is gone from {found.spec.backend}")
        return Exit.OK

    run(main, verbose=verbose)


# --- what lies where ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """What the engines hold, and why some could not be asked."""

    found: Sequence[Stored]
    unreached: Mapping[str, str]

    def of(self, generation: Generation) -> Stored | None:
        """Return what is held of a generation where it should be."""
        for each in self.found:
            if _place(each.generation) == _place(generation):
                return each
        return None


async def _rooms(app: App, builds: Sequence[GenerationStatus]) -> _Rooms:
    found: list[Stored] = []
    unreached: dict[str, str] = {}
    for backend in _asked(app, builds):
        try:
            found += await app.index.stored_at(backend)
        except BotError as error:
            unreached[backend] = str(error)
    return _Rooms(found=found, unreached=unreached)


def _asked(app: App, builds: Sequence[GenerationStatus]) -> list[str]:
    """Name the backends where something of ours may lie."""
    chosen = app.settings.index
    named = [chosen.backend, *(each.generation.spec.backend for each in builds)]
    if "url" in chosen.model_fields_set:
        named.append(Backend.WEAVIATE.value)
    if (app.settings.folder() / "index").exists():
        named.append(Backend.LANCE.value)
    return list(dict.fromkeys(map(str, named)))


def _place(generation: Generation) -> tuple[str, str]:
    return generation.id, generation.spec.backend


def _strangers(builds: Sequence[GenerationStatus], rooms: _Rooms) -> list[Stored]:
    """Return what the engines hold and the state database does not know."""
    known = {_place(each.generation) for each in builds}
    return [each for each in rooms.found if _place(each.generation) not in known]


def _stranger(
    name: str,
    backend: Backend | None,
    rooms: _Rooms,
    builds: Sequence[GenerationStatus],
) -> Generation:
    found = [
        each.generation
        for each in _strangers(builds, rooms)
        if each.generation.id == name
        and backend in {None, each.generation.spec.backend}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(each.spec.backend for each in found)
        raise ConfigError(f"{name} lies in {places}; say which with --backend")
    raise ConfigError(
        f"there is no generation {name!r}; `shirube index list` shows those there are"
    )


# --- what is printed ---------------------------------------------------------


def _known(status: GenerationStatus, rooms: _Rooms) -> dict[str, object]:
    generation = status.generation
    stored = rooms.of(generation)
    reached = generation.spec.backend not in rooms.unreached
    return {
        "generation": generation.id,
        "state": _state(status, lost=reached and stored is None),
        **_spec(generation.spec),
        "documents": status.documents,
        "behind": status.behind,
        "chunks": stored.chunks if stored else None,
        "bytes": stored.size if stored else None,
        "created": status.created_at.isoformat(timespec="seconds"),
    }


def _state(status: GenerationStatus, *, lost: bool) -> str:
    if lost:
        return "active, lost" if status.active else "lost"
    if status.active:
        return "active"
    if status.generation.rebuild:
        return "replaced"
    if status.synced:
        return "old"
    if status.behind:
        return f"building {status.documents}/{status.documents + status.behind}"
    return "ready"


def _unknown(
    builds: Sequence[GenerationStatus], rooms: _Rooms
) -> list[dict[str, object]]:
    return [
        {
            "generation": each.generation.id,
            "state": "unknown",
            **_spec(each.generation.spec),
            "documents": None,
            "behind": None,
            "chunks": each.chunks,
            "bytes": each.size,
            "created": None,
        }
        for each in _strangers(builds, rooms)
    ]


def _spec(spec: GenerationSpec) -> dict[str, object]:
    embedding = spec.embedding
    return {
        "backend": spec.backend,
        "analyzer": spec.analyzer or None,
        "chunker": spec.chunker or None,
        "embedding": embedding.model if embedding else None,
        "digest": embedding.digest if embedding else None,
        "dimensions": embedding.dimensions if embedding else None,
    }


def _show(rows: Sequence[Mapping[str, object]], rooms: _Rooms) -> None:
    if not rows:
        _say("there is no index yet; run `shirube sync`")
    else:
        counted = ("documents", "behind", "chunks", "bytes")
        table = Table("", "state", "made with", *counted, "made")
        for row in rows:
            counts = (_number(row[name]) for name in counted)
            table.add_row(
                _cell(row["generation"]),
                _cell(row["state"]),
                escape(_made_with(row)),
                *counts,
                _cell(row["created"])[:16].replace("T", " "),
            )
        out.print(table)
    for backend, problem in rooms.unreached.items():
        _warn(f"{backend} could not be asked what it holds: {problem}")
    for row in rows:
        name = row["generation"]
        if row["state"] not in {"active", "active, lost"}:
            _say(f"`shirube index drop {name}` deletes {name}")


def _made_with(row: Mapping[str, object]) -> str:
    """Return what a generation was made with, over several short lines."""
    embedding = row["embedding"] or "no vectors"
    vectors = (
        f"{row['dimensions']} {str(row['digest'])[:19]}" if row["digest"] else None
    )
    parts = (row["backend"], row["analyzer"], row["chunker"], embedding, vectors)
    return "\n".join(str(part) for part in parts if part)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"


def _cell(value: object) -> str:
    return "–" if value is None else escape(str(value))


def _built(built: Built) -> dict[str, object]:
    return {
        "generation": built.generation.id,
        **_spec(built.generation.spec),
        "documents": built.documents,
        "written": built.written,
        "pending": built.pending,
        "mended": built.mended.put,
        "collected": built.mended.collected,
    }


def _say_built(built: Built, problem: str | None) -> None:
    name = built.generation.id
    _say(
        f"{name} in {built.generation.spec.backend} shows {built.documents} documents, "
        f"{built.written} written now"
    )
    if built.mended.put or built.mended.collected:
        _say(
            f"mended: {built.mended.put} documents put again, "
            f"{built.mended.collected} chunks of nothing deleted"
        )
    if problem:
        _warn(problem)
    if built.pending:
        _warn(
            f"{built.pending} documents lack vectors; `shirube index build` goes on "
            "with them once the model host answers"
        )
    _say(f"`shirube index activate {name}` lets it answer")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False)


def _warn(text: str) -> None:
    err.print(text, style="yellow", markup=False, highlight=False)
