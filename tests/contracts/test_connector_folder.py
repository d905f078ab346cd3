"""The folder connector keeps the rules of every connector."""

from pathlib import Path

import pytest

from connectors.api import PUB, Context
from connectors.folder import connect
from connectors.testing import ConnectorContract, Subject

FILES: dict[str, str | bytes] = {
    "就業規則/有給休暇.md": "# 有給休暇\n\n年次有給休暇は前日までに申請する。\n",
    "手順/VPN 接続 (社外).md": "---\ntitle: VPN接続\ntags: [ネットワーク]\n---\n本文\n",
    "手順/がぎぐ.txt": "ただの文章。\n",
    "site/index.html": "<title>案内</title><main><h1>案内</h1><p>本文</main>",
    "readme": "no heading\n",
    "壊れた.md": b"\x82\xff\xfe\x80\x80",
    "画像.png": b"\x89PNG",
}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class TestFolder(ConnectorContract):
    @pytest.fixture
    def connector(self, tmp_path: Path) -> Subject:
        write(tmp_path / "資料", FILES)
        context = Context(
            source="handbook",
            options={"path": "資料"},
            base=tmp_path,
            cache=tmp_path / "cache",
            layers=(frozenset({PUB}),),
        )
        return Subject(connect=connect, context=context)
