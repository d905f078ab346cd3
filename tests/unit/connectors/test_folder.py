"""Folders: what is read, what is refused, and what a second run spares."""

import json
import os
import threading
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.api import Context, Document, Entry, Failed, Link
from connectors.errors import SourceUnavailable
from connectors.files import Tree
from connectors.folder import Folder, connect
from connectors.testing import Reading, read

OLD = 1_767_225_600  # 2026-01-01T00:00:00Z


def write(root: Path, name: str, content: str | bytes = "本文\n") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (OLD, OLD))
    return path


def folder(root: Path, link: str | None = None, **options: object) -> Folder:
    context = Context(
        source="資料",
        options={"path": str(root), **options},
        base=Path("/nowhere"),
        cache=root.parent / "cache",
        layers=(frozenset({"pub"}),),
        link=link,
    )
    return connect(context)


def ids(reading: Reading) -> list[str]:
    return [entry.id for entry in reading.entries]


def reasons(reading: Reading) -> dict[str | None, str]:
    fetched = [d for d in reading.documents.values() if isinstance(d, Failed)]
    return {failed.id: failed.reason for failed in (*reading.failures, *fetched)}


def document(reading: Reading, name: str) -> Document:
    found = reading.documents[name]
    assert isinstance(found, Document)
    return found


def test_a_document_is_what_its_file_says(tmp_path: Path) -> None:
    write(tmp_path, "規程/休暇.md", "---\ntags: [人事]\n---\n# 年次休暇\n\n本文\n")

    reading = read(folder(tmp_path, link="https://w.example/{path}#L{first}-L{last}"))

    assert reading.documents == {
        "規程/休暇.md": Document(
            title="年次休暇",
            markdown="\n\n\n# 年次休暇\n\n本文\n",
            path=("規程",),
            link=Link(
                page="https://w.example/%E8%A6%8F%E7%A8%8B/%E4%BC%91%E6%9A%87.md",
                lines="https://w.example/%E8%A6%8F%E7%A8%8B/%E4%BC%91%E6%9A%87.md"
                "#L{first}-L{last}",
            ),
            updated_at=datetime(2026, 1, 1, tzinfo=UTC),
            labels=("人事",),
        )
    }


def test_files_of_any_japanese_encoding_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16"):
        write(tmp_path, f"{encoding}.txt", "申請は前日まで。\n".encode(encoding))

    reading = read(folder(tmp_path))

    assert {document(reading, name).markdown for name in ids(reading)} == {
        "申請は前日まで。\n"
    }


def test_names_are_ids_in_nfc_however_the_disk_has_them(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "ガイド/プリンタ.md")
    write(tmp_path, decomposed)

    reading = read(folder(tmp_path))

    assert ids(reading) == ["ガイド/プリンタ.md"]
    assert document(reading, "ガイド/プリンタ.md").markdown == "本文\n"


def test_names_in_cp932_are_read(tmp_path: Path) -> None:
    write(tmp_path, os.fsdecode("表示.txt".encode("cp932")))

    reading = read(folder(tmp_path))

    assert ids(reading) == ["表示.txt"]
    assert document(reading, "表示.txt").markdown == "本文\n"


def test_a_name_in_no_encoding_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, os.fsdecode(b"\x82\xff\xfe.txt"))

    assert reasons(read(folder(tmp_path))) == {r"\x82\xff\xfe.txt": "name_encoding"}


def test_of_two_names_that_look_the_same_one_is_a_failure(tmp_path: Path) -> None:
    composed, decomposed = "ガ.md", unicodedata.normalize("NFD", "ガ.md")
    write(tmp_path, composed)
    write(tmp_path, decomposed)

    reading = read(folder(tmp_path))

    assert ids(reading) == [composed]
    assert list(reasons(reading).values()) == ["same_name"]


def test_hidden_files_and_strange_things_are_left_out(tmp_path: Path) -> None:
    for name in ("一.md", ".秘密.md", ".git/x.md", "図.png", "表.csv"):
        write(tmp_path, name)
    os.mkfifo(tmp_path / "管.md")

    assert ids(read(folder(tmp_path))) == ["一.md"]


def test_patterns_choose_files(tmp_path: Path) -> None:
    for name in ("規程/一.md", "規程/案/二.md", "三.md", "四.py"):
        write(tmp_path, name)

    chosen = folder(tmp_path, include=["/規程/", "*.py"], exclude=["案/"])

    assert ids(read(chosen)) == ["四.py", "規程/一.md"]


