"""Data is refused where it cannot be kept, in words."""

import errno
import os
from pathlib import Path

import pytest

from bot.core.errors import BotError, ConfigError, ReadOnly
from bot.state.filesystem import is_full, keeping, networked, require_local

MOUNTS = """\
/dev/vda1 / ext4 rw,relatime 0 0
nas:/export /mnt/共有 nfs4 rw,vers=4.2 0 0
//nas/team /mnt/team\\040drive cifs rw 0 0
tmpfs /mnt/共有/local tmpfs rw 0 0
host:/home /srv fuse.sshfs rw 0 0
nas:/old /data nfs rw 0 0
/dev/vdb1 /data xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/標/.shirube", None),
        ("/mnt", None),
        ("/mnt/共有", "nfs4"),
        ("/mnt/共有/a/.shirube", "nfs4"),
        ("/mnt/共有/local/.shirube", None),
        ("/mnt/共有品", None),
        ("/mnt/team drive/.shirube", "cifs"),
        ("/srv/標", "fuse.sshfs"),
        ("/data/標", None),
    ],
)
def test_the_innermost_mount_that_came_last_decides(
    folder: str, kind: str | None
) -> None:
    assert networked(Path(folder), MOUNTS) == kind


def test_a_local_folder_is_fine(tmp_path: Path) -> None:
    require_local(tmp_path)


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, ReadOnly, "no space left for /資料/state.db"),
        (errno.EROFS, ReadOnly, "mounted read-only"),
        (errno.EACCES, ConfigError, "this account may write to"),
        (errno.ENOTDIR, ConfigError, "set data to a folder"),
    ],
)
def test_what_the_system_refuses_is_said_with_what_to_do(
    number: int, kind: type[BotError], said: str
) -> None:
    path = Path("/資料/state.db")
    with pytest.raises(kind, match=said), keeping(path):
        raise OSError(number, os.strerror(number), str(path))


def test_a_disk_with_room_is_not_full(tmp_path: Path) -> None:
    assert not is_full(tmp_path / "state.db")
    assert not is_full(tmp_path / "無い" / "state.db")
