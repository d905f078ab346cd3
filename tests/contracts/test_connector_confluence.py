"""An export of Confluence keeps the rules of a connector."""

from pathlib import Path

import pytest

from connectors.api import Context
from connectors.confluence import connect
from connectors.testing import ConnectorContract, Subject
from tests.fakes.confluence_export import (
    FakeAttachment,
    FakeExport,
    FakePage,
    FakeSpace,
    FakeUser,
)

_EXPORT = FakeExport(
    FakePage(id="1", title="ようこそ", body="<p>社内文書の入口です。</p>"),
    FakePage(
        id="2",
        title="休暇規程",
        parent="1",
        body="<h2>年次有給休暇</h2><p>十日です。<ac:unknown/></p>"
        '<ac:structured-macro ac:name="gadget" /><ac:link>'
        '<ri:page ri:content-title="ようこそ" /></ac:link>',
        labels=("人事", "my:favourite"),
        modifier="u1",
        attachments=(FakeAttachment(name="申請書.png"),),
    ),
    FakePage(id="3", title="Salaries", parent="2", view=(("group:hr", "user:u1"),)),
    FakePage(id="5", title="News", kind="BlogPost", space="OPS"),
    FakePage(id="6", title="Draft", status="draft"),
    FakePage(id="7", title="休暇規程", space=None, original="2"),
    spaces=(
        FakeSpace(),
        FakeSpace(key="OPS", name="運用", viewers=("group:運用 チーム",)),
    ),
    users=(
        FakeUser(
            key="u1", login="hanako", mail="Hanako@Example.com", display_name="花子"
        ),
    ),
)


class TestConfluence(ConnectorContract):
    """Over a small export as a zip."""

    own_access = True

    @pytest.fixture
    def connector(self, tmp_path: Path) -> Subject:
        (tmp_path / "base").mkdir()
        _EXPORT.write_zip(tmp_path / "base" / "書き出し.zip")
        return Subject(
            connect=connect,
            context=Context(
                source="wiki",
                options={"path": "書き出し.zip"},
                base=tmp_path / "base",
                cache=tmp_path / "cache",
                layers=(frozenset({"pub"}),),
            ),
        )
