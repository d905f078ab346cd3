"""Who may see a document, and who will see an answer.

Access is an AND of layers, each an OR of principals: a reader must hold at
least one principal of every layer. Whatever is unknown is readable by nobody.
"""

import hashlib
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NewType
from urllib.parse import quote

Principal = NewType("Principal", str)

PUB = Principal("pub")
"""Held by everybody inside, never by an external audience."""

DENY = Principal("deny")
"""Held by nobody; stands where a layer could not be resolved."""

INDEXED_LAYERS = 4
"""How many layers an index holds; the catalogue always checks them all."""

_PRINCIPAL = re.compile(r"[A-Za-z0-9:_@.%~+-]+")


def principal(text: str, /) -> Principal:
    """Return `text` as a principal, every part between colons percent-encoded.

    Encoding twice changes nothing. Raises `ValueError` for an empty text and
    for `deny`, which nobody may hold.
    """
    encoded = ":".join(quote(part, safe="@%~+") for part in text.split(":"))
    if not _PRINCIPAL.fullmatch(encoded):
        message = f"not a principal: {text!r}"
        raise ValueError(message)
    if encoded == DENY:
        message = "nobody can hold 'deny'"
        raise ValueError(message)
    return Principal(encoded)


def _narrowness(layer: frozenset[Principal]) -> tuple[bool, int, tuple[str, ...]]:
    return PUB in layer, len(layer), tuple(sorted(layer))


def _canonical(
    layers: Iterable[frozenset[Principal]],
) -> tuple[frozenset[Principal], ...]:
    distinct = set(layers)
    narrowest = [
        layer for layer in distinct if not any(other < layer for other in distinct)
    ]
    return tuple(sorted(narrowest, key=_narrowness))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may see a document.

    `layers` is never empty: the open document is `({pub},)`, the document that
    nobody may see is `({deny},)`. Layers are kept in a canonical order without
    duplicates and without supersets of another layer, so that equal rights are
    equal values.
    """

    layers: tuple[frozenset[Principal], ...]

    def __post_init__(self) -> None:
        if not self.layers or not all(self.layers):
            object.__setattr__(self, "layers", (frozenset({DENY}),))
            return
        object.__setattr__(self, "layers", _canonical(self.layers))

    def permits(self, principals: AbstractSet[Principal], /) -> bool:
        """Whether somebody who holds `principals` may see the document."""
        return DENY not in principals and all(
            not layer.isdisjoint(principals) for layer in self.layers
        )

    def narrowed(self, other: "Access", /) -> "Access":
        """Return the access of those who pass both."""
        return Access(layers=self.layers + other.layers)

    def indexed(self) -> tuple[frozenset[Principal], ...]:
        """Return the at most four narrowest layers, which an index holds."""
        return tuple(sorted(self.layers, key=_narrowness)[:INDEXED_LAYERS])

    def digest(self) -> str:
        """Return a short text that is equal exactly for equal rights."""
        text = "\n".join(" ".join(sorted(layer)) for layer in self.layers)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


OPEN = Access(layers=(frozenset({PUB}),))
NOBODY = Access(layers=(frozenset({DENY}),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who will see an answer: everybody that can read it now or later.

    `principals` are those that the whole audience holds together. `limited`
    names, for the asker, why fewer documents than usual are used.
    """

    principals: frozenset[Principal]
    limited: str | None = None
