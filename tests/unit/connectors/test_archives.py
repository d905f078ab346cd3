"""Zips and folders are read without harm, whatever is inside them."""

import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.archives import Limits, Skipped, open_tree
from connectors.errors import SourceDenied, SourceUnavailable

_SMALL = Limits(total=50_000, entries=5, ratio=20, ratio_from=1000, name=20)


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _folder(path: Path, members: dict[str, bytes]) -> Path:
    for name, content in members.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


def _skipped(path: Path) -> dict[str, str]:
    with open_tree(path) as tree:
        return {item.name: item.reason for item in tree.skipped}


@pytest.mark.parametrize("make", [_zip, _folder])
def test_members_are_read_by_name(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    """A zip and a folder of the same files look alike."""
    path = make(tmp_path / "資料", {"規程/休暇.md": b"ten days", "a.txt": b"A"})

    with open_tree(path) as tree:
        assert {m.name: m.size for m in tree.members.values()} == {
            "規程/休暇.md": 8,
            "a.txt": 1,
        }
        with tree.open("規程/休暇.md") as file:
            assert file.read() == b"ten days"


def test_a_path_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="does not exist"):
        open_tree(tmp_path / "ない.zip")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a zip at all" * 100], ids=["empty", "cut", "text"]
)
def test_what_is_no_zip_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)

    with pytest.raises(SourceUnavailable, match="not a whole zip"):
        open_tree(path)


def test_a_zip_without_members_is_empty(tmp_path: Path) -> None:
    with open_tree(_zip(tmp_path / "x.zip", {})) as tree:
        assert tree.members == {}


def test_a_truncated_zip_is_said(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a": os.urandom(5000), "b": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:7000])

    with pytest.raises(SourceUnavailable, match="not a whole zip"):
        open_tree(path)


def test_a_damaged_member_is_said_while_reading(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a": b"the same text " * 500})
    damaged = bytearray(path.read_bytes())
    damaged[50:60] = b"\xff" * 10
    path.write_bytes(damaged)

    with (
        open_tree(path) as tree,
        tree.open("a") as file,
        pytest.raises(SourceUnavailable, match="a is not a whole zip"),
    ):
        file.read()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../etc/passwd", "parent"),
        ("a/../../b", "parent"),
        ("..\\..\\b", "parent"),
        ("/etc/passwd", "absolute"),
        ("C:\\Windows\\x", "absolute"),
        ("//host/x", "absolute"),
        ("a//b", "name"),
        ("あ" * 256, "name"),
    ],
)
def test_a_dangerous_name_is_left_out(name: str, reason: str, tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {name: b"bad", "good.md": b"good"})

    with open_tree(path) as tree:
        assert list(tree.members) == ["good.md"]
        assert [item.reason for item in tree.skipped] == [reason]
        with pytest.raises(SourceUnavailable):
            tree.open(tree.skipped[0].name)


