"""Streams the objects of `entities.xml`, in the memory of one at a time.

Only the classes and properties named here are ever looked at: a site backup also
holds password hashes and login tokens.
"""

import codecs
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, BinaryIO

from lxml import etree

from connectors.errors import SourceUnavailable

_CONTENT = frozenset(
    {"title", "contentStatus", "version", "lastModificationDate", "lastModifierName"}
    | {"space", "parent", "originalVersion", "originalVersionId", "lastModifier"}
    | {"contentPermissionSets", "bodyContents"}
)
_ONLY_ID: frozenset[str] = frozenset()

PROPERTIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Page": _CONTENT,
        "BlogPost": _CONTENT,
        "BodyContent": frozenset({"body", "bodyType", "content"}),
        "Space": frozenset({"name", "key", "spaceStatus"}),
        "SpacePermission": frozenset(
            {"type", "space", "group", "userName", "userSubject", "allUsersSubject"}
        ),
        "ContentPermissionSet": frozenset(
            {"type", "owningContent", "contentPermissions"}
        ),
        "ContentPermission": frozenset(
            {"type", "owningSet", "groupName", "userName", "userSubject"}
        ),
        "ConfluenceUserImpl": frozenset(
            {"name", "lowerName", "email", "atlassianAccountId"}
        ),
        "InternalUser": frozenset({"name", "displayName", "emailAddress", "active"}),
        "DefaultHibernateUser": frozenset({"name", "fullName", "email"}),
        "Attachment": frozenset(
            {"title", "fileName", "contentType", "fileSize", "contentStatus"}
            | {"originalVersion", "originalVersionId", "containerContent", "content"}
            | {"contentProperties"}
        ),
        "ContentProperty": frozenset({"name", "stringValue", "longValue"}),
        "Label": frozenset({"name", "namespace"}),
        "Labelling": frozenset({"label", "content"}),
        # These own bodies too; what they are is not read.
        "Comment": _ONLY_ID,
        "CustomContentEntityObject": _ONLY_ID,
        "Draft": _ONLY_ID,
        "GlobalDescription": _ONLY_ID,
        "PageTemplate": _ONLY_ID,
        "PersonalInformation": _ONLY_ID,
        "SpaceDescription": _ONLY_ID,
    }
)
"""What is read: properties by class."""

_CHUNK = 1 << 16
_STOP_EVERY = 500
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One object of the export.

    `values` are the texts of its properties, `references` the ids that properties
    point to, `referred` the classes of those, `lists` the ids in collections.
    """

    kind: str
    id: str
    values: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    referred: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def value(self, name: str, /) -> str:
        """Return a property's text, "" without one."""
        return self.values.get(name, "")


class CleanBytes:
    """A file without the bytes that XML 1.0 forbids; `removed` counts them.

    What is no UTF-8 becomes the replacement character and is counted, too.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""
        self.removed = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read about `size` bytes; b"" at the end only."""
        while True:
            chunk = self._file.read(max(size, _CHUNK))
            text = self._decoded(self._rest + chunk, final=not chunk)
            clean, removed = _ILLEGAL.subn("", text)
            self.removed += removed
            if clean or not chunk:
                return clean.encode()

    def _decoded(self, data: bytes, *, final: bool) -> str:
        try:
            text, used = codecs.utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(data, "replace", final)
            genuine = data.count(_REPLACEMENT.encode())
            self.removed += text.count(_REPLACEMENT) - genuine
        self._rest = data[used:]
        return text


class Export:
    """The objects of one `entities.xml`, to be read once.

    `written_at` is the export's own date, known once the first object is.
    """

    def __init__(self, file: BinaryIO, what: str) -> None:
        self._bytes = CleanBytes(file)
        self._what = what
        self.written_at: str | None = None

    @property
    def removed(self) -> int:
        """How many forbidden characters there were so far."""
        return self._bytes.removed

    def objects(self, stop: threading.Event, /) -> Iterator[Object]:
        """Yield the objects that `PROPERTIES` names; raises `SourceUnavailable`.

        The listing is whole if it ends: a file that was cut raises.
        """
        try:
            yield from self._objects(stop)
        except etree.XMLSyntaxError as error:
            raise SourceUnavailable(
                f"{self._what} is broken ({error}); export again"
            ) from error

    def _objects(self, stop: threading.Event) -> Iterator[Object]:
        events = etree.iterparse(
            self._bytes,
            tag="object",
            events=("end",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=True,
            recover=False,
        )
        for count, (_, element) in enumerate(events):
            if count == 0:
                self._look_at_root(element.getroottree())
            if count % _STOP_EVERY == 0 and stop.is_set():
                raise SourceUnavailable(f"{self._what}: the reading was stopped")
            wanted = PROPERTIES.get(element.get("class"))
            if wanted is not None:
                yield _object(element, wanted)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        root = events.root
        if root is None or root.tag != "hibernate-generic":
            raise SourceUnavailable(
                f"{self._what} is no export of Confluence; set the right path"
            )
        self.written_at = root.get("datetime")

    def _look_at_root(self, tree: Any) -> None:
        dtd = tree.docinfo.internalDTD
        if dtd is not None and next(dtd.iterentities(), None) is not None:
            raise SourceUnavailable(
                f"{self._what} declares entities, which no export of Confluence does; "
                "it is not read"
            )
        self.written_at = tree.getroot().get("datetime")


def _object(element: Any, wanted: frozenset[str]) -> Object:
    found = Object(kind=element.get("class"), id=_id_of(element))
    for child in element:
        name = child.get("name")
        if name not in wanted:
            continue
        if child.tag == "collection":
            found.lists[name] = [_id_of(item) for item in child]
        elif child.tag == "property":
            _read_property(found, name, child)
    return found


def _read_property(found: Object, name: str, element: Any) -> None:
    target = _id_of(element)
    if target:
        # The first counts where a trimmed export says a property twice.
        found.references.setdefault(name, target)
        found.referred.setdefault(name, element.get("class") or "")
    elif name == "body":
        found.values[name] = element.text or ""
    else:
        found.values[name] = (element.text or "").strip()


def _id_of(element: Any) -> str:
    for child in element:
        if child.tag == "id":
            return (child.text or "").strip()
    return ""
