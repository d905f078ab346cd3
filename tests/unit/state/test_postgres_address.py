"""An address is read as `psql` reads it, and never printed with its password."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ConfigError
from bot.state.postgres.address import DEFAULTS, parsed


def test_what_people_see_has_no_password() -> None:
    address = parsed(
        "postgresql://shirube:geheim@db.example:6432/%E6%A8%99"
        "?search_path=%22人事%22&sslpassword=geheim&password=geheim&sslmode=require"
    )

    assert str(address) == (
        'postgresql://shirube@db.example:6432/標?search_path="人事"'
    )
    assert "geheim" not in repr(address)
    assert "shirube:geheim@db.example:6432" in address.dsn


def test_what_we_ask_of_the_server_can_be_overruled() -> None:
    address = parsed("postgresql://db/shirube?statement_timeout=5s&sslmode=disable")
    asked = parse_qs(urlsplit(address.dsn).query)

    assert asked["statement_timeout"] == ["5s"]
    assert asked["sslmode"] == ["disable"]
    assert asked["lock_timeout"] == [DEFAULTS["lock_timeout"]]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///shirube?host=/run/postgresql",
        "postgres://shirube@[::1]:5433/shirube",
        "postgresql://a:5432,b:5433/shirube?target_session_attrs=primary",
        " postgresql://shirube@db/shirube\n",
    ],
)
def test_every_form_of_an_address_is_taken(url: str) -> None:
    assert parsed(url).name.startswith("postgresql://")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:geheim@h/d",
        "postgresql+asyncpg://u:geheim@h/d",
        "geheim",
        "postgresql://u:ge@heim@h/d",
        "postgresql://u:ge/heim@h/d",
        "postgresql://u:ge?heim@h/d",
        "postgresql://u:ge#heim@h/d",
        "postgresql://u:[geheim@h/d",
        "postgresql://h:geheim/d",
        "postgresql://h/d?geheim",
    ],
)
def test_what_cannot_be_read_is_not_quoted(url: str) -> None:
    """Any part of it may be a piece of a password that was cut in two."""
    with pytest.raises(ConfigError, match="is not an address of PostgreSQL") as refused:
        parsed(url)

    assert "heim" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


SPECIAL = st.text(alphabet="abc@:/?#[]%&=+ 合言葉", min_size=1).map(
    lambda t: f"秘密{t}"
)


@given(SPECIAL)
@settings(deadline=None)
def test_no_password_is_ever_shown(password: str) -> None:
    written = parsed(f"postgresql://u:{quote(password, safe='')}@h:5432/d")
    assert written.name == "postgresql://u@h:5432/d"

    try:
        shown = repr(parsed(f"postgresql://u:{password}@h:5432/d"))
    except ConfigError as refused:
        shown = str(refused)
    assert "秘密" not in shown
