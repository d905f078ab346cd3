"""Every option of a connector is explained, in both languages."""

from pathlib import Path

import pytest

from connectors.confluence.options import ConfluenceOptions
from connectors.folder import FolderOptions
from connectors.git.options import GitOptions
from connectors.git.web import KINDS
from connectors.options import Options

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("place", ["connectors", "ja/connectors"])
@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("confluence.md", ConfluenceOptions),
        ("folder.md", FolderOptions),
        ("git.md", GitOptions),
    ],
)
def test_every_option_has_a_row(place: str, page: str, model: type[Options]) -> None:
    text = (DOCS / place / page).read_text(encoding="utf-8")

    assert not [name for name in model.model_fields if f"\n| `{name}` |" not in text]


@pytest.mark.parametrize("place", ["connectors", "ja/connectors"])
def test_every_kind_of_host_is_named(place: str) -> None:
    text = (DOCS / place / "git.md").read_text(encoding="utf-8")

    assert not [kind for kind in KINDS if f"`{kind}`" not in text]
