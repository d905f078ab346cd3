"""The files that hang on pages."""

from collections import defaultdict

from connectors.api import Attachment
from connectors.confluence.objects import Object

_TOLD = frozenset({"MEDIA_TYPE", "FILESIZE"})


class Files:
    """Joins attachments with the properties that new versions keep apart."""

    def __init__(self) -> None:
        self._found: list[tuple[str, Attachment, tuple[str, ...]]] = []
        self._properties: dict[str, tuple[str, str]] = {}

    def add(self, found: Object, /) -> None:
        """Take a current Attachment."""
        owner = found.references.get("containerContent") or found.references.get(
            "content"
        )
        name = found.value("title") or found.value("fileName")
        if owner and name:
            file = Attachment(
                name=name,
                media_type=found.value("contentType") or None,
                size=_number(found.value("fileSize")),
            )
            properties = tuple(found.lists.get("contentProperties", ()))
            self._found.append((owner, file, properties))

    def add_property(self, found: Object, /) -> None:
        """Take a ContentProperty; there are many, and most say nothing of files."""
        name = found.value("name")
        if name in _TOLD:
            value = found.value("stringValue") or found.value("longValue")
            self._properties[found.id] = (name, value)

    def by_owner(self) -> dict[str, tuple[Attachment, ...]]:
        """Return the files of each page, by name."""
        files: defaultdict[str, list[Attachment]] = defaultdict(list)
        for owner, file, ids in self._found:
            known = dict(
                self._properties[id_] for id_ in ids if id_ in self._properties
            )
            size = _number(known.get("FILESIZE", ""))
            files[owner].append(
                Attachment(
                    name=file.name,
                    media_type=known.get("MEDIA_TYPE") or file.media_type,
                    size=file.size if size is None else size,
                )
            )
        return {
            owner: tuple(sorted(found, key=lambda file: file.name))
            for owner, found in files.items()
        }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
