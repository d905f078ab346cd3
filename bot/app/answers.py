"""What answers questions over an index, the team's own or that of an evaluation."""

from typing import Protocol

from bot.answering.pipeline import Answering
from bot.answering.retrieval import Orphans, Retrieval, uncounted
from bot.core.ports import (
    ActiveGeneration,
    Catalogue,
    Embedder,
    LanguageModel,
    PassageIndex,
)


class Searchable(Protocol):
    """What answering needs of an index with its catalogue; `evaluation` has its own."""

    @property
    def index(self) -> PassageIndex:
        """What is searched."""

    @property
    def catalogue(self) -> Catalogue:
        """What may be shown."""

    @property
    def generations(self) -> ActiveGeneration:
        """Which build of the index answers."""

    @property
    def embedder(self) -> Embedder | None:
        """What embeds questions."""


def answering(
    over: Searchable, model: LanguageModel | None, /, *, orphans: Orphans = uncounted
) -> Answering:
    """Return what answers questions over an index; `orphans` as for `Retrieval`."""
    return Answering(
        retrieval=Retrieval(
            index=over.index,
            catalogue=over.catalogue,
            embedder=over.embedder,
            orphans=orphans,
        ),
        index=over.index,
        catalogue=over.catalogue,
        generations=over.generations,
        model=model,
    )
