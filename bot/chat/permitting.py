"""Says whether an answer that was made earlier may still be shown."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from bot.core.access import Audience
from bot.core.model import Answer, Citation
from bot.core.ports import ActiveGeneration, Catalogue

Permits: TypeAlias = Callable[[Answer, Audience], Awaitable[bool]]
"""Says whether everything an answer rests on may be seen by an audience now."""


class Permitting:
    """Looks every document up anew that an answer names or quotes.

    `catalogue` knows what may be named here, `quotable` what may be quoted too.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        quotable: Catalogue,
        generations: ActiveGeneration,
    ) -> None:
        self._catalogue = catalogue
        self._quotable = quotable
        self._generations = generations

    async def permits(self, answer: Answer, audience: Audience, /) -> bool:
        """Say whether this audience may see all that the answer rests on now."""
        quoted = [each for each in answer.citations if each.quote]
        named = [each for each in answer.citations if not each.quote]
        return await self._seen(quoted, audience, self._quotable) and await self._seen(
            named, audience, self._catalogue
        )

    async def _seen(
        self, cited: Iterable[Citation], audience: Audience, catalogue: Catalogue
    ) -> bool:
        documents = {citation.document for citation in cited}
        if not documents:
            return True
        generation = await self._generations.active()
        if generation is None:
            return False
        live = await catalogue.live(generation.id, documents)
        return all(
            name in live and live[name].access.permits(audience.principals)
            for name in documents
        )
