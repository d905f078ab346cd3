"""A page is read by those who pass its own, every ancestor's and the space's rights."""

from typing import TYPE_CHECKING

import pytest

from connectors.api import Layers
from tests.fakes.confluence_export import (
    FakeExport,
    FakePage,
    FakeSpace,
    FakeUser,
    obj,
    ref,
    space_id,
    text,
)

if TYPE_CHECKING:
    from tests.unit.connectors.confluence.conftest import Desk

_PUB = frozenset({"pub"})
_HR = frozenset({"grp:confluence:hr"})
_STAFF = frozenset({"grp:confluence:staff"})
_UNKNOWN: Layers = ()


def _space(*viewers: str, key: str = "DOC") -> tuple[FakeSpace, ...]:
    return (FakeSpace(key=key, viewers=viewers or None),)


def _layers(desk: "Desk", *pages: FakePage, id_: str = "1") -> Layers:
    return desk.read(FakeExport(*pages, spaces=_space("group:staff"))).layers(id_)


# --- spaces ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("viewers", "expected"),
    [
        (("group:staff",), {"grp:confluence:staff"}),
        (
            ("group:人事 部", "group:O'Brien"),
            {
                "grp:confluence:%E4%BA%BA%E4%BA%8B%20%E9%83%A8",
                "grp:confluence:O%27Brien",
            },
        ),
        (("user:k1",), {"usr:confluence:k1"}),
        (("login:old.name",), {"usr:confluence:old.name"}),
        (("authenticated-users",), {"pub"}),
        (("anonymous-users",), {"pub"}),
        (("anonymous",), {"pub"}),
        (("group:staff", "authenticated-users"), {"pub"}),
    ],
)
def test_the_rights_of_a_space_are_one_layer(
    viewers: tuple[str, ...], expected: set[str], desk: "Desk"
) -> None:
    export = FakeExport(FakePage(id="1", title="頁"), spaces=_space(*viewers))

    assert desk.read(export).layers("1") == (frozenset(expected),)


def test_other_rights_of_a_space_do_not_matter(desk: "Desk") -> None:
    row = obj(
        "SpacePermission",
        "77",
        ref("space", "Space", space_id("DOC")),
        text("type", "COMMENT"),
        text("group", "everybody"),
    )
    export = FakeExport(
        FakePage(id="1", title="頁"), spaces=_space("group:staff"), extra=row
    )

    assert desk.read(export).layers("1") == (_STAFF,)


def test_a_space_without_rights_in_the_export_is_unknown(desk: "Desk") -> None:
    export = FakeExport(FakePage(id="1", title="頁"), spaces=_space())

    assert desk.read(export).layers("1") == _UNKNOWN
    assert "unknown who may read 1 of 1" in "".join(desk.problems(export))


def test_a_space_that_is_not_in_the_export_is_unknown(desk: "Desk") -> None:
    export = FakeExport(FakePage(id="1", title="頁", space="NONE"))

    assert desk.read(export).layers("1") == _UNKNOWN


def test_the_operators_access_stands_for_missing_rights(desk: "Desk") -> None:
    export = FakeExport(
        FakePage(id="1", title="頁"),
        FakePage(id="2", title="秘", view=(("group:hr",),)),
        spaces=_space(),
    )
    read = desk.read(export, layers=(_PUB,))

    assert read.layers("1") == (_PUB,)
    assert set(read.layers("2")) == {_HR, _PUB}


def test_the_operators_access_narrows_where_there_are_rights(desk: "Desk") -> None:
    export = FakeExport(FakePage(id="1", title="頁"), spaces=_space("group:staff"))
    read = desk.read(export, layers=(_HR,))

    assert set(read.layers("1")) == {_STAFF, _HR}


def test_anonymous_rights_count_only_where_the_whole_site_has_them(
    desk: "Desk",
) -> None:
    """A site backup says whether strangers may enter at all."""
    site = obj(
        "SpacePermission", "77", text("type", "USECONFLUENCE"), text("group", "")
    )
    users = site.replace(
        '<property name="group"></property>', text("group", "confluence-users")
    )
    page = FakePage(id="1", title="頁")
    spaces = _space("anonymous", "group:staff")
    for rights, expected in ((site, _PUB), (users, _STAFF)):
        export = FakeExport(page, spaces=spaces, extra=rights)
        export.descriptor = export.descriptor.replace("space", "all")

        assert desk.read(export).layers("1") == (expected,)


