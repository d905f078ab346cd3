"""Recognises what kind of export a zip or folder is, and where it comes from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.archives import Tree
from connectors.errors import SourceUnavailable

ENTITIES = "entities.xml"
_DESCRIPTOR = "exportDescriptor.properties"
_MAX_DESCRIPTOR = 1_000_000
_HTML_PAGE = re.compile(r"(?:.*_)?\d+\.html")
_CSV = frozenset({"content.csv", "content.csv.gz"})
# Java writes `#Tue May 10 17:04:43 CEST 2016`; the zone's name is ambiguous, and one
# machine keeps to its zone, so that dates without it can be compared.
_JAVA_DATE = re.compile(
    r"#\w{3} (?P<month>\w{3}) (?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d)"
    r" \S+ (?P<year>\d{4})"
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_XML_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)")
_AS_XML = "in Confluence choose Export space > XML"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the descriptor says of an export.

    An export of the whole site also holds the rights to the site. `written_at` has
    no zone; `zone` is that of the dates inside.
    """

    is_cloud: bool = False
    is_whole_site: bool = False
    written_at: datetime | None = None
    zone: tzinfo = UTC


def find_entities(tree: Tree, path: Path, /) -> str:
    """Return the name of the XML of an export.

    Raises `SourceUnavailable` for every other kind of export, and for none.
    """
    names = {name.rpartition("/")[2]: name for name in _upper(tree.members)}
    if ENTITIES in names:
        _check_single(tree, path)
        return names[ENTITIES]
    if any(item.name.rpartition("/")[2] == ENTITIES for item in tree.skipped):
        tree.open(ENTITIES)  # says why it is not readable
    if _CSV & names.keys() or _properties(tree).get("exportFormat") == "csv":
        raise SourceUnavailable(
            f"{path} is a CSV export, which is not read yet; {_AS_XML}"
        )
    if _DESCRIPTOR in names:
        raise SourceUnavailable(
            f"{path} is an incomplete export: it has no {ENTITIES}; export again"
        )
    if "index.html" in names and any(map(_HTML_PAGE.fullmatch, names)):
        raise SourceUnavailable(
            f"{path} is an HTML export, which is not read yet; {_AS_XML}"
        )
    raise SourceUnavailable(f"{path} holds no {ENTITIES}; set the path of an export")


def origin_of(tree: Tree, /) -> Origin:
    """Read the descriptor, if there is one."""
    properties = _properties(tree)
    return Origin(
        is_cloud=properties.get("source") == "cloud",
        is_whole_site=properties.get("exportType") == "all",
        written_at=_java_date(properties.get("#", "")),
        zone=_zone(properties.get("timezoneId", "UTC")),
    )


def xml_date(text: str | None, /) -> datetime | None:
    """Read a date as the XML has it, without a zone."""
    found = _XML_DATE.match(text or "")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}") if found else None
    except ValueError:
        return None


def _check_single(tree: Tree, path: Path) -> None:
    nested = [name for name in _upper(tree.members) if name.endswith(f"/{ENTITIES}")]
    if len(nested) > 1 and ENTITIES not in tree.members:
        raise SourceUnavailable(
            f"{path} holds several exports; set the path of one of them"
        )


def _upper(names: Iterable[str]) -> list[str]:
    """Return the names at the top, or in folders there; the uppermost come last."""
    return sorted(
        (name for name in names if name.count("/") <= 1),
        key=lambda name: name.count("/"),
        reverse=True,
    )


def _properties(tree: Tree) -> dict[str, str]:
    """Read the descriptor as Java's properties; "#" is its first comment."""
    names = [n for n in _upper(tree.members) if n.rpartition("/")[2] == _DESCRIPTOR]
    if not names:
        return {}
    with tree.open(names[-1]) as file:
        text = file.read(_MAX_DESCRIPTOR).decode("latin-1")
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if line.startswith("#"):
            found.setdefault("#", line)
        elif equals:
            found[name.strip()] = value.strip().replace("\\", "")
    return found


def _java_date(comment: str) -> datetime | None:
    found = _JAVA_DATE.match(comment)
    if found is None or found["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(found["month"]) // 4 + 1
    return xml_date(
        f"{found['year']}-{month:02}-{int(found['day']):02} {found['time']}"
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
