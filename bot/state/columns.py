"""The types of columns that mean the same on every engine."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the way in, UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Refuse a datetime that does not say where it is."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a datetime without a time zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """SQLite keeps no zone; what was stored is UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


@lru_cache(maxsize=4096)
def _strings(text: str) -> tuple[str, ...]:
    """Few paths and labels stand for many documents."""
    return tuple(json.loads(text))


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self, value: tuple[str, ...] | None, dialect: Dialect
    ) -> str | None:
        """Write the texts as they are, Japanese included."""
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> tuple[str, ...] | None:
        """Read the texts back."""
        del dialect
        return None if value is None else _strings(value)


class Words(TypeDecorator[str]):
    """Text as people write it, without what some database cannot store."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Leave out NUL, and put `?` where half of a pair of surrogates stands."""
        del dialect
        if value is None:
            return None
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


# Ordered by code point on every engine, whatever the language of the server.
Key = Text().with_variant(Text(collation="C"), "postgresql")