@pytest.mark.parametrize(("kind", "reason"), [(0o12, "symlink"), (0o01, "special")])
def test_links_and_devices_in_a_zip_are_left_out(
    kind: int, reason: str, tmp_path: Path
) -> None:
    info = zipfile.ZipInfo("出口")
    info.external_attr = (kind << 12 | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")

    assert _skipped(tmp_path / "x.zip") == {"出口": reason}


def test_symlinks_and_fifos_in_a_folder_are_left_out(tmp_path: Path) -> None:
    """Neither a file nor a folder outside is reached, and nothing hangs."""
    outside = _folder(tmp_path / "outside", {"秘密.md": b"secret"})
    root = _folder(tmp_path / "root", {"a.md": b"A"})
    (root / "file").symlink_to(outside / "秘密.md")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")

    with open_tree(root) as tree:
        assert list(tree.members) == ["a.md"]
    assert _skipped(root) == {
        "file": "symlink",
        "folder": "symlink",
        "loop": "symlink",
        "pipe": "special",
    }


def test_a_member_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    """A folder that changes while it is read opens no way out."""
    (tmp_path / "outside").write_bytes(b"secret")
    root = _folder(tmp_path / "root", {"a.md": b"A", "d/b.md": b"B"})

    with open_tree(root) as tree:
        (root / "a.md").unlink()
        (root / "a.md").symlink_to(tmp_path / "outside")
        (root / "d/b.md").unlink()
        (root / "d").rmdir()
        (root / "d").symlink_to(tmp_path)
        (tmp_path / "b.md").write_bytes(b"secret")
        for name in ("a.md", "d/b.md"):
            with pytest.raises(SourceUnavailable, match="cannot be read"):
                tree.open(name)


def test_an_encrypted_member_is_said(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a.md": b"A"})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the flag bits of the local header, then of the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)

    assert _skipped(path) == {"a.md": "encrypted"}
    with (
        open_tree(path) as tree,
        pytest.raises(SourceUnavailable, match="password protected"),
    ):
        tree.open("a.md")


def test_an_unknown_packing_is_said(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a.md": b"A"})
    raw = bytearray(path.read_bytes())
    struct.pack_into("<H", raw, 8, 97)
    struct.pack_into("<H", raw, raw.index(b"PK\x01\x02") + 10, 97)
    path.write_bytes(raw)

    with (
        open_tree(path) as tree,
        pytest.raises(SourceUnavailable, match="not supported"),
    ):
        tree.open("a.md")


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    """Many directory entries over the same bytes are a bomb of a few kilobytes."""
    path = _zip(tmp_path / "x.zip", {"a": b"\x00" * 40_000, "b": b"B"})
    raw = bytearray(path.read_bytes())
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    struct.pack_into("<I", raw, second + 42, 0)
    path.write_bytes(raw)

    with pytest.raises(SourceUnavailable, match="overlap"):
        open_tree(path)


def test_a_bomb_is_refused_before_and_while_it_is_read(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a": b"\x00" * 49_000})

    with (
        open_tree(path, limits=_SMALL) as tree,
        pytest.raises(SourceUnavailable, match="zip bomb"),
    ):
        tree.open("a")


def test_a_header_that_lies_does_not_help_a_bomb(tmp_path: Path) -> None:
    """The size in the header is small; what comes out is cut there and noticed."""
    path = _zip(tmp_path / "x.zip", {"a": b"\x00" * 40_000})
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, raw.index(b"PK\x01\x02") + 24, 500)
    path.write_bytes(raw)

    with (
        open_tree(path, limits=_SMALL) as tree,
        tree.open("a") as file,
        pytest.raises(SourceUnavailable),
    ):
        file.read()


@pytest.mark.parametrize("make", [_zip, _folder])
def test_what_is_read_is_counted_over_all_members(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "x", {"a": os.urandom(30_000), "b": os.urandom(30_000)})

    with open_tree(path, limits=_SMALL) as tree:
        with tree.open("a") as file:
            assert len(file.read()) == 30_000
        with (
            tree.open("b") as file,
            pytest.raises(SourceUnavailable, match="50000 bytes"),
        ):
            file.read()


@pytest.mark.parametrize("make", [_zip, _folder])
def test_too_many_members_are_refused(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "x", {f"{n}.md": b"" for n in range(6)})

    with pytest.raises(SourceUnavailable, match="more than 5 files"):
        open_tree(path, limits=_SMALL)


@pytest.mark.parametrize("name", ["表紙/ソース能力.md", "休暇①～髙.md"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_names_without_the_unicode_flag_are_understood(
    name: str, encoding: str, tmp_path: Path
) -> None:
    """Windows in Japan writes cp932, whose second bytes may be a backslash."""
    raw = name.encode(encoding)
    path = _zip(tmp_path / "x.zip", {"x" * len(raw): b"A"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))

    with open_tree(path) as tree:
        assert list(tree.members) == [name]
        with tree.open(name) as file:
            assert file.read() == b"A"


def test_the_second_of_two_equal_names_is_left_out(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a": b"first", "b": b"second"})
    path.write_bytes(path.read_bytes().replace(b"b", b"a"))

    with open_tree(path) as tree, tree.open("a") as file:
        assert file.read() == b"first"
        assert tree.skipped == (Skipped(name="a", reason="duplicate"),)


def test_a_folder_name_that_is_no_unicode_is_read_as_cp932(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode("規程.md".encode("cp932"))).write_bytes(b"A")

    with open_tree(tmp_path) as tree, tree.open("規程.md") as file:
        assert file.read() == b"A"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {})
    path.chmod(0)

    with pytest.raises(SourceDenied, match="permissions"):
        open_tree(path)
