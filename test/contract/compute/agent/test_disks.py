"""Guests' disks with the real qemu-img: made, grown, copied, refused, removed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.disks import files
from compute.agent.disks.backing import backing_paths
from compute.agent.guests import DiskDevice, FileSource
from compute.core.disks import qemu_img
from objectstore.kernel.errors import Rejected
from test.contract.compute.agent.storage import Storage

GUEST = str(uuid.UUID(int=1))
GIB = 1 << 30
MIB = 1 << 20

pytestmark = pytest.mark.skipif(
    shutil.which("qemu-img") is None, reason="qemu-img is not installed"
)


@pytest.fixture
def storage() -> Iterator[Storage]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        storage = Storage(Path(directory))
        storage.nbd.start()
        yield storage
        storage.nbd.stop()


def make(directory: str, name: str, kind: str, *more: str, size: str = "8M") -> Path:
    """An image with a known first sector."""
    raw, path = Path(directory) / "raw", Path(directory) / name
    raw.write_bytes(b"first sector" + bytes(8 * MIB - 12))
    if more:
        subprocess.run(["qemu-img", "create", "-q", "-f", kind, *more, path, size])
    else:
        subprocess.run(
            ["qemu-img", "convert", "-f", "raw", "-O", kind, raw, path], check=True
        )
    return path


def add(storage: Storage, image_id: str, disk_format: str, kind: str) -> None:
    directory = os.path.dirname(storage.layout.guests)
    storage.images.add(image_id, make(directory, image_id, kind), disk_format)


def path_of(source: object) -> str:
    assert isinstance(source, FileSource)
    return source.path


def first_bytes(storage: Storage, source: object) -> bytes:
    """What a guest would read first."""
    out = os.path.join(os.path.dirname(storage.layout.guests), "out")
    command = ["qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=512", "count=1"]
    subprocess.run([*command, f"if={path_of(source)}", f"of={out}"], check=True)
    return Path(out).read_bytes()[:12]


@pytest.mark.parametrize(
    ("disk_format", "kind"),
    [
        ("raw", "raw"),
        ("qcow2", "qcow2"),
        ("vmdk", "vmdk"),
        ("vdi", "vdi"),
        ("vhd", "vpc"),
        ("vhdx", "vhdx"),
    ],
)
def test_every_format_boots(storage: Storage, disk_format: str, kind: str) -> None:
    add(storage, "image", disk_format, kind)
    for _ in range(2):
        root = storage.disks.prepare_root(GUEST, "image", 1)
    assert first_bytes(storage, root.source) == b"first sector"
    shape = qemu_img.look(path_of(root.source), "qcow2")
    assert shape.virtual_bytes == GIB
    assert storage.disks.disks(GUEST) == (root,)


@pytest.mark.parametrize(("disk_format", "kind"), [("raw", "raw"), ("qcow2", "qcow2")])
def test_a_lazy_disk_reads_through_us(
    storage: Storage, disk_format: str, kind: str
) -> None:
    add(storage, "image", disk_format, kind)
    root = storage.disks.prepare_root(GUEST, "image", 1, lazy=True)
    assert isinstance(root.source, FileSource)
    assert root.source.lazy_backing is not None
    assert root.source.lazy_backing.format == kind
    # qemu-img must not wait on this very thread, which serves it.
    copy = storage.disks.capture_idle(GUEST, "copy")
    assert first_bytes(storage, FileSource(copy.path, "qcow2")) == b"first sector"
    assert storage.cache.entries() == []
    storage.disks.grow_root(GUEST, 2)
    assert storage.disks.root(GUEST) == root


def test_what_must_be_converted_is_never_lazy(storage: Storage) -> None:
    add(storage, "image", "vdi", "vdi")
    root = storage.disks.prepare_root(GUEST, "image", 1, lazy=True)
    assert isinstance(root.source, FileSource) and root.source.lazy_backing is None


def test_what_is_here_already_is_not_lazy(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    with storage.cache.hold("image"):
        pass
    root = storage.disks.prepare_root(GUEST, "image", 1, lazy=True)
    assert isinstance(root.source, FileSource) and root.source.lazy_backing is None


def test_what_was_fetched_ahead_is_not_fetched_again(storage: Storage) -> None:
    add(storage, "image", "qcow2", "qcow2")
    storage.disks.fetch_ahead("image")
    entry = storage.cache.find("image")
    assert entry is not None
    fetched = os.stat(entry.path)
    root = storage.disks.prepare_root(GUEST, "image", 1, lazy=True)
    assert isinstance(root.source, FileSource) and root.source.lazy_backing is None
    assert storage.cache.entries() == [entry]
    after = os.stat(entry.path)
    assert (after.st_ino, after.st_mtime_ns) == (fetched.st_ino, fetched.st_mtime_ns)


@pytest.mark.parametrize("lazy", [False, True])
def test_images_that_name_other_files_are_refused(storage: Storage, lazy: bool) -> None:
    directory = os.path.dirname(storage.layout.guests)
    secret = Path(directory) / "secret"
    secret.write_bytes(b"secret".ljust(MIB, b"\0"))
    backed = make(directory, "backed", "qcow2", "-b", str(secret), "-F", "raw")
    storage.images.add("backed", backed, "qcow2")
    data_file = f"data_file={directory}/secret-data,data_file_raw=on"
    external = make(directory, "external", "qcow2", "-o", data_file)
    storage.images.add("external", external, "qcow2")
    for image_id in ("backed", "external"):
        with pytest.raises(Rejected, match=r"backing file|external"):
            storage.disks.prepare_root(GUEST, image_id, 1, lazy=lazy)
    assert storage.cache.entries() == []
    assert storage.disks.disks(GUEST) == ()


def test_a_vmdk_that_names_another_file_is_refused(storage: Storage) -> None:
    directory = Path(os.path.dirname(storage.layout.guests))
    (directory / "secret").write_bytes(b"secret".ljust(MIB, b"\0"))
    descriptor = (
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        'createType="monolithicFlat"\n\n'
        f'RW 2048 FLAT "{directory}/secret" 0\n'
    )
    image = directory / "bad.vmdk"
    image.write_text(descriptor)
    storage.images.add("bad", image, "vmdk")
    with pytest.raises(Rejected):
        storage.disks.prepare_root(GUEST, "bad", 1)


def test_a_raw_image_that_looks_like_another_is_raw(storage: Storage) -> None:
    """The format is what the image service says, never what the content says."""
    directory = os.path.dirname(storage.layout.guests)
    secret = Path(directory) / "secret"
    secret.write_bytes(b"secret".ljust(MIB, b"\0"))
    disguised = make(directory, "disguised", "qcow2", "-b", str(secret), "-F", "raw")
    storage.images.add("disguised", disguised, "raw")
    root = storage.disks.prepare_root(GUEST, "disguised", 1)
    assert first_bytes(storage, root.source)[:4] == b"QFI\xfb"


def test_an_image_of_another_format_than_said(storage: Storage) -> None:
    for disk_format, kind in (("qcow2", "vdi"), ("vdi", "qcow2"), ("vhdx", "raw")):
        add(storage, f"{disk_format}-{kind}", disk_format, kind)
        with pytest.raises(Rejected):
            storage.disks.prepare_root(GUEST, f"{disk_format}-{kind}", 1)


@pytest.mark.parametrize("lazy", [False, True])
def test_the_flavor_s_disk_must_hold_the_image(storage: Storage, lazy: bool) -> None:
    directory = os.path.dirname(storage.layout.guests)
    large = make(directory, "large", "qcow2", "-o", "preallocation=off", size="3G")
    storage.images.add("large", large, "qcow2")
    with pytest.raises(Rejected, match="3 GB"):
        storage.disks.prepare_root(GUEST, "large", 2, lazy=lazy)
    root = storage.disks.prepare_root(GUEST, "large", 0, lazy=lazy)
    assert qcow2_size(root.source) == 3 * GIB


def qcow2_size(source: object) -> int:
    head = Path(path_of(source)).read_bytes()[:32]
    return int(struct.unpack_from(">Q", head, 24)[0])


def test_growing_never_shrinks(storage: Storage) -> None:
    add(storage, "image", "qcow2", "qcow2")
    root = storage.disks.prepare_root(GUEST, "image", 1)
    storage.disks.grow_root(GUEST, 3)
    assert qcow2_size(root.source) == 3 * GIB
    storage.disks.grow_root(GUEST, 2)
    assert qcow2_size(root.source) == 3 * GIB


def test_an_iso_is_a_cd_rom_beside_an_empty_disk(storage: Storage) -> None:
    add(storage, "image", "iso", "raw")
    root = storage.disks.prepare_root(GUEST, "image", 1)
    disk, cdrom = storage.disks.disks(GUEST)
    assert disk == root and first_bytes(storage, root.source) == bytes(12)
    assert cdrom.device is DiskDevice.CDROM and cdrom.read_only
    assert first_bytes(storage, cdrom.source) == b"first sector"


def test_extra_disks(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    storage.disks.prepare_root(GUEST, "image", 1)
    for _ in range(2):
        storage.disks.prepare_ephemeral(GUEST, 0, 1)
        storage.disks.prepare_ephemeral(GUEST, 1, 1)
        storage.disks.prepare_swap(GUEST, 64)
    names = [disk.name for disk in storage.disks.disks(GUEST)]
    assert names == ["vda", "vdb", "vdc", "vdz"]
    ephemeral = Path(storage.layout.ephemeral(GUEST, 1)).read_bytes()[:4096]
    assert b"ephemeral1" in ephemeral
    swap = Path(storage.layout.file(GUEST, "swap.raw")).read_bytes()[:4096]
    assert swap.endswith(b"SWAPSPACE2")
    assert files.allocated_bytes(storage.layout.directory(GUEST)) < 100 * MIB


def test_rebuild_and_rescue(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    root = storage.disks.prepare_root(GUEST, "image", 1)
    subprocess.run(
        ["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 512", path_of(root.source)],
        check=True,
        capture_output=True,
    )
    rescue = storage.disks.prepare_rescue(GUEST, "image")
    assert first_bytes(storage, rescue.source) == b"first sector"
    assert storage.disks.disks(GUEST) == (root,)
    storage.disks.drop_rescue(GUEST)
    storage.disks.drop_rescue(GUEST)
    rebuilt = storage.disks.rebuild_root(GUEST, "image", 2)
    assert first_bytes(storage, rebuilt.source) == b"first sector"
    assert qcow2_size(rebuilt.source) == 2 * GIB


def test_a_capture_is_made_once_and_read_in_pieces(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    storage.disks.prepare_root(GUEST, "image", 1)
    with pytest.raises(Rejected):
        storage.disks.captured(GUEST, "one")
    captured = storage.disks.capture_idle(GUEST, "one")
    before = os.stat(captured.path).st_ino
    assert storage.disks.capture_idle(GUEST, "one") == captured
    assert os.stat(captured.path).st_ino == before
    pieces = [
        storage.disks.read_captured(captured, offset, 100_000)
        for offset in range(0, captured.size_bytes, 100_000)
    ]
    assert b"".join(pieces) == Path(captured.path).read_bytes()
    storage.disks.drop_capture(GUEST, "one")
    storage.disks.drop_capture(GUEST, "one")
    for label in ("../x", "", "a/b"):
        with pytest.raises(Rejected):
            storage.disks.capture_path(GUEST, label)


def test_guests_keep_their_images_in_the_cache(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    storage.disks.prepare_root(GUEST, "image", 1)
    assert len(backing_paths(storage.layout)) == 1
    with storage.cache.hold("image") as entry:
        assert backing_paths(storage.layout) == {entry.path}
    storage.disks.remove(GUEST)
    storage.disks.remove(GUEST)
    assert backing_paths(storage.layout) == frozenset()
    assert os.listdir(storage.layout.guests) == []


def test_work_that_was_killed_is_begun_again(storage: Storage) -> None:
    add(storage, "image", "raw", "raw")
    directory = Path(storage.layout.directory(GUEST))
    directory.mkdir(parents=True)
    (directory / ".new-root.qcow2").write_bytes(b"half")
    root = storage.disks.prepare_root(GUEST, "image", 1)
    assert first_bytes(storage, root.source) == b"first sector"
    assert [name for name in os.listdir(directory) if name.startswith(".")] == []


def test_qemu_img_says_what_an_image_is(storage: Storage) -> None:
    directory = os.path.dirname(storage.layout.guests)
    shape = qemu_img.look(str(make(directory, "i", "qcow2")), "qcow2")
    assert (shape.format, shape.virtual_bytes) == ("qcow2", 8 * MIB)
    assert not shape.names_other_files
    with pytest.raises(Rejected):
        qemu_img.look(str(Path(directory) / "nothing"), "qcow2")
