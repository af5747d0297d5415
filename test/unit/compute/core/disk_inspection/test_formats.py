"""What each format is refused for, and how large it says it is."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from compute.core.disks.inspection.fields import DiskFacts, ImageRefused
from compute.core.disks.inspection.stream import Inspection
from test.unit.compute.core.disk_inspection import headers
from test.unit.compute.core.disk_inspection.headers import DESCRIPTOR, DISK


def inspect(declared: str, content: bytes, piece: int = 50_000) -> DiskFacts:
    inspection = Inspection(declared)
    for start in range(0, len(content), piece):
        inspection.feed(content[start : start + piece])
    return inspection.finish()


@pytest.mark.parametrize("declared", ["qcow2", "vmdk", "vdi", "vhd", "vhdx"])
def test_whole_image_tells_its_virtual_size(declared: str) -> None:
    facts = inspect(declared, headers.WHOLE[declared])
    assert facts == DiskFacts(declared, DISK)


def test_sizes_of_formats_without_a_header() -> None:
    assert inspect("raw", bytes(5000)).virtual_bytes == 5000
    assert inspect("raw", headers.gpt()).virtual_bytes == 2**20
    assert inspect("iso", headers.iso()).virtual_bytes == 200 * 2048
    assert inspect("aki", b"\x7fELF" * 100).virtual_bytes is None
    assert inspect("ami", headers.gpt()).virtual_bytes is None
    assert inspect("vhd", headers.vhd_fixed()).virtual_bytes == DISK
    assert inspect("qcow2", headers.qcow2(version=2)).virtual_bytes == DISK


def test_hybrid_iso_is_an_iso() -> None:
    image = bytearray(headers.iso())
    image[:1024] = headers.gpt()[:1024]
    assert inspect("iso", bytes(image)).format == "iso"


DATA_FILE = struct.pack(">II", 0x44415441, 8) + b"/etc/xyz"
FLAT = DESCRIPTOR.replace("monolithicSparse", "monolithicFlat")
REFUSED = {
    "backing file": ("qcow2", headers.qcow2(backing=b"/etc/passwd")),
    "backing file, v2": ("qcow2", headers.qcow2(2, backing=b"/etc/passwd")),
    "external data file": ("qcow2", headers.qcow2(incompatible=4)),
    "name of a data file": ("qcow2", headers.qcow2(extensions=DATA_FILE)),
    "corrupt": ("qcow2", headers.qcow2(incompatible=2)),
    "unknown feature": ("qcow2", headers.qcow2(incompatible=1 << 40)),
    "encrypted": ("qcow2", headers.qcow2(crypt=2)),
    "absurd size": ("qcow2", headers.qcow2(size=2**63)),
    "no size": ("qcow2", headers.qcow2(size=0)),
    "qcow version 1": ("qcow2", b"QFI\xfb\0\0\0\x01".ljust(4096, b"\0")),
    "flat vmdk": ("vmdk", headers.vmdk(FLAT)),
    "descriptor alone": ("vmdk", DESCRIPTOR.encode()),
    "extent of another file": (
        "vmdk",
        headers.vmdk(DESCRIPTOR.replace("disk.vmdk", "/etc/passwd")),
    ),
    "flat extent": ("vmdk", headers.vmdk(DESCRIPTOR.replace("SPARSE", "FLAT"))),
    "two extents": (
        "vmdk",
        headers.vmdk(DESCRIPTOR + 'RW 63 SPARSE "other.vmdk"\n'),
    ),
    "parent's name": (
        "vmdk",
        headers.vmdk(DESCRIPTOR + 'parentFileNameHint="/dev/sda"\n'),
    ),
    "parent": (
        "vmdk",
        headers.vmdk(DESCRIPTOR.replace("ffffffff", "01020304")),
    ),
    "no capacity": ("vmdk", headers.vmdk(capacity=0)),
    "differencing vdi": ("vdi", headers.vdi(kind=4)),
    "vdi with parent": ("vdi", headers.vdi(parent=b"p" * 16)),
    "differencing vhd": ("vhd", headers.vhd_dynamic(4)),
    "vhd checksum": ("vhd", headers.vhd_dynamic().replace(b"\0\0\0\2", b"\0\0\0\3")),
    "vhdx with parent": ("vhdx", headers.vhdx_image(flags=2)),
    "vhdx with a log": ("vhdx", headers.vhdx_image(log=b"l" * 16)),
    "vhdx region": ("vhdx", headers.vhdx_image(region=uuid4())),
    "gpt unprotected": ("raw", headers.gpt(kind=0x83)),
    "gpt checksum": ("raw", headers.gpt().replace(b"EFI PART\0", b"EFI PART\1")),
    "qed as raw": ("raw", b"QED\0" + bytes(4000)),
    "garbage as qcow2": ("qcow2", b"garbage" * 10),
    "empty as qcow2": ("qcow2", b""),
    "no vhd at all": ("vhd", bytes(4096)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    declared, content = REFUSED[name]
    with pytest.raises(ImageRefused) as caught:
        inspect(declared, content)
    assert caught.value.status == 415 and caught.value.text


@pytest.mark.parametrize("actual", [name for name in headers.WHOLE if name != "raw"])
@pytest.mark.parametrize("declared", ["raw", "qcow2", "vdi", "ami", "iso", "vhd"])
def test_declared_must_be_what_it_is(declared: str, actual: str) -> None:
    if declared != actual:
        with pytest.raises(ImageRefused):
            inspect(declared, headers.WHOLE[actual])


def test_two_formats_in_one_are_refused() -> None:
    both = bytearray(headers.iso())
    both[:4] = b"QFI\xfb"
    for declared in ("iso", "qcow2", "raw"):
        with pytest.raises(ImageRefused):
            inspect(declared, bytes(both))


def test_footer_of_a_stream_must_repeat_the_header() -> None:
    stream = DESCRIPTOR.replace("monolithicSparse", "streamOptimized")
    image = headers.vmdk(stream, directory=2**64 - 1)
    good = image + bytes(512) + image[:512] + bytes(512)
    assert inspect("vmdk", good).virtual_bytes == DISK
    lie = bytearray(image[:512])
    lie[12] = 0xFF
    with pytest.raises(ImageRefused):
        inspect("vmdk", image + bytes(512) + bytes(lie) + bytes(512))


QEMU_NAMES = {"vhd": "vpc"}


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")
@pytest.mark.parametrize("name", ["qcow2", "vmdk", "vdi", "vhd", "vhdx", "stream"])
def test_what_qemu_makes_is_accepted(name: str, tmp_path: Path) -> None:
    path = tmp_path / "disk"
    declared = "vmdk" if name == "stream" else name
    command = ["qemu-img", "create", "-q", "-f", QEMU_NAMES.get(declared, declared)]
    options = {"stream": ["-o", "subformat=streamOptimized"]}.get(name, [])
    options = {"vhd": ["-o", "force_size=on"]}.get(name, options)
    subprocess.run([*command, *options, str(path), "16M"], check=True, timeout=30)
    assert inspect(declared, path.read_bytes()).virtual_bytes == 16 * 2**20
