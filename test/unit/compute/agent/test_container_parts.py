"""What containers are made of, as far as it is pure."""

from __future__ import annotations

import os
import signal
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.agent.disks.iso import make_iso, read_iso
from compute.agent.drivers.lxc import identities
from compute.agent.drivers.lxc.container_xml import Surroundings, container_xml
from compute.agent.drivers.lxc.inits import power_off_signal
from compute.agent.drivers.lxc.partitions import SECTOR_BYTES, Place, root_place
from compute.agent.drivers.lxc.superblock import check_wishes
from compute.agent.guests import GuestSpec, NicSpec
from compute.core.disks.shown_volume import NetworkVolume, paces, way
from objectstore.kernel.errors import Rejected, Unavailable

GOLDEN = Path(__file__).parent / "golden" / "container.xml"
DISK_BYTES = 4 << 20
MAGIC_AT = 1024 + 56


def disk(*entries: tuple[int, int, int], roots: tuple[int, ...] = ()) -> bytearray:
    """A disk with a PC's partition table: (kind, first sector, sectors); ``roots``:
    the sectors at which an ext4 file system begins."""
    content = bytearray(DISK_BYTES)
    for number, (kind, first, sectors) in enumerate(entries):
        start = 446 + 16 * number
        content[start + 4] = kind
        struct.pack_into("<II", content, start + 8, first, sectors)
    if entries:
        content[510:512] = b"\x55\xaa"
    for first in roots:
        at = first * SECTOR_BYTES + MAGIC_AT
        content[at : at + 2] = b"\x53\xef"
    return content


def found(content: bytes) -> Place:
    return root_place(lambda at, length: bytes(content[at : at + length]), DISK_BYTES)


def test_a_file_system_may_have_the_whole_disk() -> None:
    assert found(disk(roots=(0,))) == Place(0, 0, DISK_BYTES, DISK_BYTES)


def test_the_last_partition_has_room_to_the_end() -> None:
    content = disk((0xE, 64, 100), (0x83, 1024, 2048), roots=(1024,))
    room = DISK_BYTES - 1024 * SECTOR_BYTES
    assert found(content) == Place(2, 1024 * 512, 2048 * 512, room)


def test_what_comes_behind_is_not_touched() -> None:
    content = disk((0x83, 1024, 2048), (0x82, 4096, 64), roots=(1024,))
    assert found(content).room_bytes == (4096 - 1024) * SECTOR_BYTES


def test_the_largest_root_is_it() -> None:
    content = disk((0x83, 64, 64), (0x83, 1024, 2048), roots=(64, 1024))
    assert found(content).number == 2


def test_a_table_of_the_newer_kind() -> None:
    content = disk((0xEE, 1, 8191), roots=(2048,))
    content[512:520] = b"EFI PART"
    struct.pack_into("<QII", content, 512 + 72, 2, 128, 128)
    content[1024:1040] = b"x" * 16
    struct.pack_into("<QQ", content, 1024 + 32, 2048, 4095)
    place = found(content)
    assert (place.number, place.offset_bytes) == (1, 2048 * 512)
    # The second table at the end stays.
    assert place.offset_bytes + place.room_bytes == DISK_BYTES - 33 * 512


def test_a_table_beyond_all_numbers_is_none() -> None:
    content = disk((0xEE, 1, 8191))
    content[512:520] = b"EFI PART"
    for first in (1 << 54, 1 << 63, (1 << 64) - 1):
        struct.pack_into("<QII", content, 512 + 72, first, 128, 128)
        path = Path("/proc/self/exe")
        with path.open("rb") as file, pytest.raises(Rejected):
            # As the system reads: it cannot so much as be asked beyond 2^63.
            root_place(
                lambda at, length: (
                    bytes(content[at : at + length])
                    if at < DISK_BYTES
                    else os.pread(file.fileno(), length, at)
                ),
                DISK_BYTES,
            )


