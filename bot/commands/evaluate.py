"""`shirube eval`: measure retrieval and answers on the team's own questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from bot import settings
from bot.app import answering, opened
from bot.backends.lance import open_index
from bot.commands.terminal import Config, Exit, Verbose, out, run
from bot.core.errors import ConfigError
from bot.evaluation import asking, files, trial

app = typer.Typer(help="Measure retrieval and answers.", no_args_is_help=True)

Corpus = Annotated[Path, typer.Option(help="Documents, a JSON object a line.")]
Queries = Annotated[Path, typer.Option(help="Questions, a JSON object a line.")]
Out = Annotated[Path, typer.Option("--out", help="Where the run is written.")]


class Mode(StrEnum):
    """Which legs are searched."""

    LEXICAL = "lexical"
    HYBRID = "hybrid"


ModeOption = Annotated[Mode, typer.Option(help="By words only, or vectors too.")]


@app.command()
def retrieval(
    *,
    corpus: Corpus,
    queries: Queries,
    out_file: Out,
    mode: ModeOption = Mode.LEXICAL,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Rank the corpus for every question."""
    run(
        lambda: _evaluate(
            corpus, queries, out_file, mode, settings.load(config), write=False
        ),
        verbose=verbose,
    )


@app.command()
def answers(
    *,
    corpus: Corpus,
    queries: Queries,
    out_file: Out,
    mode: ModeOption = Mode.LEXICAL,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Rank the corpus and answer every question."""
    run(
        lambda: _evaluate(
            corpus, queries, out_file, mode, settings.load(config), write=True
        ),
        verbose=verbose,
    )


async def _evaluate(
    corpus: Path,
    queries: Path,
    target: Path,
    mode: Mode,
    read: settings.Settings,
    *,
    write: bool,
) -> Exit:
    documents, questions = files.read_corpus(corpus), files.read_queries(queries)
    with TemporaryDirectory() as folder, _bars() as progress:
        async with opened(read) as running, open_index(Path(folder)) as index:
            embedding = None
            if mode is Mode.HYBRID:
                if running.embedder is None:
                    raise ConfigError("hybrid needs ollama.embed_model")
                embedding = trial.Embedding(
                    embedder=running.embedder, cache=running.state.vectors
                )
            built = await trial.build(
                documents, index=index, embedding=embedding, progress=progress
            )
            if write:
                rows = await asking.answers(
                    built,
                    questions,
                    answerer=answering(built, running.model).answer,
                    progress=progress,
                )
            else:
                rows = await asking.retrieval(built, questions, progress=progress)
    files.write_run(target, rows)
    out.print(
        f"{len(rows)} questions over {built.chunks} chunks → {target}", markup=False
    )
    return Exit.OK


@contextmanager
def _bars() -> Iterator[trial.Progress]:
    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[trial.Stage, TaskID] = {}

        def told(stage: trial.Stage, /, *, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield told
