"""Writes XML exports as Confluence does, for tests and for the bundled samples."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

WRITTEN_AT = "2025-06-01 02:00:00"
DESCRIPTOR = "#Sun Jun 01 02:00:00 UTC 2025\nexportType={kind}\ntimezoneId=UTC\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSpace:
    """A space; `viewers` are subjects, None writes no VIEWSPACE row at all.

    A subject is `group:<name>`, `user:<key>`, `login:<name>` (as old versions wrote),
    `anonymous` (a row that names nobody), `anonymous-users` or `authenticated-users`.
    """

    key: str = "DOC"
    name: str = "資料室"
    viewers: tuple[str, ...] | None = ("authenticated-users",)
    status: str = "CURRENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeUser:
    """A user; `display_name` and `mail` stand in the directory of a site backup."""

    key: str
    login: str
    mail: str | None = None
    display_name: str | None = None
    account: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeAttachment:
    """A file of a page; `content` None leaves the file itself out."""

    name: str
    content: bytes | None = b"\x89PNG"
    media_type: str = "image/png"
    status: str = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePage:
    """A page or blog post, in any state.

    `body` None writes no body object, `original` makes it an old version of that
    page. `view` and `edit` are restrictions, each a set of subjects; `dangling` are
    ids of sets that the page names and the export does not hold. `labels` may carry
    a namespace, as in `my:favourite`.
    """

    id: str
    title: str
    body: str | None = "<p>本文</p>"
    parent: str | None = None
    space: str | None = "DOC"
    kind: str = "Page"
    status: str = "current"
    original: str | None = None
    version: int = 1
    modified: str = "2025-05-20 09:30:00.000"
    modifier: str | None = None
    body_type: int | None = 2
    view: tuple[tuple[str, ...], ...] = ()
    edit: tuple[tuple[str, ...], ...] = ()
    dangling: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    attachments: tuple[FakeAttachment, ...] = ()


class FakeExport:
    """An export; `extra` are further objects as XML, written first."""

    def __init__(
        self,
        *pages: FakePage,
        spaces: tuple[FakeSpace, ...] = (FakeSpace(),),
        users: tuple[FakeUser, ...] = (),
        extra: str = "",
    ) -> None:
        self.pages = pages
        self.spaces = spaces
        self.users = users
        self.extra = extra
        self.written_at: str | None = WRITTEN_AT
        self.descriptor = DESCRIPTOR.format(kind="space")
        self.reverse = False
        self.owner_class: str | None = None
        self._numbers = count(900_001)

    def entities(self) -> str:
        """Return the whole of `entities.xml`."""
        self._numbers = count(900_001)
        objects = [text for text in self._objects() if text]
        if self.reverse:
            objects.reverse()
        date = f' datetime="{self.written_at}"' if self.written_at else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<hibernate-generic{date}>\n{''.join(objects)}</hibernate-generic>\n"
        )

    def files(self) -> dict[str, bytes]:
        """Return every file of the export."""
        return {
            "entities.xml": self.entities().encode(),
            "exportDescriptor.properties": self.descriptor.encode("latin-1"),
            **dict(self._attached()),
        }

    def write_zip(self, path: Path) -> Path:
        """Write the export as Confluence hands it out."""
        return write_zip(path, self.files())

    def write_folder(self, path: Path) -> Path:
        """Write the export unpacked."""
        for name, content in self.files().items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return path

    # --- objects -------------------------------------------------------------

    def _objects(self) -> Iterator[str]:
        yield self.extra
        for user in self.users:
            yield from _user(user, self._number())
        for space in self.spaces:
            yield from self._space(space)
        for page in self.pages:
            yield from self._page(page)

    def _number(self) -> str:
        return str(next(self._numbers))

    def _space(self, space: FakeSpace) -> Iterator[str]:
        yield obj(
            "Space",
            space_id(space.key),
            text("name", space.name),
            text("key", space.key),
            text("spaceStatus", space.status),
        )
        for subject in space.viewers or ():
            for right in ("VIEWSPACE", "COMMENT"):
                yield obj(
                    "SpacePermission",
                    self._number(),
                    ref("space", "Space", space_id(space.key)),
                    text("type", right),
                    *_subject(subject, group="group"),
                )

    def _page(self, page: FakePage) -> Iterator[str]:
        sets = [(self._number(), "View", subjects) for subjects in page.view]
        sets += [(self._number(), "Edit", subjects) for subjects in page.edit]
        body = self._number()
        yield obj(
            page.kind,
            page.id,
            text("title", page.title),
            text("contentStatus", page.status),
            text("version", str(page.version)),
            text("lastModificationDate", page.modified),
            ref("space", "Space", page.space and space_id(page.space)),
            ref("parent", "Page", page.parent),
            ref("originalVersion", page.kind, page.original),
            ref("lastModifier", "ConfluenceUserImpl", page.modifier, id_name="key"),
            ids("bodyContents", "BodyContent", [] if page.body is None else [body]),
            ids(
                "contentPermissionSets",
                "ContentPermissionSet",
                [*(number for number, _, _ in sets), *page.dangling],
            ),
        )
        if page.body is not None:
            yield obj(
                "BodyContent",
                body,
                cdata("body", page.body),
                ref("content", self.owner_class or page.kind, page.id),
                "" if page.body_type is None else text("bodyType", str(page.body_type)),
            )
        for number, kind, subjects in sets:
            yield from self._set(number, kind, subjects, page)
        for label in page.labels:
            yield from self._label(label, page)
        for attachment in page.attachments:
            yield from self._attachment(attachment, page)

    def _set(
        self, number: str, kind: str, subjects: tuple[str, ...], page: FakePage
    ) -> Iterator[str]:
        members = [self._number() for _ in subjects]
        for member, subject in zip(members, subjects, strict=True):
            yield obj(
                "ContentPermission",
                member,
                text("type", kind),
                ref("owningSet", "ContentPermissionSet", number),
                *_subject(subject, group="groupName"),
            )
        yield obj(
            "ContentPermissionSet",
            number,
            text("type", kind),
            ref("owningContent", page.kind, page.id),
            ids("contentPermissions", "ContentPermission", members),
        )

    def _label(self, label: str, page: FakePage) -> Iterator[str]:
        namespace, colon, name = label.rpartition(":")
        number = self._number()
        yield obj(
            "Label",
            number,
            text("name", name),
            text("namespace", namespace if colon else "global"),
        )
        yield obj(
            "Labelling",
            self._number(),
            ref("label", "Label", number),
            ref("content", page.kind, page.id),
        )

    def _attachment(self, file: FakeAttachment, page: FakePage) -> Iterator[str]:
        type_, size = self._number(), self._number()
        yield obj(
            "Attachment",
            attachment_id(file, page),
            text("title", file.name),
            text("contentStatus", file.status),
            text("originalVersionId", ""),
            ref("containerContent", page.kind, page.id),
            ids("contentProperties", "ContentProperty", [type_, size]),
        )
        yield obj(
            "ContentProperty",
            type_,
            text("name", "MEDIA_TYPE"),
            text("stringValue", file.media_type),
        )
        yield obj(
            "ContentProperty",
            size,
            text("name", "FILESIZE"),
            text("longValue", str(len(file.content or b""))),
        )

    def _attached(self) -> Iterator[tuple[str, bytes]]:
        for page in self.pages:
            for file in page.attachments:
                if file.content is not None:
                    number = attachment_id(file, page)
                    yield f"attachments/{page.id}/{number}/1", file.content


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip that is the same, byte by byte, for the same files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2025, 6, 1, 2, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def space_id(key: str) -> str:
    """Return the number of a space."""
    return "".join(str(ord(character) % 100) for character in key) + "000"


def attachment_id(file: FakeAttachment, page: FakePage) -> str:
    """Return the number of an attachment."""
    return f"{page.id}{page.attachments.index(file) + 1:04}"


def obj(kind: str, number: str, *parts: str, id_name: str = "id") -> str:
    """Return an object as XML."""
    inner = "".join(parts)
    return (
        f'<object class="{kind}" package="com.atlassian.confluence">'
        f'<id name="{id_name}">{number}</id>{inner}</object>\n'
    )


def text(name: str, value: str) -> str:
    """Return a property with a text."""
    return f"<property name={quoteattr(name)}>{escape(value)}</property>"


def cdata(name: str, value: str) -> str:
    """Return a property in CDATA, its inner ends broken as Confluence breaks them."""
    broken = value.replace("]]>", "]] >")
    return f"<property name={quoteattr(name)}><![CDATA[{broken}]]></property>"


def ref(name: str, kind: str, number: str | None, *, id_name: str = "id") -> str:
    """Return a property that points to an object; nothing for None."""
    if number is None:
        return ""
    return (
        f'<property name="{name}" class="{kind}" package="com.atlassian.confluence">'
        f'<id name="{id_name}"><![CDATA[{number}]]></id></property>'
    )


def ids(name: str, kind: str, numbers: list[str]) -> str:
    """Return a collection of objects."""
    elements = "".join(
        f'<element class="{kind}"><id name="id">{number}</id></element>'
        for number in numbers
    )
    return f'<collection name="{name}">{elements}</collection>' if numbers else ""


def _subject(subject: str, *, group: str) -> list[str]:
    kind, _, name = subject.partition(":")
    match kind:
        case "group":
            return [text(group, name), text("allUsersSubject", "")]
        case "user":
            user = ref("userSubject", "ConfluenceUserImpl", name, id_name="key")
            return [user, text(group, "")]
        case "login":
            return [text("userName", name), text(group, "")]
        case "anonymous":
            return [text(group, ""), text("allUsersSubject", "")]
        case _:
            return [text(group, ""), text("allUsersSubject", kind)]


def _user(user: FakeUser, number: str) -> Iterator[str]:
    yield obj(
        "ConfluenceUserImpl",
        user.key,
        text("name", user.login),
        text("lowerName", user.login.lower()),
        text("email", ""),
        text("atlassianAccountId", user.account or ""),
        id_name="key",
    )
    if user.mail or user.display_name or not user.active:
        yield obj(
            "InternalUser",
            number,
            text("name", user.login),
            text("displayName", user.display_name or ""),
            text("emailAddress", user.mail or ""),
            text("active", str(user.active).lower()),
            text("credential", "{PKCS5S2}秘密のハッシュ"),
        )
