"""Disks that travel arrive as they were, or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.disks.layout import Layout
from compute.agent.disks.packing import Packing
from compute.agent.disks.port import GuestShape, PackedFile
from compute.core.disks import qemu_img
from objectstore.kernel.errors import Rejected, Unavailable

pytestmark = pytest.mark.skipif(
    shutil.which("qemu-img") is None, reason="needs qemu-img (package qemu-utils)"
)
GUEST = str(uuid.UUID(int=7))
LABEL = "journey"
MIB = 1 << 20
NOTE = b"written by the guest" * 100


def here(directory: Path) -> tuple[Packing, Path]:
    """A host with a guest whose root disk stands on an image."""
    layout = Layout(str(directory))
    guest = Path(layout.directory(GUEST))
    guest.mkdir(parents=True)
    image = directory / "image.raw"
    image.write_bytes(NOTE.ljust(MIB, b"\0"))
    qemu_img.create_overlay(str(guest / "root.qcow2"), str(image), "raw", 4 * MIB)
    (guest / "ephemeral0.raw").write_bytes(b"more".ljust(MIB, b"\0"))
    (guest / "config.iso").write_bytes(b"drive")
    (guest / "console.log").write_bytes(b"stays")
    return Packing(layout), guest


def pieces(packing: Packing, packed: PackedFile) -> Iterator[bytes]:
    size = packing.packed_bytes(GUEST, LABEL, packed.name)
    for offset in range(0, size, 64 << 10):
        length = min(64 << 10, size - offset)
        yield packing.read_packed(GUEST, LABEL, packed.name, offset, length)


def test_what_arrives_is_what_left_and_stands_alone(tmp_path: Path) -> None:
    source, guest = here(tmp_path / "a")
    layout = Layout(str(tmp_path / "b"))
    Path(layout.guests).mkdir(parents=True)
    there = Packing(layout)
    packed = source.pack(GUEST, LABEL)
    assert [each.name for each in packed] == [
        "config.iso",
        "ephemeral0.raw",
        "root.qcow2",
    ]
    for each in packed:
        there.receive(GUEST, each, pieces(source, each))
        there.receive(GUEST, each, pieces(source, each))  # again, after a crash
    (tmp_path / "a" / "image.raw").unlink()
    arrived = Path(layout.directory(GUEST))
    raw = tmp_path / "whole.raw"
    raw.write_bytes(bytes(4 * MIB))
    qemu_img.write_over(str(arrived / "root.qcow2"), "qcow2", str(raw))
    assert raw.read_bytes()[: len(NOTE)] == NOTE
    assert (arrived / "config.iso").read_bytes() == b"drive"
    source.drop_packed(GUEST, LABEL)
    assert sorted(each.name for each in guest.iterdir()) == [
        "config.iso",
        "console.log",
        "ephemeral0.raw",
        "root.qcow2",
    ]


def test_what_was_damaged_is_refused(tmp_path: Path) -> None:
    source, _ = here(tmp_path / "a")
    (packed,) = [each for each in source.pack(GUEST, LABEL) if "config" in each.name]
    layout = Layout(str(tmp_path / "b"))
    Path(layout.guests).mkdir(parents=True)
    there = Packing(layout)
    for content in ([b"drivX"], [b"driv"], [b"drive", b"more"], []):
        with pytest.raises(Unavailable):
            there.receive(GUEST, packed, content)
    assert list(Path(layout.directory(GUEST)).iterdir()) == []


def test_only_a_guests_own_files_travel(tmp_path: Path) -> None:
    source, _ = here(tmp_path / "a")
    source.pack(GUEST, LABEL)
    for name in ("console.log", "../../image.raw", "nothing"):
        with pytest.raises(Rejected):
            source.packed_bytes(GUEST, LABEL, name)
        with pytest.raises(Rejected):
            source.receive(GUEST, PackedFile(name, 0, ""), [])


def test_the_shape_of_a_guest_that_runs(tmp_path: Path) -> None:
    source, _ = here(tmp_path / "a")
    shape = source.shape(GUEST, LABEL)
    assert [(each.name, each.size_bytes) for each in shape.disks] == [
        ("ephemeral0.raw", MIB),
        ("root.qcow2", 4 * MIB),
    ]
    assert [each.name for each in shape.files] == ["config.iso"]
    assert GuestShape.from_json(shape.to_json()) == shape
    layout = Layout(str(tmp_path / "b"))
    Path(layout.guests).mkdir(parents=True)
    Packing(layout).make_room(GUEST, shape.disks)
    assert (Path(layout.directory(GUEST)) / "ephemeral0.raw").stat().st_size == MIB
