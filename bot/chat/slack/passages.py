"""Finds what a source of an answer says, for somebody who may read that now."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from bot.chat.audience import Grants, of_person
from bot.chat.slack.directory import Directory
from bot.chat.slack.placing import is_direct
from bot.chat.surface import unpacked
from bot.core.access import Audience
from bot.core.inbox import Incoming, QuestionId
from bot.core.model import Citation, Language
from bot.core.ports import ActiveGeneration, Askings, Catalogue
from bot.text import pressing
from bot.text.phrases import Phrase

Readers: TypeAlias = Callable[[Incoming], Awaitable[Audience]]
"""Finds out who will see what is written where a question was asked."""


class Passages:
    """Shows one person what the answers quote, by the rights that person has now.

    Those are the person's own, and of a member those of the channel it was asked in,
    as `readers` says. That somebody saw the answer counts for nothing: they may have
    left since, and the catalogue may have changed. `catalogue` knows what may be named
    here, `quotable` what may be quoted.
    """

    def __init__(
        self,
        directory: Directory,
        grants: Grants,
        *,
        readers: Readers,
        lookups: Askings,
        catalogue: Catalogue,
        quotable: Catalogue,
        generations: ActiveGeneration,
    ) -> None:
        self._directory = directory
        self._grants = grants
        self._readers = readers
        self._lookups = lookups
        self._catalogue = catalogue
        self._quotable = quotable
        self._generations = generations

    async def cited(self, question: QuestionId, /) -> tuple[Citation, ...] | None:
        """Return the sources of an answer; None once it is forgotten."""
        staged = await self._lookups.staged(question)
        if not staged:
            return None
        answer = unpacked(staged).answer
        return answer.citations if answer else ()

    async def find(
        self, question: QuestionId, number: int, /, *, user: str, language: Language
    ) -> Citation | Phrase:
        """Return a source of an answer, or why it is not shown.

        One that is gone and one that this person may not see are told alike.
        """
        cited = await self.cited(question)
        if cited is None:
            return pressing.FORGOTTEN
        audience = await self._reader(question, user, language)
        meant = [citation for citation in cited if citation.number == number]
        quotable = await self._visible(meant, audience, self._quotable)
        for citation, revision in quotable.items():
            if not citation.quote:
                return pressing.NOT_QUOTED
            return citation if citation.revision == revision else pressing.CHANGED
        named = await self._visible(meant, audience, self._catalogue)
        return pressing.NOT_QUOTED if named else pressing.NOT_SHOWN

    async def _reader(
        self, question: QuestionId, user: str, language: Language
    ) -> Audience:
        person = await self._directory.person(user)
        alone = of_person(person, self._grants, language)
        asked = await self._lookups.incoming(question)
        if asked is None or is_direct(asked):
            return alone
        if not await self._directory.is_in(user, asked.origin.channel):
            return alone
        together = await self._readers(asked)
        return replace(alone, principals=alone.principals | together.principals)

    async def allowed(
        self, cited: Sequence[Citation], audience: Audience, /
    ) -> Sequence[Citation]:
        """Return those whose documents this audience may see now."""
        return list(await self._visible(cited, audience, self._catalogue))

    async def _visible(
        self, cited: Sequence[Citation], audience: Audience, catalogue: Catalogue
    ) -> Mapping[Citation, int]:
        """Return those whose documents may be seen, with the revisions of today."""
        generation = await self._generations.active()
        if generation is None:
            return {}
        documents = {citation.document for citation in cited}
        live = await catalogue.live(generation.id, documents)
        return {
            citation: now.revision
            for citation in cited
            if (now := live.get(citation.document)) is not None
            and now.access.permits(audience.principals)
        }
