"""What is one whole XML export is read; everything else is said and changes nothing."""

import os
import random
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.api import Context, Document, Entry
from connectors.confluence.connector import connect
from connectors.errors import OptionsError, SourceError, SourceUnavailable
from tests.fakes.confluence_export import (
    FakeExport,
    FakePage,
    FakeSpace,
    cdata,
    obj,
    ref,
    text,
    write_zip,
)

if TYPE_CHECKING:
    from tests.unit.connectors.confluence.conftest import Desk

_EXPORT = FakeExport(
    FakePage(id="1", title="休暇規程", body="<p>十日</p>"),
    FakePage(id="2", title="給与", parent="1", view=(("group:hr",),)),
)


def _refused(desk: "Desk", path: Path, match: str, **options: object) -> None:
    """Opening is refused in words, and `check` says the same."""
    connector = desk.connector(path, options=options)

    with pytest.raises(SourceUnavailable, match=match) as caught:
        connector.open(None, stop=threading.Event())
    (problem,) = connector.check()

    assert "'wiki'" in str(caught.value)
    assert f"{problem.what}; {problem.fix}" == str(caught.value)
    assert problem.what
    assert problem.fix


# --- kinds -------------------------------------------------------------------


def test_a_zip_and_a_folder_of_one_export_are_equal(desk: "Desk") -> None:
    zipped = desk.read(_EXPORT.write_zip(desk.folder / "a.zip"))

    assert len(zipped.documents) == 2
    assert desk.read(_EXPORT.write_folder(desk.folder / "b")) == zipped
    assert desk.read(desk.folder / "b" / "entities.xml") == zipped


def test_an_export_packed_again_with_its_folder_is_read(desk: "Desk") -> None:
    files = {f"Export-1/{name}": data for name, data in _EXPORT.files().items()}

    assert len(desk.read(write_zip(desk.folder / "a.zip", files)).entries) == 2


def test_an_export_without_a_descriptor_is_read(desk: "Desk") -> None:
    path = _EXPORT.write_folder(desk.folder / "a")
    (path / "exportDescriptor.properties").unlink()

    assert len(desk.read(path).entries) == 2


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ({"exportDescriptor.properties": b"exportFormat=csv"}, "CSV export"),
        ({"content.csv": b"id,title", "spaces.csv": b""}, "CSV export"),
        ({"content.csv.gz": b"id,title"}, "CSV export"),
        ({"index.html": b"", "休暇規程_123.html": b""}, "HTML export"),
        ({"DOC/index.html": b"", "DOC/456.html": b""}, "HTML export"),
        ({"exportDescriptor.properties": b"exportType=space"}, "incomplete export"),
        ({"読んで.txt": b"x"}, "no entities.xml"),
        ({}, "no entities.xml"),
        ({"a/entities.xml": b"", "b/entities.xml": b""}, "several exports"),
    ],
)
def test_what_is_no_xml_export_is_recognised(
    files: dict[str, bytes], match: str, desk: "Desk"
) -> None:
    _refused(desk, write_zip(desk.folder / "a.zip", files), match)


def test_a_path_that_is_missing_is_said(desk: "Desk") -> None:
    _refused(desk, desk.folder / "無い.zip", "does not exist")


# --- broken ------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<hibernate-generic>",
        b"<hibernate-generic></other>",
        b"not xml",
        "<hibernate-generic>休".encode()[:-1],
    ],
)
def test_broken_xml_is_said(content: bytes, desk: "Desk") -> None:
    _refused(
        desk, write_zip(desk.folder / "a.zip", {"entities.xml": content}), "broken"
    )


def test_xml_of_something_else_is_said(desk: "Desk") -> None:
    files = {"entities.xml": b"<feed><object/></feed>"}

    _refused(desk, write_zip(desk.folder / "a.zip", files), "no export of Confluence")


def test_an_export_cut_anywhere_is_refused(desk: "Desk") -> None:
    """No cut makes it look like a smaller export."""
    whole = _EXPORT.files()["entities.xml"].rstrip()
    folder = _EXPORT.write_folder(desk.folder / "a")
    chosen = random.Random(1)
    for _ in range(60):
        (folder / "entities.xml").write_bytes(whole[: chosen.randrange(len(whole))])
        with pytest.raises(SourceError):
            desk.read(folder)


def test_a_zip_cut_anywhere_is_refused(desk: "Desk") -> None:
    whole = _EXPORT.write_zip(desk.folder / "a.zip").read_bytes()
    chosen = random.Random(2)
    for _ in range(60):
        (desk.folder / "b.zip").write_bytes(whole[: chosen.randrange(len(whole))])
        with pytest.raises(SourceError):
            desk.read(desk.folder / "b.zip")