def test_links_inside_are_left_out_and_links_out_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "資料"
    write(root, "一.md")
    secret = write(tmp_path, "秘密.md")
    (root / "中.md").symlink_to("一.md")
    (root / "外.md").symlink_to(secret)
    (root / "外の棚").symlink_to(tmp_path)
    (root / "輪").symlink_to("輪")

    reading = read(folder(root))

    assert ids(reading) == ["一.md"]
    assert reasons(reading) == {
        "外.md": "symlink_outside",
        "外の棚": "symlink_outside",
    }
    assert reasons(read(folder(root, exclude=["外*"]))) == {}


def test_a_file_that_becomes_a_link_while_listed_is_not_followed(
    tmp_path: Path,
) -> None:
    root = tmp_path / "資料"
    write(tmp_path, "秘密/一.md", "秘密")
    first, second = write(root, "一.md"), write(root, "棚/一.md")
    tree = Tree(root)
    found = list(tree.walk())
    first.unlink()
    first.symlink_to(tmp_path / "秘密/一.md")
    second.unlink()
    second.parent.rmdir()
    second.parent.symlink_to(tmp_path / "秘密")

    for item in found:
        assert not isinstance(item, Failed)
        with pytest.raises(OSError, match=r"symbolic|directory"):
            tree.digest(item)
    tree.close()


def test_a_large_file_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, "長い.md", "あ" * 100)

    reading = read(folder(tmp_path, max_bytes=299))

    assert reasons(reading) == {"長い.md": "too_large"}
    assert ids(read(folder(tmp_path, max_bytes=300))) == ["長い.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed_makes_the_listing_incomplete(
    tmp_path: Path,
) -> None:
    write(tmp_path, "一.md")
    write(tmp_path, "棚/二.md").parent.chmod(0)

    reading = read(folder(tmp_path))
    (tmp_path / "棚").chmod(0o700)

    assert ids(reading) == ["一.md"]
    assert reasons(reading) == {None: "unreadable"}


def test_a_touch_changes_no_version_and_an_edit_does(tmp_path: Path) -> None:
    path = write(tmp_path, "一.md", "申請は前日まで")
    first = read(folder(tmp_path))
    os.utime(path, (OLD + 9, OLD + 9))
    touched = read(folder(tmp_path), first.checkpoint)
    path.write_text("申請は当日まで", encoding="utf-8")
    edited = read(folder(tmp_path), touched.checkpoint)

    assert touched.entries == first.entries
    assert edited.entries != first.entries


def test_another_link_template_changes_every_version(tmp_path: Path) -> None:
    write(tmp_path, "一.md")
    bare, linked = folder(tmp_path), folder(tmp_path, link="https://w.example/{id}")

    assert read(bare).entries[0].version != read(linked).entries[0].version


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    """The digest is believed: a forged one shows up in the version."""
    write(tmp_path, "一.md")
    first = read(folder(tmp_path))
    forged = json.loads(first.checkpoint or "")
    forged["files"]["一.md"][2] = "f" * 64

    second = read(folder(tmp_path), json.dumps(forged))

    assert second.entries[0].version != first.entries[0].version


def test_a_file_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    """Within the clock's tick it could change again and keep its time."""
    (tmp_path / "一.md").write_text("本文", encoding="utf-8")

    assert json.loads(read(folder(tmp_path)).checkpoint or "")["files"] == {}


def test_a_file_that_changes_during_the_sync_fails_this_time(tmp_path: Path) -> None:
    path = write(tmp_path, "一.md")
    with folder(tmp_path).open(None, stop=threading.Event()) as snapshot:
        (entry,) = snapshot.entries()
        assert isinstance(entry, Entry)
        path.write_text("別の本文", encoding="utf-8")
        changed = snapshot.fetch(entry)
        path.unlink()
        gone = snapshot.fetch(entry)

    assert [f.reason for f in (changed, gone) if isinstance(f, Failed)] == [
        "changed",
        "unreadable",
    ]


def test_a_missing_folder_ends_the_run_and_is_found_by_check(tmp_path: Path) -> None:
    missing = folder(tmp_path / "無い")

    with pytest.raises(SourceUnavailable, match=r"options\.path"):
        missing.open(None, stop=threading.Event())
    assert len(missing.check()) == 1
    assert len(folder(write(tmp_path, "一.md")).check()) == 1


def test_a_folder_without_anything_to_read_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "図.png")

    (problem,) = folder(tmp_path).check()

    assert "nothing to read" in problem.what


def test_stopping_ends_a_listing_in_the_middle(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"資料{number}.md")
    stop = threading.Event()
    with folder(tmp_path).open(None, stop=stop) as snapshot:
        entries = snapshot.entries()
        next(entries)
        stop.set()

        with pytest.raises(SourceUnavailable):
            next(entries)


def test_what_to_do_about_a_folder_that_is_not_there_is_said_once(
    tmp_path: Path,
) -> None:
    (found,) = folder(tmp_path / "規程").check()

    assert "規程" in found.what
    assert "options.path" not in found.what
    assert found.fix == "mount it, or change options.path"