def test_a_row_of_cloud_that_names_nobody_gives_nothing(desk: "Desk") -> None:
    """Cloud says `anonymous-users`; a row without a subject has lost it."""
    page = FakePage(id="1", title="頁")
    for viewers, expected in (
        (("anonymous", "group:staff"), (_STAFF,)),
        (("anonymous",), _UNKNOWN),
        (("anonymous-users",), (_PUB,)),
    ):
        export = FakeExport(page, spaces=_space(*viewers))
        export.descriptor += "source=cloud\n"

        assert desk.read(export).layers("1") == expected


# --- restrictions ------------------------------------------------------------


def test_the_restriction_of_a_page_is_a_layer(desk: "Desk") -> None:
    page = FakePage(id="1", title="給与", view=(("group:hr", "user:k1"),))

    assert set(_layers(desk, page)) == {
        frozenset({"grp:confluence:hr", "usr:confluence:k1"}),
        _STAFF,
    }


def test_restrictions_of_editing_do_not_matter(desk: "Desk") -> None:
    page = FakePage(id="1", title="頁", edit=(("group:hr",),))

    assert _layers(desk, page) == (_STAFF,)


def test_the_restrictions_of_every_ancestor_are_layers(desk: "Desk") -> None:
    """The nearest one alone would let too many in."""
    pages = (
        FakePage(id="3", title="役員", view=(("group:board",),)),
        FakePage(id="2", title="人事", parent="3", view=(("group:hr",),)),
        FakePage(id="1", title="給与", parent="2", view=(("user:k1",),)),
    )

    assert set(_layers(desk, *pages)) == {
        frozenset({"usr:confluence:k1"}),
        _HR,
        frozenset({"grp:confluence:board"}),
        _STAFF,
    }
    assert set(_layers(desk, *pages, id_="2")) == {
        _HR,
        frozenset({"grp:confluence:board"}),
        _STAFF,
    }


def test_a_moved_page_has_the_layers_of_its_new_place(desk: "Desk") -> None:
    above = FakePage(id="2", title="人事", view=(("group:hr",),))

    assert _layers(desk, above, FakePage(id="1", title="頁")) == (_STAFF,)
    assert set(_layers(desk, above, FakePage(id="1", title="頁", parent="2"))) == {
        _HR,
        _STAFF,
    }


def test_archived_ancestors_still_restrict(desk: "Desk") -> None:
    pages = (
        FakePage(id="2", title="旧", status="archived", view=(("group:hr",),)),
        FakePage(id="1", title="頁", parent="2"),
    )

    assert set(_layers(desk, *pages)) == {_HR, _STAFF}


def test_a_restriction_that_is_not_in_the_export_denies(desk: "Desk") -> None:
    """It may be a View set: a dangling one is never "unrestricted"."""
    page = FakePage(id="1", title="頁", dangling=("404",))
    below = FakePage(id="2", title="下", parent="1")

    assert _layers(desk, page, below) == _UNKNOWN
    assert _layers(desk, page, below, id_="2") == _UNKNOWN


def test_a_restriction_that_names_nobody_denies(desk: "Desk") -> None:
    page = FakePage(id="1", title="頁", view=((),))

    assert _layers(desk, page) == _UNKNOWN


def test_a_restriction_is_found_from_its_own_side_alone(desk: "Desk") -> None:
    """The page need not name the set, nor the set its members."""
    extra = obj(
        "ContentPermissionSet",
        "77",
        text("type", "View"),
        ref("owningContent", "ContentEntityObject", "1"),
    )
    extra += obj(
        "ContentPermission",
        "78",
        text("type", "View"),
        ref("owningSet", "ContentPermissionSet", "77"),
        text("groupName", "hr"),
    )
    export = FakeExport(
        FakePage(id="1", title="頁"), spaces=_space("group:staff"), extra=extra
    )

    assert set(desk.read(export).layers("1")) == {_HR, _STAFF}


def test_blog_posts_have_restrictions_too(desk: "Desk") -> None:
    post = FakePage(id="1", title="N", kind="BlogPost", view=(("group:hr",),))

    assert set(_layers(desk, post)) == {_HR, _STAFF}