def test_an_export_without_pages_is_refused(desk: "Desk") -> None:
    """Also when it holds bodies: it would delete everything that is published."""
    body = obj(
        "BodyContent",
        "77",
        cdata("body", "<p>孤</p>"),
        ref("content", "Page", "9"),
        text("bodyType", "2"),
    )

    _refused(desk, desk.write(FakeExport()), "holds no pages; export again")
    _refused(desk, desk.write(FakeExport(extra=body)), "no pages, only 1 bodies")


def test_an_export_of_old_versions_only_lists_nothing(desk: "Desk") -> None:
    export = FakeExport(FakePage(id="1", title="旧", space=None, original="2"))

    assert desk.read(export).entries == {}
    assert desk.problems(export) == [
        "the export holds no current page that is to be read"
    ]


@pytest.mark.parametrize(
    "declarations",
    [
        (
            '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;">'
        ),
        f'<!ENTITY a "{"x" * 100_000}">',
        '<!ENTITY d SYSTEM "file:///etc/hostname">',
        '<!ENTITY % d SYSTEM "http://127.0.0.1:9/x"> %d;',
    ],
    ids=["laughs", "quadratic", "file", "parameter"],
)
def test_declared_entities_are_refused(declarations: str, desk: "Desk") -> None:
    """Nothing grows, and neither a file nor the network is read."""
    entities = _EXPORT.entities().replace(
        "<hibernate-generic",
        f"<!DOCTYPE hibernate-generic [{declarations}]><hibernate-generic",
    )
    entities = entities.replace("休暇規程", "&d;" if "% d" not in declarations else "x")
    files = {"entities.xml": entities.encode()}

    _refused(desk, write_zip(desk.folder / "a.zip", files), "declares|broken")


# --- hostile zips ------------------------------------------------------------


