"""Which files of an operator may be named, and what becomes of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compute.volume.drivers.unmanaged_files import UnmanagedFiles
from objectstore.kernel.errors import Rejected

MARK = b"mine"


@pytest.fixture
def disks(tmp_path: Path) -> Path:
    found = tmp_path / "disks"
    found.mkdir()
    return found


@pytest.fixture
def unmanaged(tmp_path: Path, disks: Path) -> UnmanagedFiles:
    return UnmanagedFiles(tmp_path / "unmanaged", lambda disk: disks / f"{disk}.raw")


def bring(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "unmanaged" / name
    path.write_bytes(MARK)
    return path


def test_taken_over_and_let_go(
    tmp_path: Path, disks: Path, unmanaged: UnmanagedFiles
) -> None:
    path = bring(tmp_path, "a")
    path.chmod(0o644)
    (found,) = unmanaged.found()
    assert (found.name, found.size_bytes, found.problem) == ("a", 4, "")
    for _ in range(2):
        unmanaged.adopt("a", "volume-1", 4096)
    ours = disks / "volume-1.raw"
    assert ours.read_bytes() == MARK + bytes(4092) and not path.exists()
    assert ours.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        unmanaged.release("volume-1", "volume-1")
    assert not ours.exists()
    assert [each.name for each in unmanaged.found()] == ["volume-1"]
    # Somebody died between the link and the removal of the former name.
    os.link(tmp_path / "unmanaged" / "volume-1", ours)
    unmanaged.release("volume-1", "volume-1")
    assert not ours.exists()


def test_nothing_else_can_be_named(
    tmp_path: Path, disks: Path, unmanaged: UnmanagedFiles
) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(MARK)
    neighbour = disks / "volume-2.raw"
    neighbour.write_bytes(MARK)
    folder = tmp_path / "unmanaged"
    (folder / "link").symlink_to(outside)
    (folder / "hard").hardlink_to(neighbour)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "empty").touch()
    (folder / ".hidden").write_bytes(MARK)
    (folder / "new\nline").write_bytes(MARK)
    problems = {each.name: each.problem for each in unmanaged.found()}
    assert set(problems) == {"link", "hard", "folder", "pipe", "empty"}
    assert all(problems.values())
    for name in (
        *problems,
        ".hidden",
        "../secret",
        "../disks/volume-2.raw",
        "",
        "..",
        str(outside),
        "none",
        "folder/../link",
        "new\nline",
        "a\0b",
    ):
        with pytest.raises(Rejected) as refused:
            unmanaged.adopt(name, "volume-1", 4096)
        assert refused.value.status == 400
    assert not (disks / "volume-1.raw").exists()
    assert outside.read_bytes() == neighbour.read_bytes() == MARK


def test_nothing_is_written_over(
    tmp_path: Path, disks: Path, unmanaged: UnmanagedFiles
) -> None:
    path = bring(tmp_path, "volume-1")
    (disks / "volume-1.raw").write_bytes(b"other")
    with pytest.raises(Rejected) as refused:
        unmanaged.release("volume-1", "volume-1")
    assert refused.value.status == 409
    assert path.read_bytes() == MARK
    assert (disks / "volume-1.raw").read_bytes() == b"other"
    with pytest.raises(Rejected):
        unmanaged.release("volume-none", "none")
