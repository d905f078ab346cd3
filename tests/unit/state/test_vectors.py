"""A vector cache that is damaged costs time, never an error."""

from array import array
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.state.store import open_state
from bot.state.vectors import SqliteVectorCache, make
from bot.telemetry import VECTORS_SET_ASIDE

VECTOR = array("f", [0.25, -1.0])


async def test_vectors_are_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_state(tmp_path, clock=lambda: datetime.now(UTC)) as state:
            found = await state.vectors.get(["鍵"])
            await state.vectors.put({"鍵": VECTOR})

    assert found == {"鍵": VECTOR}


@pytest.mark.parametrize(
    "damage", ["これは違う".encode() * 999, b"SQLite format 3\0" * 99]
)
async def test_a_damaged_file_is_set_aside_and_begun_anew(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "vectors.db"
    path.write_bytes(damage)

    with capture_logs() as logs:
        async with open_state(tmp_path, clock=lambda: datetime.now(UTC)) as state:
            await state.vectors.put({"鍵": VECTOR})
            assert await state.vectors.get(["鍵"]) == {"鍵": VECTOR}

    aside = tmp_path / "vectors.db.damaged"
    assert aside.read_bytes() == damage
    assert [(line["event"], line["file"]) for line in logs] == [
        (VECTORS_SET_ASIDE, str(aside))
    ]


async def test_a_file_that_is_damaged_while_it_is_open_is_begun_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vectors.db"
    make(path)
    cache = SqliteVectorCache(path)
    await cache.put({f"鍵{n}": VECTOR for n in range(2000)})
    await cache.close()
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xff" * (len(whole) - 4096)
    path.write_bytes(whole)

    with capture_logs() as logs:
        assert await cache.get(["鍵1"]) == {}
    await cache.put({"鍵1": VECTOR})

    assert await cache.get(["鍵1"]) == {"鍵1": VECTOR}
    assert len(logs) == 1
    await cache.close()
