"""The Git connector keeps the rules of every connector."""

from pathlib import Path

import pytest

from connectors.api import PUB, Context
from connectors.git import connect
from connectors.testing import ConnectorContract, Subject
from tests.unit.connectors.repositories import Author, Repository

FILES: dict[str, str | bytes] = {
    "README.md": "# 開発規約\n",
    "規約/命名 規則.md": "# 命名規則\n\n変数名は英語にする。\n",
    "規約/テスト.md": "本文\n",
    "図/構成.png": "\x89PNG",
    "壊れた.md": b"\x82\xff\xfe\x80\x80",
}


class GitContract(ConnectorContract):
    """Both ways to hand over a repository."""

    def context(self, tmp_path: Path, path: str) -> Subject:
        context = Context(
            source="handbook",
            options={"path": path},
            base=tmp_path,
            cache=tmp_path / "cache",
            layers=(frozenset({PUB}),),
        )
        return Subject(connect=connect, context=context)


class TestRepository(GitContract):
    @pytest.fixture
    def connector(self, tmp_path: Path) -> Subject:
        Repository(tmp_path / "規約集").commit(FILES, author=Author("山田 花子"))
        return self.context(tmp_path, "規約集")


class TestBundle(GitContract):
    @pytest.fixture
    def connector(self, tmp_path: Path) -> Subject:
        repository = Repository(tmp_path / "規約集")
        repository.commit(FILES)
        repository.bundle(tmp_path / "規約集.bundle")
        return self.context(tmp_path, "規約集.bundle")