@pytest.mark.parametrize(
    "above",
    [
        (),
        (FakePage(id="2", title="他所", space="OPS"),),
        (FakePage(id="2", title="旧版", space=None, original="9"),),
        (FakePage(id="2", title="下書き", status="draft"),),
        (FakePage(id="2", title="削除", status="deleted"),),
        (FakePage(id="2", title="環", parent="1"),),
    ],
    ids=["missing", "foreign", "historical", "draft", "deleted", "circle"],
)
def test_below_an_ancestor_that_is_no_current_page_nobody_reads(
    above: tuple[FakePage, ...], desk: "Desk"
) -> None:
    """Unless the operator says that it restricts nothing."""
    page = FakePage(id="1", title="頁", parent="2", view=(("group:hr",),))
    export = FakeExport(
        page,
        *above,
        spaces=(*_space("group:staff"), *_space("group:ops", key="OPS")),
    )
    ignoring = desk.read(export, options={"missing_ancestors": "ignore"})

    assert desk.read(export).layers("1") == _UNKNOWN
    assert set(ignoring.layers("1")) == {_HR, _STAFF}


def test_what_is_unknown_stays_unknown_whatever_the_operator_allows(
    desk: "Desk",
) -> None:
    """`access` stands for the rights of a space and for nothing else."""
    export = FakeExport(
        FakePage(id="1", title="頁", dangling=("404",)),
        FakePage(id="2", title="頁", parent="404"),
    )
    read = desk.read(export, layers=(_PUB,))

    assert read.layers("1") == read.layers("2") == _UNKNOWN


# --- people ------------------------------------------------------------------


def _user_layer(desk: "Desk", *users: FakeUser, subject: str = "user:k1") -> Layers:
    export = FakeExport(
        FakePage(id="1", title="頁"), spaces=_space(subject), users=users
    )
    return desk.read(export).layers("1")


def test_a_user_is_known_by_address_key_and_account(desk: "Desk") -> None:
    user = FakeUser(
        key="k1", login="hanako", account="557058:a", mail="Hanako@Example.COM"
    )

    assert _user_layer(desk, user) == (
        frozenset(
            {
                "usr:confluence:k1",
                "usr:confluence:557058%3Aa",
                "usr:mail:hanako@example.com",
            }
        ),
    )


def test_a_login_that_looks_like_an_address_is_none(desk: "Desk") -> None:
    """People choose their login names; the directory knows their addresses."""
    user = FakeUser(key="k1", login="boss@example.com")

    assert _user_layer(desk, user) == (frozenset({"usr:confluence:k1"}),)


def test_nobody_becomes_another_by_choosing_a_key_as_login(desk: "Desk") -> None:
    users = (
        FakeUser(key="k1", login="boss", mail="boss@example.com"),
        FakeUser(key="k2", login="k1", mail="mallory@example.com"),
    )

    assert _user_layer(desk, *users) == (
        frozenset({"usr:confluence:k1", "usr:mail:boss@example.com"}),
    )


def test_a_deactivated_user_has_no_rights(desk: "Desk") -> None:
    user = FakeUser(key="k1", login="left", mail="left@example.com", active=False)

    assert _user_layer(desk, user) == _UNKNOWN


def test_a_login_that_two_people_share_gives_no_address(desk: "Desk") -> None:
    users = (
        FakeUser(key="k1", login="h", mail="a@example.com"),
        FakeUser(key="k2", login="h", mail="b@example.com"),
    )

    assert _user_layer(desk, *users) == (frozenset({"usr:confluence:k1"}),)


def test_users_of_old_versions_are_known_by_login(desk: "Desk") -> None:
    extra = obj(
        "DefaultHibernateUser",
        "7",
        text("name", "Admin"),
        text("email", "Admin@Example.com"),
        text("fullName", "管理者"),
        text("password", "秘密"),
    )
    export = FakeExport(
        FakePage(id="1", title="頁", view=(("login:Admin",),)),
        spaces=_space("group:staff"),
        extra=extra,
    )

    assert set(desk.read(export).layers("1")) == {
        frozenset({"usr:confluence:Admin", "usr:mail:admin@example.com"}),
        _STAFF,
    }
