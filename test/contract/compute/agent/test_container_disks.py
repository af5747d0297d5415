"""Further disks of real containers: volumes, plain or encrypted, and another root's."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from compute.agent.drivers.lxc import held
from compute.agent.guests import (
    DiskKey,
    DiskSpec,
    FileSource,
    GuestSpec,
    GuestState,
    NbdSource,
)
from compute.agent.hypervisor import Hypervisor
from compute.core.disks import qemu_img, qemu_luks, storage_daemon
from compute.core.disks.storage_daemon import WRITABLE, Place
from compute.volume.drivers.growing import let_grow
from objectstore.kernel.errors import Unavailable
from test.contract.compute.agent.host import Host, wait_for

MIB = 1 << 20
SERIAL = "0f0f0f0f-2222-4000-8000-000000000001"
SECRET = "correct-horse"


class Volumes:
    """Raw files behind daemons that end with the test."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._places: dict[str, Place] = {}

    def make(self, name: str, size_bytes: int) -> tuple[Path, NbdSource]:
        path = self._directory / f"{name}.raw"
        path.touch()
        os.truncate(path, size_bytes)
        return path, self.serve(name, path)

    def serve(self, name: str, path: Path) -> NbdSource:
        place = Place(self._directory, str(self._directory), name)
        storage_daemon.serve_file(place, path)
        self._places[name] = place
        return NbdSource(place.socket, WRITABLE, "raw")

    def place(self, name: str) -> Place:
        return self._places[name]

    def close(self) -> None:
        for place in self._places.values():
            storage_daemon.stop(place)


@pytest.fixture
def volumes(lxc_host: Host) -> Iterator[Volumes]:
    found = Volumes(lxc_host.directory)
    yield found
    lxc_host.clean_up()  # containers first: they hold the disks
    found.close()


