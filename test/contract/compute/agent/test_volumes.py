"""Volumes of a real guest: plugged in, written to from inside, swapped, taken out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.guests import DiskSpec, GuestState, NbdSource
from compute.agent.hypervisor import Hypervisor
from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import WRITABLE, Place
from compute.volume.drivers.growing import let_grow
from objectstore.kernel import concurrency
from test.contract.compute.agent.host import Host, wait_for
from test.contract.compute.agent.storage import Storage
from test.contract.compute.agent.test_boot import IMAGE_ID, spec_of, with_disks
from test.contract.compute.agent.test_boot import storage as storage

MIB = 1 << 20
SERIAL = "0f0f0f0f-0000-4000-8000-000000000001"
LIMITED = "0f0f0f0f-1111-4000-8000-000000000001"
# Writes in a second: far below what the guest does when it may, even emulated.
SLOW, SECONDS = 2, 5.0
FAST = 50 * 10**6
MARK = b"written by the guest itself"
# Runs in the guest as root: writes to the disk of our serial as soon as it is there.
SCRIPT = f"""#!/bin/sh
(
while sleep 1; do
    for disk in /sys/block/vd*; do
        case "$(cat $disk/serial 2>/dev/null)" in
        {SERIAL[:20]}*)
            printf '{MARK.decode()}' | dd of=/dev/$(basename $disk) conv=fsync
            echo "=== guest: wrote ===" > /dev/console
            size=0
            while sleep 1 && [ -e $disk ]; do
                now=$(cat $disk/size)
                [ $now = $size ] || echo "=== guest: sectors $now ===" > /dev/console
                size=$now
                echo on | dd of=/dev/$(basename $disk) bs=512 seek=$((now-1)) \\
                    conv=sync,notrunc,fsync || echo "=== guest: lost" > /dev/console
            done
            exit;;
        esac
    done
done
) &
(
while sleep 1; do
    for disk in /sys/block/vd*; do
        case "$(cat $disk/serial 2>/dev/null)" in
        {LIMITED[:20]}*)
            while [ -e $disk ]; do
                dd if=/dev/zero of=/dev/$(basename $disk) bs=512 count=1 conv=fsync
            done;;
        esac
    done
done
) &
"""
META = b'{"uuid": "x", "name": "volumes", "hostname": "volumes"}'


class Volumes:
    """Raw files behind daemons that end with the test."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._places: list[Place] = []

    def make(self, name: str, size_bytes: int) -> tuple[Path, NbdSource]:
        path = self._directory / f"{name}.raw"
        path.touch()
        with path.open("r+b") as file:
            file.truncate(size_bytes)
        place = Place(self._directory, str(self._directory), name)
        storage_daemon.serve_file(place, path)
        self._places.append(place)
        return path, NbdSource(place.socket, WRITABLE, "raw")

    def place(self, name: str) -> Place:
        return next(each for each in self._places if each.name == name)

    def close(self) -> None:
        for place in self._places:
            storage_daemon.stop(place)


@pytest.fixture
def volumes(libvirt_host: Host, storage: Storage) -> Iterator[Volumes]:
    found = Volumes(libvirt_host.directory)
    yield found
    libvirt_host.clean_up()  # guests first: they hold the disks
    found.close()


