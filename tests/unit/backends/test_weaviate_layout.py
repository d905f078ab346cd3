"""How the collections of a Weaviate index are named."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.weaviate.schema import Layout
from bot.core.errors import ConfigError
from bot.core.model import GenerationId

IDS = st.text(min_size=1, max_size=12) | st.text("abGg_1-", min_size=1, max_size=6)


def test_a_plain_id_stands_in_the_name_as_it_is() -> None:
    assert Layout().name(GenerationId("g12")) == "Kb_g12"
    assert Layout(prefix="Team1").pattern == "Team1_*"


@given(first=IDS, second=IDS)
@settings(deadline=None)
def test_generations_never_share_a_collection(first: str, second: str) -> None:
    """Not even for a server that takes upper and lower case for the same."""
    one, other = (Layout().name(GenerationId(name)) for name in (first, second))

    assert re.fullmatch("[A-Z][_0-9A-Za-z]*", one)
    assert (first == second) == (one.lower() == other.lower())


@pytest.mark.parametrize("prefix", ["", "kb", "Kb_", "部署", "K-b", "1Kb", "Kb "])
def test_a_prefix_that_weaviate_does_not_take_is_a_wrong_setting(prefix: str) -> None:
    with pytest.raises(ConfigError, match="prefix"):
        Layout(prefix=prefix)


@pytest.mark.parametrize("number", [0, -1])
def test_there_is_at_least_one_copy_and_one_shard(number: int) -> None:
    with pytest.raises(ConfigError, match="one copy"):
        Layout(replication=number)
    with pytest.raises(ConfigError, match="one shard"):
        Layout(shards=number)
