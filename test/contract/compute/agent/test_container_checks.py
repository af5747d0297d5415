"""Strangers' file systems, before the kernel sees them; real e2fsprogs, as root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from compute.agent.drivers.lxc import checking, mounting
from objectstore.kernel.errors import Rejected

OWNER = 0x4000_0000
ROOM_BYTES = 8 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A file system as large as its file, its nobody's."""
    if os.geteuid():
        pytest.skip("becoming somebody else needs root")
    path = tmp_path / "fs"
    path.touch()
    os.truncate(path, ROOM_BYTES)
    _e2fsprogs("mke2fs", "-q", "-t", "ext4", str(path))
    os.chown(path, OWNER, OWNER)
    return path


def _e2fsprogs(*words: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path}
    subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL)


def test_one_that_is_whole_is_taken_and_grown(image: Path) -> None:
    os.truncate(image, 2 * ROOM_BYTES)
    checking.check(str(image), OWNER)
    superblock = image.read_bytes()[1024:2048]
    assert int.from_bytes(superblock[4:8], "little") * 1024 == 2 * ROOM_BYTES


@pytest.mark.parametrize(
    "words",
    [
        ("tune2fs", "-E", "mount_opts=errors=panic"),
        ("tune2fs", "-O", "mmp"),
        ("debugfs", "-w", "-R", "ssv journal_dev 0x0700"),
    ],
)
def test_one_that_wants_more_is_refused(image: Path, words: tuple[str, ...]) -> None:
    _e2fsprogs(*words, str(image))
    with pytest.raises(Rejected) as refused:
        checking.check(str(image), OWNER)
    assert refused.value.status == 400


def test_one_that_is_cut_off_is_refused(image: Path) -> None:
    os.truncate(image, ROOM_BYTES // 2)
    with pytest.raises(Rejected):
        checking.check(str(image), OWNER)


def test_one_whose_check_was_killed_is_refused(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit's signal, or the kernel's when memory is short, has proven nothing."""
    program = tmp_path / "bin" / "e2fsck"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nkill -KILL $$\n", "ascii")
    for path in (program, *list(program.parents)[:-2]):
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with pytest.raises(Rejected):
        checking.check(str(image), OWNER)


def test_the_hosts_own_file_system_is_never_frozen(tmp_path: Path) -> None:
    """A container's may be unmounted in the moment before."""
    tree = tmp_path / "tree"
    tree.mkdir()
    with pytest.raises(OSError, match="nothing is mounted"):
        mounting.freeze(str(tree))
    mounting.thaw_if_frozen(str(tree))
