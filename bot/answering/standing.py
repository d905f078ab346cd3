"""Asks the catalogue what an audience may be shown now."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.access import Principal
from bot.core.model import DocumentId, GenerationId
from bot.core.ports import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What everybody who will see one answer may see.

    A document counts while it is live and permitted; a revision that was replaced
    while the answer was being written does not matter.
    """

    catalogue: Catalogue
    generation: GenerationId
    principals: frozenset[Principal]

    async def permitted(
        self, documents: Collection[DocumentId], /
    ) -> frozenset[DocumentId]:
        """Return those of `documents` that may be shown at this moment."""
        if not documents:
            return frozenset()
        live = await self.catalogue.live(self.generation, frozenset(documents))
        return frozenset(
            id_
            for id_, document in live.items()
            if document.access.permits(self.principals)
        )
