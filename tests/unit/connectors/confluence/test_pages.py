"""Which objects of an export are pages to read, and what belongs to them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from connectors.api import Attachment
from tests.fakes.confluence_export import (
    FakeAttachment,
    FakeExport,
    FakePage,
    FakeSpace,
    FakeUser,
    cdata,
    ids,
    obj,
    ref,
    space_id,
    text,
)

if TYPE_CHECKING:
    from tests.unit.connectors.confluence.conftest import Desk

_PAGE = FakePage(id="1", title="休暇規程", body="<p>十日</p>")


def test_current_pages_and_blog_posts_are_listed(desk: "Desk") -> None:
    read = desk.read(FakeExport(_PAGE, FakePage(id="2", title="N", kind="BlogPost")))

    assert {e.id: e.title for e in read.entries.values()} == {"1": "休暇規程", "2": "N"}
    assert read.markdown("1") == "十日"


@pytest.mark.parametrize(
    "page",
    [
        FakePage(id="2", title="旧版", space=None, original="1"),
        FakePage(id="2", title="旧版 with a space", original="1"),
        FakePage(id="2", title="旧版 without an original", space=None),
        FakePage(id="2", title="下書き", status="draft"),
        FakePage(id="2", title="Cloud draft", status="draft", original="1"),
        FakePage(id="2", title="削除", status="deleted"),
        FakePage(id="2", title="Trash", status="trashed"),
        FakePage(id="2", title="記録", status="archived"),
    ],
    ids=lambda page: page.title,
)
def test_other_states_of_a_page_are_not_listed(page: FakePage, desk: "Desk") -> None:
    read = desk.read(FakeExport(_PAGE, page))

    assert set(read.entries) == {"1"}
    assert read.failed == {}


def test_an_old_version_may_name_its_original_by_number_alone(desk: "Desk") -> None:
    """`originalVersionId` stands empty on current pages."""
    old = obj(
        "Page",
        "2",
        text("title", "旧版"),
        text("contentStatus", "current"),
        text("originalVersionId", "1"),
        ref("space", "Space", space_id("DOC")),
    )
    current = old.replace(">2<", ">3<").replace(">1</property>", "></property>")

    assert set(desk.read(FakeExport(_PAGE, extra=old + current)).entries) == {"1", "3"}


def test_a_page_without_a_status_is_current(desk: "Desk") -> None:
    """Very old exports do not say it."""
    assert set(desk.read(FakeExport(FakePage(id="1", title="古", status=""))).entries)


def test_archived_pages_and_spaces_are_read_when_asked_for(desk: "Desk") -> None:
    export = FakeExport(
        _PAGE,
        FakePage(id="2", title="記録", status="archived"),
        FakePage(id="3", title="旧部署", space="OLD"),
        spaces=(FakeSpace(), FakeSpace(key="OLD", name="旧", status="ARCHIVED")),
    )

    assert set(desk.read(export).entries) == {"1"}
    assert set(desk.read(export, options={"archived": True}).entries) == {"1", "2", "3"}


def test_only_the_chosen_spaces_are_read(desk: "Desk") -> None:
    export = FakeExport(
        _PAGE,
        FakePage(id="3", title="運用", space="OPS"),
        spaces=(FakeSpace(), FakeSpace(key="OPS")),
    )

    assert set(desk.read(export, options={"spaces": ["OPS"]}).entries) == {"3"}


def test_the_order_of_objects_does_not_matter(desk: "Desk") -> None:
    export = FakeExport(
        FakePage(id="1", title="親", view=(("group:hr",),), labels=("人事",)),
        FakePage(
            id="2",
            title="子",
            parent="1",
            modifier="u1",
            attachments=(FakeAttachment(name="図.png"),),
        ),
        FakePage(id="3", title="子", space=None, original="2", body="<p>旧</p>"),
        users=(FakeUser(key="u1", login="h", display_name="花子", mail="h@x.example"),),
    )
    forwards = desk.read(export)
    export.reverse = True

    assert desk.read(export) == forwards


def test_a_body_is_joined_by_id_when_its_owner_has_no_class(desk: "Desk") -> None:
    """The newest exports say ContentEntityObject for every owner."""
    export = FakeExport(_PAGE)
    export.owner_class = "ContentEntityObject"
    read = desk.read(export)

    assert read.markdown("1") == "十日"
    assert read.failed == {}


def test_a_body_that_only_its_page_names_is_found(desk: "Desk") -> None:
    extra = obj("BodyContent", "77", cdata("body", "<p>別</p>"), text("bodyType", "2"))
    page = obj(
        "Page",
        "5",
        text("title", "頁"),
        ref("space", "Space", space_id("DOC")),
        ids("bodyContents", "BodyContent", ["77"]),
    )

    assert desk.read(FakeExport(extra=page + extra)).markdown("5") == "別"


def test_a_page_without_a_body_is_listed_and_fails(desk: "Desk") -> None:
    """Its access counts, and what is published of it stays."""
    read = desk.read(FakeExport(_PAGE, FakePage(id="2", title="空", body=None)))

    assert read.entries["2"].layers
    assert read.failed["2"].reason == "no_body"


def test_an_empty_body_is_an_empty_document_with_a_warning(desk: "Desk") -> None:
    read = desk.read(FakeExport(FakePage(id="2", title="空", body="")))

    assert read.markdown("2") == ""
    assert read.documents["2"].warnings == ("empty_body",)


@pytest.mark.parametrize("kind", ["Page", "BlogPost", "ContentEntityObject"])
def test_a_body_without_its_page_is_a_failure_with_its_id(
    kind: str, desk: "Desk"
) -> None:
    body = obj(
        "BodyContent",
        "77",
        cdata("body", "<p>孤</p>"),
        ref("content", kind, "9"),
        text("bodyType", "2"),
    )
    read = desk.read(FakeExport(_PAGE, extra=body))

    assert set(read.entries) == {"1"}
    assert read.failed["9"].reason == "page_missing"


@pytest.mark.parametrize("kind", ["Comment", "SpaceDescription", "PageTemplate"])
def test_bodies_of_other_things_are_no_failures(kind: str, desk: "Desk") -> None:
    for owner in (kind, "ContentEntityObject"):
        extra = obj(kind, "9", text("title", "x"))
        extra += obj(
            "BodyContent",
            "77",
            cdata("body", "<p>x</p>"),
            ref("content", owner, "9"),
            text("bodyType", "2"),
        )

        assert desk.read(FakeExport(_PAGE, extra=extra)).failed == {}


def test_raw_bodies_are_ignored(desk: "Desk") -> None:
    raw = obj(
        "BodyContent",
        "77",
        cdata("body", '{"a":1}'),
        ref("content", "Page", "1"),
        text("bodyType", "1"),
    )

    assert desk.read(FakeExport(_PAGE, extra=raw)).markdown("1") == "十日"


def test_a_body_without_a_type_is_what_it_looks_like(desk: "Desk") -> None:
    """Storage format is older than the property that names it."""
    page = FakePage(id="1", title="古", body="<h1>題</h1><p>文</p>", body_type=None)
    read = desk.read(FakeExport(page))

    assert read.markdown("1") == "# 題\n\n文"
    assert read.documents["1"].warnings == ()


@pytest.mark.parametrize("body_type", [0, None])
def test_wiki_markup_is_converted_and_marked(
    body_type: int | None, desk: "Desk"
) -> None:
    page = FakePage(id="1", title="古", body="h1. 題\n* 点", body_type=body_type)
    read = desk.read(FakeExport(page))

    assert read.markdown("1") == "# 題\n\n- 点"
    assert read.documents["1"].warnings == ("degraded",)


def test_broken_sections_and_line_separators_in_an_export_are_mended(
    desk: "Desk",
) -> None:
    code = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a\u2028  b]]>'
        "</ac:plain-text-body></ac:structured-macro>"
    )
    export = FakeExport(FakePage(id="1", title="符", body=code))

    assert "]] >" in export.entities()
    assert desk.read(export).markdown("1") == "```\na\n  b\n```"


def test_forbidden_characters_and_bytes_are_left_out_and_counted(desk: "Desk") -> None:
    export = FakeExport(
        FakePage(id="1", title="休\x08暇\uffff", body="<p>十\x01日</p>")
    )
    files = export.files()
    entities = files["entities.xml"].replace("日".encode(), b"\xff\xe6")
    path = export.write_folder(desk.folder / "unpacked")
    (path / "entities.xml").write_bytes(entities)
    read = desk.read(path)

    assert read.entries["1"].title == "休暇"
    assert read.markdown("1") == "十\ufffd\ufffd"
    assert [p.what for p in desk.connector(path).check()] == [
        "5 characters are not allowed in XML and were left out"
    ]


def test_labels_are_the_global_ones(desk: "Desk") -> None:
    page = FakePage(id="1", title="頁", labels=("人事", "my:お気に入り", "team:x", "a"))

    assert desk.read(FakeExport(page)).documents["1"].labels == ("a", "人事")


def test_attachments_are_listed_with_type_and_size(desk: "Desk") -> None:
    """Also those whose file is empty or missing; removed ones are not."""
    page = FakePage(
        id="1",
        title="頁",
        attachments=(
            FakeAttachment(name="申請書 1.xlsx", content=b"12345", media_type="a/x"),
            FakeAttachment(name="空.txt", content=b"", media_type="text/plain"),
            FakeAttachment(name="無.png", content=None),
            FakeAttachment(name="旧.png", status="deleted"),
        ),
    )

    assert desk.read(FakeExport(page)).documents["1"].attachments == (
        Attachment(name="無.png", media_type="image/png", size=0),
        Attachment(name="申請書 1.xlsx", media_type="a/x", size=5),
        Attachment(name="空.txt", media_type="text/plain", size=0),
    )


def test_attachments_of_old_versions_are_understood(desk: "Desk") -> None:
    extra = obj(
        "Attachment",
        "77",
        text("fileName", "規程.doc"),
        text("contentType", "application/msword"),
        text("fileSize", "12"),
        ref("content", "Page", "1"),
    )

    assert desk.read(FakeExport(_PAGE, extra=extra)).documents["1"].attachments == (
        Attachment(name="規程.doc", media_type="application/msword", size=12),
    )


def test_the_path_is_the_space_and_the_titles_above(desk: "Desk") -> None:
    export = FakeExport(
        FakePage(id="1", title="総務"),
        FakePage(id="2", title="規程/集", parent="1"),
        FakePage(id="3", title="休暇", parent="2"),
    )
    read = desk.read(export)

    assert read.entries["3"].path == ("資料室", "総務", "規程/集")
    assert read.documents["3"].path == ("資料室", "総務", "規程/集")


def test_the_path_ends_below_a_parent_that_is_missing_or_elsewhere(
    desk: "Desk",
) -> None:
    export = FakeExport(
        FakePage(id="1", title="頁", parent="404"),
        FakePage(id="2", title="頁", parent="3"),
        FakePage(id="3", title="他所", space="OPS"),
        FakePage(id="4", title="環", parent="5"),
        FakePage(id="5", title="輪", parent="4"),
        spaces=(FakeSpace(), FakeSpace(key="OPS")),
    )
    read = desk.read(export)

    assert read.entries["1"].path == ("資料室",)
    assert read.entries["2"].path == ("資料室",)
    assert read.entries["4"].path == ("資料室", "輪")


def test_dates_and_authors_are_known_and_addresses_are_not_shown(desk: "Desk") -> None:
    def page(id_: str, modifier: str) -> FakePage:
        return FakePage(id=id_, title="頁", modifier=modifier)

    export = FakeExport(
        page("1", "u1"),
        page("2", "u2"),
        page("3", "u3"),
        page("4", "u404"),
        users=(
            FakeUser(key="u1", login="h", display_name="山田 花子", mail="h@x.example"),
            FakeUser(key="u2", login="t@x.example"),
            FakeUser(key="u3", login="j", display_name="j@x.example"),
        ),
    )
    read = desk.read(export)

    assert {id_: d.author for id_, d in read.documents.items()} == {
        "1": "山田 花子",
        "2": None,
        "3": None,
        "4": None,
    }
    assert read.entries["1"].updated_at == datetime(2025, 5, 20, 9, 30, tzinfo=UTC)


def test_dates_are_of_the_time_zone_in_the_descriptor(desk: "Desk") -> None:
    export = FakeExport(_PAGE)
    export.descriptor += "timezoneId=Asia/Tokyo\n"
    updated = desk.read(export).entries["1"].updated_at

    assert updated is not None
    assert updated.astimezone(UTC) == datetime(2025, 5, 20, 0, 30, tzinfo=UTC)


def test_credentials_are_never_read(desk: "Desk") -> None:
    """They are in the export, and in nothing that comes out of it."""
    users = (FakeUser(key="u1", login="h", display_name="花子", mail="h@x.example"),)
    extra = obj("ConfluenceRememberMeToken", "1", text("token", "秘密のハッシュ"))
    export = FakeExport(_PAGE, users=users, extra=extra)
    read = desk.read(export)

    assert "秘密のハッシュ" in export.entities()
    assert "秘密" not in repr(read)


# --- versions ----------------------------------------------------------------

_FULL = FakePage(
    id="2",
    title="規程",
    parent="1",
    labels=("a",),
    attachments=(FakeAttachment(name="a.png"),),
)


def _version(desk: "Desk", page: FakePage, above: FakePage = _PAGE) -> str:
    return desk.read(FakeExport(above, page)).entries["2"].version


@pytest.mark.parametrize(
    "change",
    [
        {"title": "新規程"},
        {"body": "<p>新</p>"},
        {"version": 2},
        {"modified": "2025-05-21 09:30:00.000"},
        {"labels": ("a", "b")},
        {"attachments": ()},
        {"parent": None},
        {"body_type": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_version_changes_with_what_makes_the_document(
    change: dict[str, Any], desk: "Desk"
) -> None:
    assert _version(desk, _FULL) != _version(desk, replace(_FULL, **change))


def test_a_version_changes_when_a_page_above_is_renamed(desk: "Desk") -> None:
    renamed = FakePage(id="1", title="新休暇規程")

    assert _version(desk, _FULL) != _version(desk, _FULL, above=renamed)


def test_a_version_does_not_change_with_access(desk: "Desk") -> None:
    """Access is a column of its own: no text is read again because of it."""
    restricted = replace(_FULL, view=(("group:hr",),))

    assert _version(desk, _FULL) == _version(desk, restricted)


# --- links -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "descriptor", "page", "expected"),
    [
        (
            "https://wiki.example/",
            "",
            _PAGE,
            "https://wiki.example/pages/viewpage.action?pageId=1",
        ),
        (
            "https://wiki.example",
            "source=cloud\n",
            _PAGE,
            "https://wiki.example/wiki/spaces/DOC/pages/1",
        ),
        (
            "https://team.atlassian.net/wiki",
            "",
            _PAGE,
            "https://team.atlassian.net/wiki/spaces/DOC/pages/1",
        ),
        (
            "https://team.atlassian.net",
            "",
            FakePage(id="1", title="N", kind="BlogPost"),
            "https://team.atlassian.net/wiki/spaces/DOC/blog/1",
        ),
    ],
)
def test_pages_have_addresses_of_server_and_cloud(
    base: str, descriptor: str, page: FakePage, expected: str, desk: "Desk"
) -> None:
    export = FakeExport(page)
    export.descriptor += descriptor
    read = desk.read(export, options={"base_url": base})
    connector = desk.connector(desk.write(export), options={"base_url": base})

    assert read.documents["1"].link.page == expected
    assert connector.samples() == [expected]


def test_without_an_address_a_page_has_no_link(desk: "Desk") -> None:
    export = FakeExport(_PAGE)

    assert desk.read(export).documents["1"].link.page is None
    assert desk.connector(desk.write(export)).samples() == []


def test_the_operators_template_comes_first(desk: "Desk") -> None:
    connector = desk.connector(
        desk.write(FakeExport(_PAGE)),
        options={"base_url": "https://wiki.example"},
        link="https://go.example/{space}/{id}?t={title}",
    )

    assert connector.samples() == [
        "https://go.example/DOC/1?t=%E4%BC%91%E6%9A%87%E8%A6%8F%E7%A8%8B"
    ]


def test_links_go_to_the_page_of_that_space_then_to_the_id(desk: "Desk") -> None:
    """Two pages of different spaces share a title."""
    body = (
        '<p><ac:link><ri:page ri:content-title="同名" /></ac:link> '
        '<ac:link><ri:page ri:space-key="ops" ri:content-title="同名" /></ac:link> '
        '<ac:link><ri:content-entity ri:content-id="2" /></ac:link> '
        '<ac:link><ri:page ri:content-title="無い" /></ac:link> '
        '<ac:link><ri:attachment ri:filename="図 1.png" /></ac:link> '
        '<ac:link><ri:space ri:space-key="OPS" /></ac:link></p>'
    )
    export = FakeExport(
        FakePage(id="1", title="頁", body=body),
        FakePage(id="2", title="同名", kind="BlogPost"),
        FakePage(id="3", title="同名"),
        FakePage(id="4", title="同名", space="OPS"),
        spaces=(FakeSpace(), FakeSpace(key="OPS")),
    )
    read = desk.read(export, options={"base_url": "https://w.example"})

    assert read.markdown("1").split(") ") == [
        "[同名](https://w.example/pages/viewpage.action?pageId=3",
        "[同名](https://w.example/pages/viewpage.action?pageId=4",
        "[2](https://w.example/pages/viewpage.action?pageId=2",
        "[無い](confluence::無い",
        "[図 1.png](https://w.example/download/attachments/1/%E5%9B%B3%201.png",
        "[OPS](https://w.example/display/OPS)",
    ]


def test_mentions_show_names_and_never_addresses(desk: "Desk") -> None:
    body = "".join(
        f"<ac:link><ri:user {who} /></ac:link> "
        for who in (
            'ri:userkey="u1"',
            'ri:account-id="557058:a"',
            'ri:username="Hanako"',
            'ri:userkey="u2"',
            'ri:username="nobody"',
        )
    )
    export = FakeExport(
        FakePage(id="1", title="頁", body=f"<p>{body}</p>"),
        users=(
            FakeUser(key="u1", login="hanako", account="557058:a", display_name="花子"),
            FakeUser(key="u2", login="taro@x.example"),
        ),
    )

    assert desk.read(export).markdown("1") == "@花子 @花子 @花子 @user @user"
