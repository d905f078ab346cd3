"""A made-up firm and an oracle of twenty lines agree on who may see what."""

from pathlib import Path
from random import Random

import pytest

from tests.bench.access import ask, compare, firm, read


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_row_48_who_may_see_what_is_what_the_oracle_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """For every person and channel and all of the documents, by what Slack tells.

    Then some of them ask the whole bot; of the word that each document has, none is
    anywhere where it may not be read. `python -m tests.bench access` does more.
    """
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    dice = Random(seed)
    async with firm(tmp_path, dice) as made:
        cases = await compare(made, 2_500)
        await ask(made, 6, dice)
        read(made)

    assert made.wrong == []
    assert cases > 2_000
    assert made.shown