def test_what_a_guest_writes_is_in_the_volume(
    libvirt_host: Host, storage: Storage, volumes: Volumes
) -> None:
    host, hypervisor = libvirt_host, libvirt_host.hypervisor
    spec = spec_of(host, storage)
    storage.disks.prepare_root(spec.uuid, IMAGE_ID, 1)
    drive = storage.disks.prepare_config_drive(
        spec.uuid,
        {
            "openstack/latest/meta_data.json": META,
            "openstack/latest/user_data": SCRIPT.encode(),
        },
    )
    spec = dataclasses.replace(with_disks(spec, storage), config_drive=drive)
    hypervisor.start(spec)
    host.wait_for_console(spec.uuid, b"=== guest ready")

    path, source = volumes.make("first", 16 * MIB)
    disk = DiskSpec("vdb", source, serial=SERIAL)
    for _ in range(2):
        hypervisor.attach_disk(spec.uuid, disk)
    assert hypervisor.disk_serials(spec.uuid)["vdb"] == SERIAL
    host.wait_for_console(spec.uuid, b"=== guest: wrote ===")
    assert path.read_bytes()[: len(MARK)] == MARK

    # It grows while the guest goes on writing to its end.
    host.wait_for_console(spec.uuid, b"=== guest: sectors 32768 ===")
    for size in (24 * MIB, 48 * MIB):
        with path.open("r+b") as file:
            file.truncate(size)
        for _ in range(2):
            let_grow(volumes.place("first"), size, cut=True)
            hypervisor.reconnect_disk(spec.uuid, "vdb", size)
        sectors = f"=== guest: sectors {size // 512} ==="
        host.wait_for_console(spec.uuid, sectors.encode())
    assert hypervisor.state(spec.uuid) is GuestState.RUNNING
    wait_for(lambda: path.read_bytes()[-512:][:2] == b"on", "it does not write on")
    assert b"=== guest: lost" not in hypervisor.console_tail(spec.uuid)

    check_limits(hypervisor, spec.uuid, volumes)

    other, target = volumes.make("second", 48 * MIB)
    swapped = dataclasses.replace(
        disk, source=target, limits=(("read_bytes_sec", FAST),)
    )
    for _ in range(2):
        hypervisor.swap_disk(spec.uuid, "vdb", swapped)
    assert limits_in(hypervisor, spec.uuid, "vdb") == {"read_bytes_sec": FAST}
    assert other.read_bytes()[: len(MARK)] == MARK

    third, target = volumes.make("third", 48 * MIB)
    mirrored = dataclasses.replace(swapped, source=target)
    for _ in range(2):
        hypervisor.mirror_disk(spec.uuid, "vdb", mirrored)
    assert third.read_bytes()[: len(MARK)] == MARK
    hypervisor.end_mirror(spec.uuid, "vdb")
    assert not hypervisor.turn_disk(spec.uuid, "vdb", mirrored)
    hypervisor.mirror_disk(spec.uuid, "vdb", mirrored)
    for _ in range(2):
        assert hypervisor.turn_disk(spec.uuid, "vdb", mirrored)
    hypervisor.end_mirror(spec.uuid, "vdb")

    for _ in range(2):
        hypervisor.detach_disk(spec.uuid, "vdb")
    assert "vdb" not in hypervisor.disk_serials(spec.uuid)
    hypervisor.destroy(spec.uuid)


def check_limits(hypervisor: Hypervisor, uuid: str, volumes: Volumes) -> None:
    """What the guest writes as fast as it can arrives as fast as it may."""
    _, source = volumes.make("limited", MIB)
    free = DiskSpec("vdg", source, serial=LIMITED)
    limits = (("total_iops_sec", SLOW),)
    hypervisor.attach_disk(uuid, dataclasses.replace(free, limits=limits))
    wait_for(lambda: writes_to(hypervisor, uuid) > 2 * SLOW, "it does not write")
    assert rate_of(hypervisor, uuid) <= SLOW * 1.25
    # Changed under the guest's hands: none, another one, the first again.
    for wanted in ((), (("write_iops_sec", 2 * SLOW),), limits):
        for _ in range(2):
            hypervisor.limit_disk(uuid, "vdg", wanted)
        assert limits_in(hypervisor, uuid, "vdg") == dict(wanted)
        rate = rate_of(hypervisor, uuid)
        assert (rate <= 2 * SLOW * 1.25) == bool(wanted)
    assert rate <= SLOW * 1.25
    hypervisor.detach_disk(uuid, "vdg")
    hypervisor.limit_disk(uuid, "vdg", limits)  # fine: it has no such disk


def rate_of(hypervisor: Hypervisor, uuid: str) -> float:
    """Writes that arrive in each second."""
    before, began = writes_to(hypervisor, uuid), time.monotonic()
    concurrency.sleep(SECONDS)
    seconds = time.monotonic() - began
    rate = (writes_to(hypervisor, uuid) - before) / seconds
    print(f"{rate:.1f} writes/s, limits {limits_in(hypervisor, uuid, 'vdg')}")
    return rate


def limits_in(hypervisor: Hypervisor, uuid: str, name: str) -> dict[str, int]:
    """As libvirt has them."""
    from compute.agent.drivers.libvirt.driver import LibvirtHypervisor

    assert isinstance(hypervisor, LibvirtHypervisor)
    found = hypervisor._libvirt.run(
        lambda connection: connection.lookupByUUIDString(uuid).blockIoTune(name, 0)
    )
    return {key: value for key, value in found.items() if value and key != "group_name"}


def writes_to(hypervisor: Hypervisor, uuid: str) -> int:
    """By the limited disk, so far."""
    found = {each.name: each for each in hypervisor.usage(uuid).disks}
    return found["vdg"].write_requests
