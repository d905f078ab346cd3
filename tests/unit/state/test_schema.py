"""The steps lead to the schema that the code uses."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.state.release import THIS
from bot.state.schema import metadata
from bot.state.store import open_state


async def test_the_steps_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    async with open_state(tmp_path, clock=lambda: datetime.now(UTC)):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'state.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_the_release_uses_the_last_step() -> None:
    assert ScriptDirectory(str(THIS.scripts)).get_heads() == [THIS.head]


async def test_the_tables_without_row_ids_are_made_without(tmp_path: Path) -> None:
    async with open_state(tmp_path, clock=lambda: datetime.now(UTC)):
        pass
    connection = sqlite3.connect(tmp_path / "state.db")
    made = {
        name
        for name, text in connection.execute("SELECT name, sql FROM sqlite_master")
        if text and "WITHOUT ROWID" in text
    }
    connection.close()

    assert made == {
        table.name
        for table in metadata.tables.values()
        if table.dialect_options["sqlite"]["with_rowid"] is False
    }