def test_a_file_system_says_nothing_to_the_kernel() -> None:
    plain = bytearray(1024)
    check_wishes(bytes(plain))
    for at, value in ((0x60, 0x8), (0x61, 0x1), (0xE4, 1), (0x200, 0x65), (0x23F, 1)):
        asking = bytearray(plain)
        asking[at] = value
        with pytest.raises(Rejected) as refused:
            check_wishes(bytes(asking))
        assert refused.value.status == 400
    with pytest.raises(Rejected):
        check_wishes(bytes(plain[:-1]))


def test_partitions_beyond_the_disk_are_none() -> None:
    with pytest.raises(Rejected):
        found(disk((0x83, 1024, 1 << 30), roots=(1024,)))


@given(some.binary(max_size=2048))
def test_whatever_is_there_is_refused_or_lies_on_the_disk(head: bytes) -> None:
    content = bytearray(DISK_BYTES)
    content[: len(head)] = head
    try:
        place = found(content)
    except Rejected as error:
        assert error.status == 400
        return
    assert 0 <= place.offset_bytes < DISK_BYTES
    assert place.offset_bytes + place.length_bytes <= DISK_BYTES


def test_each_container_has_numbers_of_its_own() -> None:
    used: set[int] = set()
    for _ in range(3):
        used.add(identities.free_range(used))
    assert sorted(used) == [identities.FIRST + n * 65536 for n in range(3)]
    every = range(identities.FIRST, 1 << 31, 65536)
    with pytest.raises(Unavailable):
        identities.free_range(frozenset(every))


def test_each_init_is_told_in_its_own_way() -> None:
    assert power_off_signal("/bin/busybox") == signal.SIGUSR2
    systemd = "/usr/lib/systemd/systemd (deleted)"
    assert power_off_signal(systemd) == signal.SIGRTMIN + 4
    assert power_off_signal("/sbin/init") == signal.SIGPWR


def test_a_container_in_libvirts_words() -> None:
    nic = NicSpec("fa:16:3e:00:00:01", "tap0123456789a", mtu=1450)
    spec = GuestSpec(
        uuid="2f300c88-6546-4d35-ac3a-358ee5a6d0fd",
        name="instance-00000001",
        vcpus=2,
        memory_mib=256,
        nics=(nic,),
        console_log="/g/console.log",
        serial_socket="/s/serial.sock",
        metadata={"name": "tête-à-tête <&>\x00"},
    )
    around = Surroundings("/t/tree", 0x4000_0000, "/t/seed", {nic.mac: "rsbr-1"})
    assert container_xml(spec, around, 1000) == GOLDEN.read_text("utf-8").rstrip("\n")
    ElementTree.fromstring(GOLDEN.read_text("utf-8"))


def test_what_is_written_to_a_config_drive_is_read_from_it() -> None:
    given = {"openstack/latest/meta_data.json": b"{}", "ec2/a": b"x" * 5000}
    assert read_iso(make_iso("config-2", given)) == given


def test_a_volumes_limits_in_the_daemons_words() -> None:
    said = {
        "total_bytes_sec": 1,
        "read_iops_sec": 2,
        "write_bytes_sec_max": 3,
        "total_iops_sec_max_length": 4,
        "size_iops_sec": 5,
        "group_name": 6,
    }
    assert paces(said) == {
        "bps-total": 1,
        "iops-read": 2,
        "bps-write-max": 3,
        "iops-total-max-length": 4,
        "iops-size": 5,
    }


def test_the_way_to_an_encrypted_volume() -> None:
    nodes = way(NetworkVolume("/s", "volume", encrypted=True), "one")
    assert [node["driver"] for node in nodes] == ["nbd", "luks", "throttle"]
    assert [node["file"] for node in nodes[1:]] == [n["node-name"] for n in nodes[:-1]]


def test_a_device_of_a_container() -> None:
    pytest.importorskip("libvirt")
    from compute.agent.drivers.lxc.drives import Drive
    from compute.agent.drivers.lxc.presenting import device_element

    element = device_element(Drive("vdb", "s", read_only=True, device="/dev/loop7"))
    assert ElementTree.tostring(element, encoding="unicode") == (
        '<disk type="block" device="disk"><source dev="/dev/loop7" />'
        '<target dev="vdb" bus="virtio" /><readonly /><serial>s</serial></disk>'
    )