def inside(spec: GuestSpec, script: str) -> str:
    """What the script says that the container's root runs in it."""
    found: list[str] = []
    wait_for(
        lambda: bool(found.extend(_inits_of(spec.name)) or found), "it has no init"
    )
    init = found[0]
    groups = Path(f"/proc/{init}/cgroup").read_text("ascii").splitlines()
    [devices] = [line.split(":", 2)[2] for line in groups if ":devices:" in line]
    procs = f"/sys/fs/cgroup/devices{devices}/cgroup.procs"
    enter = f'exec nsenter -t {init} -a --setuid 0 --setgid 0 /bin/sh -c "$0"'
    done = subprocess.run(
        ["sh", "-c", f"echo $$ >{procs}; {enter}", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (script, done.stdout, done.stderr)
    return done.stdout.strip()


def _inits_of(name: str) -> list[str]:
    """The container's first process; none while it is about to begin or to end."""
    controllers = _pids_of(b"/usr/lib/libvirt/libvirt_lxc", name)
    if len(controllers) != 1:  # a child that is not yet the init is called so too
        return []
    [controller] = controllers
    with suppress(OSError):
        children = Path(f"/proc/{controller}/task/{controller}/children")
        return children.read_text("ascii").split()[:1]
    return []


def _pids_of(program: bytes, name: str) -> list[int]:
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", process, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == program and words[1:3] == [b"--name", name.encode()]:
            found.append(int(process))
    return found


def test_a_volume_is_a_device_until_it_has_files(
    lxc_host: Host, volumes: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, hypervisor = lxc_host, lxc_host.hypervisor
    spec = host.spec()
    hypervisor.start(spec)
    path, source = volumes.make("first", 16 * MIB)
    disk = DiskSpec("vdb", source, serial=SERIAL)
    for _ in range(2):
        hypervisor.attach_disk(spec.uuid, disk)
    assert hypervisor.disk_serials(spec.uuid) == {"vdb": SERIAL}
    assert inside(spec, "blockdev --getsize64 /dev/vdb") == str(16 * MIB)

    # Its device grows.
    os.truncate(path, 32 * MIB)
    let_grow(volumes.place("first"), 32 * MIB, cut=True)
    hypervisor.reconnect_disk(spec.uuid, "vdb", 32 * MIB)
    assert inside(spec, "blockdev --getsize64 /dev/vdb") == str(32 * MIB)
    hypervisor.limit_disk(spec.uuid, "vdb", (("total_iops_sec", 500),))

    inside(spec, "mke2fs -q -F /dev/vdb 2>/dev/null >/dev/null; sync")
    for _ in range(2):
        hypervisor.detach_disk(spec.uuid, "vdb")
    assert hypervisor.disk_serials(spec.uuid) == {}
    inside(spec, "test ! -e /dev/vdb")
    assert path.read_bytes()[1024 + 56 : 1024 + 58] == b"\x53\xef"

    locked = host.directory / "locked.raw"
    check_that_an_encrypted_one_is_opened(hypervisor, spec, volumes, locked)

    # What others may write to is never mounted.
    hypervisor.attach_disk(spec.uuid, dataclasses.replace(disk, shared=True))
    inside(spec, "test -b /dev/vdb && test ! -e /media/vdb")
    hypervisor.detach_disk(spec.uuid, "vdb")

    # With a file system in it, it is files; whoever stands in them keeps it.
    hypervisor.attach_disk(spec.uuid, disk)
    inside(spec, "echo mine >/media/vdb/note; test ! -e /dev/vdb")
    assert inside(spec, "stat -c %u /media/vdb/note") == "0"
    inside(
        spec,
        "(cd /media/vdb; exec sleep 600) >/dev/null 2>&1 </dev/null & echo $! >/pid",
    )
    with pytest.raises(Unavailable, match="still uses"):
        hypervisor.detach_disk(spec.uuid, "vdb")
    assert inside(spec, "cat /media/vdb/note") == "mine"
    host.restart_agent()
    assert host.hypervisor.disk_serials(spec.uuid) == {"vdb": SERIAL}
    inside(spec, "kill $(cat /pid); sleep 0.2")
    host.hypervisor.detach_disk(spec.uuid, "vdb")
    inside(spec, "test ! -e /media/vdb")

    # Nothing done inside reaches the host, or is given what it could reach it by.
    check_that_mounts_stay_inside(host.hypervisor, spec, disk)
    patience = held.RELEASE_SECONDS
    monkeypatch.setattr(held, "RELEASE_SECONDS", 0.2)
    check_that_what_is_used_is_not_given_again(
        host.hypervisor,
        spec,
        disk,
        use="mkdir -p /mnt/kept; mount --bind /media/vdb /mnt/kept",
        end="umount /mnt/kept",
    )
    _, empty = volumes.make("empty", MIB)
    check_that_what_is_used_is_not_given_again(
        host.hypervisor,
        spec,
        DiskSpec("vdd", empty, serial=SERIAL),
        use="sleep 600 </dev/vdd >/dev/null 2>&1 & echo $! >/pid",
        end="kill $(cat /pid)",
    )
    monkeypatch.setattr(held, "RELEASE_SECONDS", patience)
    inside(spec, "mv /media /aside; ln -s /etc /media")
    with pytest.raises(Unavailable, match="Not a directory: 'media'"):
        host.hypervisor.attach_disk(spec.uuid, disk)
    host.hypervisor.detach_disk(spec.uuid, "vdb")
    inside(spec, "test ! -e /etc/vdb; rm /media; mv /aside /media")

    # And it is there when the container starts with it.
    spec = dataclasses.replace(spec, disks=(*spec.disks, disk))
    host.hypervisor.reboot(spec, hard=True)
    assert inside(spec, "cat /media/vdb/note") == "mine"


def check_that_mounts_stay_inside(
    hypervisor: Hypervisor, spec: GuestSpec, disk: DiskSpec
) -> None:
    hypervisor.attach_disk(spec.uuid, disk)
    inside(spec, "mkdir /media/vdb/own; mount -t tmpfs none /media/vdb/own")
    mounts = Path("/proc/self/mountinfo").read_text("utf-8")
    assert f"{spec.uuid}/drives/vdb/tree " in mounts
    assert f"{spec.uuid}/drives/vdb/tree/own" not in mounts
    inside(spec, "umount /media/vdb/own; mount -o remount,bind,dev /media/vdb || :")
    assert ",nodev" in inside(spec, "grep ' /media/vdb ' /proc/mounts")
    hypervisor.detach_disk(spec.uuid, "vdb")


def check_that_what_is_used_is_not_given_again(
    hypervisor: Hypervisor, spec: GuestSpec, disk: DiskSpec, *, use: str, end: str
) -> None:
    hypervisor.attach_disk(spec.uuid, disk)
    inside(spec, use)
    for _ in range(2):
        with pytest.raises(Unavailable, match="still in use"):
            hypervisor.detach_disk(spec.uuid, disk.name)
        with pytest.raises(Unavailable, match="still in use"):
            hypervisor.attach_disk(spec.uuid, disk)
        inside(spec, f"test ! -e /dev/{disk.name}")
    assert hypervisor.disk_serials(spec.uuid) == {}
    inside(spec, end)

    def is_free() -> bool:
        with suppress(Unavailable):
            hypervisor.detach_disk(spec.uuid, disk.name)
            return True
        return False

    wait_for(is_free, f"{disk.name} is still in use")


def check_that_an_encrypted_one_is_opened(
    hypervisor: Hypervisor, spec: GuestSpec, volumes: Volumes, path: Path
) -> None:
    qemu_luks.create(str(path), 8 * MIB, ("aes-256", "xts", "plain64"), SECRET)
    key = DiskKey(SERIAL, SECRET)
    source = dataclasses.replace(volumes.serve("locked", path), luks=key)
    disk = DiskSpec("vdc", source, serial=SERIAL, limits=(("read_bytes_sec", MIB),))
    hypervisor.attach_disk(spec.uuid, disk)
    inside(spec, "printf plain-text | dd of=/dev/vdc bs=512 conv=sync,fsync")
    hypervisor.detach_disk(spec.uuid, "vdc")
    assert b"plain-text" not in path.read_bytes()


def test_one_boots_from_a_volume_and_sees_anothers_root(
    lxc_host: Host, volumes: Volumes
) -> None:
    hypervisor = lxc_host.hypervisor
    spec = lxc_host.spec()
    path = lxc_host.directory / "root.raw"
    [image] = spec.disks
    assert isinstance(image.source, FileSource)
    qemu_img.convert_to_raw(image.source.path, "qcow2", str(path))
    root = DiskSpec("vda", volumes.serve("root", path), boot_order=1)
    broken = dataclasses.replace(image, name="vdb", boot_order=None)
    booted = dataclasses.replace(spec, disks=(broken, root))
    hypervisor.start(booted)
    inside(booted, "echo here >/root/note; sync")
    assert inside(booted, "ls /media/vdb/sbin/init") == "/media/vdb/sbin/init"
    inside(booted, "echo mended >/media/vdb/root/note")
    # It restarts by itself, and has all that it had.
    _, source = volumes.make("more", MIB)
    hypervisor.attach_disk(spec.uuid, DiskSpec("vdc", source, serial=SERIAL))
    inside(booted, "kill -TERM 1")
    lxc_host.wait_for_console(spec.uuid, b"userspace up", 2)
    both = "test -b /dev/vdc && cat /media/vdb/root/note || :"
    wait_for(lambda: inside(booted, both) == "mended", "its disks are not back")
    hypervisor.stop(spec.uuid, grace_seconds=0)
    assert hypervisor.state(spec.uuid) is GuestState.SHUTDOWN
    hypervisor.start(spec)
    assert inside(spec, "cat /root/note") == "mended"
