"""How far it is believed who may see a document, by when its source was last read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.core.access import OPEN, PUB
from bot.core.model import LiveDocument
from bot.state.schema import Clock

LONGEST: Final = timedelta(days=7)
"""After that a source of which rights age is not used at all."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """For how long after a source was read whole its rights count, source by source.

    After that only what is open inside is used, and after a week, or that time if it
    is longer, nothing. The rights of other sources do not age.
    """

    valid: Mapping[str, timedelta] = field(default_factory=dict)
    clock: Clock = _now

    def late(self, source: str, read: datetime | None, /) -> bool:
        """Say whether the rights of a source were read whole too long ago, or never."""
        valid = self.valid.get(source)
        if valid is None:
            return False
        return read is None or self.clock() - read > valid

    def seen(
        self, document: LiveDocument, read: datetime | None, /
    ) -> LiveDocument | None:
        """Return a document as it may be seen now; None where nobody may."""
        if not self.late(document.source, read):
            return document
        longest = max(self.valid[document.source], LONGEST)
        over = read is not None and self.clock() - read > longest
        if over or not document.access.permits(frozenset({PUB})):
            return None
        return replace(document, access=OPEN)
