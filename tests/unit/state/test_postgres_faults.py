"""What the driver itself says, without a word of the server."""

import asyncpg
import pytest

from bot.core.errors import Unavailable
from bot.state.postgres.address import parsed
from bot.state.postgres.faults import mapped

ADDRESS = parsed("postgresql://shirube@db.example/標")


def test_a_server_that_goes_away_while_it_is_greeted_has_broken_off() -> None:
    """Seen when a server was stopped in the instant that it was asked."""
    said = "cannot switch to state 12; another operation (2) is in progress"
    with pytest.raises(Unavailable, match="broke the connection off"), mapped(ADDRESS):
        raise asyncpg.InternalClientError(said)


def test_what_nobody_knows_stays_what_it_is() -> None:
    with pytest.raises(asyncpg.InternalClientError), mapped(ADDRESS):
        raise asyncpg.InternalClientError("got result for unknown protocol state 99")
