"""Progress bars for people; nothing where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from bot.commands.terminal import err
from bot.ingest.progress import Progress as Told
from bot.ingest.progress import Stage, silent


@contextmanager
def bars(label: str, /, *, quiet: bool = False) -> Iterator[Told]:
    """Show a bar a stage on stderr while the block runs."""
    if quiet or not err.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # A bar that wraps cannot be wiped out again, so this console crops.
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[Stage, TaskID] = {}

        def told(stage: Stage, /, *, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(
                    # What was done before says nothing of how fast it goes.
                    f"{label}: {stage}",
                    total=total,
                    completed=done,
                )
            progress.update(tasks[stage], completed=done, total=total)

        yield told