def test_a_password_is_said(desk: "Desk") -> None:
    raw = bytearray(_EXPORT.write_zip(desk.folder / "a.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(signature, at + 1)
    (desk.folder / "a.zip").write_bytes(raw)

    _refused(desk, desk.folder / "a.zip", "password protected")


def test_a_bomb_is_refused(desk: "Desk") -> None:
    files = _EXPORT.files()
    files["entities.xml"] += b" " * 30_000_000

    _refused(desk, write_zip(desk.folder / "a.zip", files), "zip bomb")


def test_more_than_the_limits_is_refused(desk: "Desk") -> None:
    path = desk.write(_EXPORT)

    _refused(desk, path, "more than 1000 bytes", max_bytes=1000)
    _refused(desk, path, "more than 1 files", max_files=1)


def test_dangerous_names_beside_the_export_are_told_and_harmless(desk: "Desk") -> None:
    files = {"../../外.txt": b"x", "/etc/x": b"x", **_EXPORT.files()}
    path = write_zip(desk.folder / "a.zip", files)

    assert len(desk.read(path).entries) == 2
    assert [p.what for p in desk.connector(path).check()] == [
        "2 files have names or kinds that are not safe"
    ]


def test_a_symlink_is_no_export(desk: "Desk") -> None:
    outside = _EXPORT.write_folder(desk.folder / "outside")
    folder = desk.folder / "a"
    folder.mkdir()
    (folder / "entities.xml").symlink_to(outside / "entities.xml")

    _refused(desk, folder, "symlink")


def test_a_huge_body_is_read(desk: "Desk") -> None:
    """Beyond the ten megabytes at which XML parsers stop by default."""
    body = "".join(random.Random(3).choices("休暇規程申請", k=4_000_000))
    read = desk.read(FakeExport(FakePage(id="1", title="巨大", body=f"<p>{body}</p>")))

    assert len(body.encode()) > 10_000_000
    assert hash(read.markdown("1")) == hash(body)  # pytest would print a difference


def test_a_deep_body_is_read(desk: "Desk") -> None:
    body = "<div>" * 5000 + "番人" + "</div>" * 5000
    read = desk.read(FakeExport(FakePage(id="1", title="深", body=body)))

    assert read.markdown("1") == "番人"
    assert read.documents["1"].warnings == ("degraded",)


# --- runs --------------------------------------------------------------------


def test_an_export_that_changes_while_it_is_read_is_refused(
    desk: "Desk",
) -> None:
    """The pages of two exports are never mixed."""
    folder = _EXPORT.write_folder(desk.folder / "a")

    class Touching(threading.Event):
        """Is asked while the export is read, and touches it."""

        def is_set(self) -> bool:
            os.utime(folder / "entities.xml", ns=(1, 1))
            return False

    connector = desk.connector(folder)
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        connector.open(None, stop=Touching())


def test_an_open_snapshot_outlives_its_file(desk: "Desk") -> None:
    path = desk.write(_EXPORT)
    with desk.connector(path).open(None, stop=threading.Event()) as snapshot:
        path.unlink()
        entries = [item for item in snapshot.entries() if isinstance(item, Entry)]
        documents = [snapshot.fetch(entry) for entry in entries]

    assert [d.title for d in documents if isinstance(d, Document)] == [
        "休暇規程",
        "給与",
    ]


def test_nothing_is_left_in_the_cache(desk: "Desk") -> None:
    """Not even while the snapshot is open: a killed run leaves no bodies behind."""
    with desk.connector(desk.write(_EXPORT)).open(None, stop=threading.Event()):
        assert list((desk.folder / "cache").iterdir()) == []


def test_an_older_export_is_refused(desk: "Desk") -> None:
    export = FakeExport(*_EXPORT.pages)
    checkpoint = desk.read(export).checkpoint
    export.written_at = "2025-05-31 02:00:00"
    path = desk.write(export)

    with pytest.raises(SourceUnavailable, match="allow_older = true"):
        desk.read(path, checkpoint=checkpoint)
    read = desk.read(path, checkpoint=checkpoint, options={"allow_older": True})
    assert len(read.entries) == 2
    assert desk.read(path, checkpoint=read.checkpoint).entries == read.entries


def test_a_newer_and_the_same_export_are_read(desk: "Desk") -> None:
    export = FakeExport(*_EXPORT.pages)
    first = desk.read(export)
    again = desk.read(export, checkpoint=first.checkpoint)
    export.written_at = "2025-06-02 02:00:00"

    assert again == first
    assert desk.read(export, checkpoint=first.checkpoint).entries == first.entries


def test_the_descriptor_dates_an_export_whose_xml_does_not(desk: "Desk") -> None:
    export = FakeExport(*_EXPORT.pages)
    export.written_at = None
    newer = desk.read(export)
    export.descriptor = export.descriptor.replace("Jun 01", "May 31")

    with pytest.raises(SourceUnavailable, match="2025-05-31 02:00:00 is older"):
        desk.read(export, checkpoint=newer.checkpoint)


def test_an_export_without_a_date_forgets_no_date(desk: "Desk") -> None:
    export = FakeExport(*_EXPORT.pages)
    dated = desk.read(export)
    export.written_at, export.descriptor = None, "exportType=space\n"
    undated = desk.read(export, checkpoint=dated.checkpoint)

    assert undated.entries == dated.entries
    assert undated.checkpoint == dated.checkpoint


def test_a_full_disk_is_said(desk: "Desk") -> None:
    """A cache that cannot be written is as good as a full one."""
    (desk.folder / "cache").write_bytes(b"no folder")
    connector = desk.connector(desk.write(_EXPORT))

    with pytest.raises(SourceUnavailable, match="make room on the disk"):
        connector.open(None, stop=threading.Event())


# --- options -----------------------------------------------------------------


def _connect(**options: object) -> None:
    connect(
        Context(source="wiki", options=options, base=Path(), cache=Path(), layers=())
    )


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "'path' is missing"),
        ({"path": "a", "base_ulr": "x"}, "did you mean 'base_url'"),
        ({"path": "a", "base_url": "wiki.example"}, "'base_url': must be an address"),
        ({"path": "a", "base_url": "https://w.example/?a={id}"}, "plain address"),
        ({"path": "a", "missing_ancestors": "allow"}, "missing_ancestors"),
        ({"path": "a", "max_bytes": 0}, "max_bytes"),
    ],
)
def test_wrong_options_are_said(options: dict[str, object], match: str) -> None:
    with pytest.raises(OptionsError, match=match) as caught:
        _connect(**options)

    assert "'wiki'" in str(caught.value)


def test_check_knows_the_spaces(desk: "Desk") -> None:
    export = FakeExport(*_EXPORT.pages, spaces=(FakeSpace(), FakeSpace(key="OPS")))

    assert desk.problems(export, spaces=["OSP", "DOC"]) == [
        "the export has no space 'OSP'; did you mean 'OPS'?"
    ]


def test_check_counts_what_is_missing(desk: "Desk") -> None:
    body = obj(
        "BodyContent",
        "77",
        cdata("body", "x"),
        ref("content", "Page", "9"),
        text("bodyType", "2"),
    )
    export = FakeExport(
        FakePage(id="1", title="頁", body=None),
        FakePage(id="2", title="頁", parent="404"),
        extra=body,
    )

    assert desk.problems(export) == [
        "1 pages have no body",
        "1 bodies have no page",
        "it is unknown who may read 1 of 2 pages, so nobody can",
    ]


def test_a_zip_with_japanese_names_of_windows_is_read(desk: "Desk") -> None:
    path = desk.folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x" * 8 + "/entities.xml", _EXPORT.entities())
    path.write_bytes(path.read_bytes().replace(b"x" * 8, "書き出し".encode("cp932")))

    assert len(desk.read(path).entries) == 2
