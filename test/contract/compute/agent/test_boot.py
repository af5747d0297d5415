"""Real guests: booted by emulation, heeding buttons, copied, plugged, rebooted.

One guest lives through a whole story, because each boot takes seconds (a minute on a
busy machine)."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.guests import (
    DiskSpec,
    FileSource,
    GuestEventKind,
    GuestSpec,
    GuestState,
)
from compute.agent.hypervisor import Hypervisor
from compute.core.disks import qemu_img
from objectstore.kernel import concurrency
from test.contract.compute.agent.host import BOOT_SECONDS, Host, wait_for
from test.contract.compute.agent.storage import Storage

IMAGE_ID = "11111111-aaaa-4aaa-8aaa-000000000001"


@pytest.fixture
def storage(libvirt_host: Host, guest_image: Path) -> Iterator[Storage]:
    storage = Storage(libvirt_host.directory)
    storage.images.add(IMAGE_ID, guest_image / "guest-disk.qcow2", "qcow2")
    storage.nbd.start()
    yield storage
    libvirt_host.clean_up()  # guests first: they hold the disks
    storage.nbd.stop()


def spec_of(host: Host, storage: Storage) -> GuestSpec:
    """A guest whose files are where the agent puts them."""
    spec = host.spec()
    paths = storage.disks.paths(spec.uuid)
    return dataclasses.replace(
        spec,
        memory_mib=160,
        disks=storage.disks.disks(spec.uuid),
        console_log=paths.console_log,
        serial_socket=paths.serial_socket,
        vnc_socket=paths.vnc_socket,
    )


def with_disks(spec: GuestSpec, storage: Storage) -> GuestSpec:
    return dataclasses.replace(spec, disks=storage.disks.disks(spec.uuid))


def test_the_life_of_a_guest(libvirt_host: Host, storage: Storage) -> None:
    host, hypervisor = libvirt_host, libvirt_host.hypervisor
    spec = spec_of(host, storage)
    storage.disks.prepare_root(spec.uuid, IMAGE_ID, 1)
    storage.disks.prepare_swap(spec.uuid, 16)
    spec = with_disks(spec, storage)

    hypervisor.start(spec)
    said = host.wait_for_console(spec.uuid, b"login:")
    assert b"=== guest: partition grew to" in said
    assert hypervisor.usage(spec.uuid).disks[0].read_bytes > 1 << 20

    check_consoles(spec)
    check_devices(host, spec)
    check_copy(hypervisor, storage, spec)

    hypervisor.suspend(spec.uuid)
    hypervisor.resume(spec.uuid)
    hypervisor.reboot(spec, hard=False)
    said = host.wait_for_console(spec.uuid, b"=== guest ready", 2)
    assert said.count(b"=== guest: power button ===") == 1

    hypervisor.stop(spec.uuid)
    assert hypervisor.state(spec.uuid) is GuestState.SHUTDOWN
    said = hypervisor.console_tail(spec.uuid)
    assert said.count(b"=== guest: power button ===") == 2
    host.wait_for_event(spec.uuid, GuestEventKind.STOPPED)

    captured = storage.disks.capture_idle(spec.uuid, "snap-2")
    assert captured.virtual_bytes == 1 << 30
    assert not qemu_img.look(captured.path, "qcow2").names_other_files


def check_consoles(spec: GuestSpec) -> None:
    """Both are there, on sockets of our own, without a password."""
    with console(spec.vnc_socket) as vnc:
        assert receive_until(vnc, b"\n") == b"RFB 003.008\n"
        vnc.sendall(b"RFB 003.008\n")
        assert receive_until(vnc, b"\1\1") == b"\1\1"  # one way in: no password
    with console(spec.serial_socket) as serial:
        serial.sendall(b"\n")
        receive_until(serial, b"login: ")
        serial.sendall(b"guest\n")
        receive_until(serial, b"assword: ")
        serial.sendall(b"letmein\n")
        receive_until(serial, b"$ ")
        serial.sendall(b"id -un; exit\n")
        receive_until(serial, b"\nguest")


@contextlib.contextmanager
def console(path: str) -> Iterator[concurrency.GreenSocket]:
    sock = concurrency.green(socket.socket(socket.AF_UNIX))
    try:
        sock.connect(path)
        yield sock
    finally:
        sock.close()


def receive_until(sock: concurrency.GreenSocket, end: bytes) -> bytes:
    received = b""
    with concurrency.deadline(BOOT_SECONDS):
        while end not in received:
            piece = sock.recv(4096)
            assert piece, f"the console ended after {received!r}"
            received += piece
    return received


def check_devices(host: Host, spec: GuestSpec) -> None:
    """Plugged in and out again; the guest lets go."""
    hypervisor, nic = host.hypervisor, host.tap()
    hypervisor.attach_nic(spec.uuid, nic)
    host.wait_for_console(spec.uuid, b"plugged in ===")
    for _ in range(2):
        hypervisor.detach_nic(spec.uuid, nic.mac)
    assert hypervisor.usage(spec.uuid).nics == ()
    path = str(host.directory / "more.qcow2")
    qemu_img.create(path, 16 << 20)
    disk = DiskSpec("vdc", FileSource(path, "qcow2"), serial="more")
    for _ in range(2):
        hypervisor.attach_disk(spec.uuid, disk)
    hypervisor.resize_disk(spec.uuid, "vdc", 32 << 20)
    names = [used.name for used in hypervisor.usage(spec.uuid).disks]
    assert sorted(names) == ["vda", "vdc", "vdz"]
    for _ in range(2):
        hypervisor.detach_disk(spec.uuid, "vdc")
    assert qemu_img.look(path, "qcow2").virtual_bytes == 32 << 20


def check_copy(hypervisor: Hypervisor, storage: Storage, spec: GuestSpec) -> None:
    """A copy of the running disk stands alone and is taken twice as well as once."""
    target = storage.disks.capture_path(spec.uuid, "snap-1")
    for _ in range(2):
        hypervisor.copy_disk(spec.uuid, "vda", target)
    captured = storage.disks.captured(spec.uuid, "snap-1")
    shape = qemu_img.look(captured.path, "qcow2")
    assert captured.virtual_bytes == shape.virtual_bytes == 1 << 30
    assert captured.size_bytes < 64 << 20  # holes are not copied
    assert not shape.names_other_files
    storage.disks.drop_capture(spec.uuid, "snap-1")


def test_a_lazy_disk_boots_before_it_is_here(
    libvirt_host: Host, storage: Storage
) -> None:
    host, hypervisor = libvirt_host, libvirt_host.hypervisor
    spec = spec_of(host, storage)
    root = storage.disks.prepare_root(spec.uuid, IMAGE_ID, 1, lazy=True)
    assert isinstance(root.source, FileSource) and root.source.lazy_backing is not None
    spec = with_disks(spec, storage)

    hypervisor.start(spec)
    host.wait_for_console(spec.uuid, b"=== guest: userspace up")
    # The agent goes away and comes back: the guest waits, then goes on.
    storage.nbd.stop()
    host.restart_agent()
    storage.restart_nbd()
    hypervisor = host.hypervisor
    host.wait_for_console(spec.uuid, b"login:")
    assert storage.cache.entries() == []

    # A pull under way (unless it is done by then) stands in nobody's way.
    hypervisor.pull_backing(spec.uuid, "vda")
    hypervisor.copy_disk(spec.uuid, "vda", storage.disks.capture_path(spec.uuid, "s"))
    hypervisor.pull_backing(spec.uuid, "vda")
    hypervisor.suspend(spec.uuid)
    hypervisor.resume(spec.uuid)
    hypervisor.pull_backing(spec.uuid, "vda")
    hypervisor.resize_disk(spec.uuid, "vda", 2 << 30)

    wait_for(lambda: hypervisor.pull_backing(spec.uuid, "vda"), "not pulled in")
    wait_for(lambda: root_is_whole(storage, spec), "the header still names a backing")
    assert storage.images.bytes_read <= 2 * storage.images.facts(IMAGE_ID).size_bytes
    storage.nbd.stop()
    hypervisor.reboot(with_disks(spec, storage), hard=True)
    host.wait_for_console(spec.uuid, b"login:", 2)


def root_is_whole(storage: Storage, spec: GuestSpec) -> bool:
    source = storage.disks.root(spec.uuid).source
    return isinstance(source, FileSource) and source.lazy_backing is None


def test_kernel_ramdisk_and_config_drive(
    libvirt_host: Host, storage: Storage, guest_image: Path
) -> None:
    host = libvirt_host
    names = {"kernel": "guest-vmlinuz", "ramdisk": "guest-initramfs"}
    for image_id, name in (*names.items(), ("root", "guest-rootfs.ext4")):
        kind = {"kernel": "aki", "ramdisk": "ari", "root": "ami"}[image_id]
        storage.images.add(image_id, guest_image / name, kind)
    spec = spec_of(host, storage)
    storage.disks.prepare_root(spec.uuid, "root", 1)
    boot = storage.disks.prepare_boot_files(spec.uuid, "kernel", "ramdisk")
    meta_data = {
        "uuid": spec.uuid,
        "hostname": "driven.example",
        "public_keys": {"mine": "ssh-ed25519 AAAA mine"},
    }
    script = b"#!/bin/sh\necho user data ran; wc -l /root/.ssh/authorized_keys\n"
    files = {
        "openstack/latest/meta_data.json": json.dumps(meta_data).encode(),
        "openstack/latest/network_data.json": b'{"links": []}',
        "openstack/latest/user_data": script,
    }
    spec = dataclasses.replace(
        with_disks(spec, storage),
        kernel=boot.kernel,
        ramdisk=boot.ramdisk,
        kernel_arguments="root=/dev/vda console=ttyS0",
        config_drive=storage.disks.prepare_config_drive(spec.uuid, files),
    )
    host.hypervisor.start(spec)
    said = host.wait_for_console(spec.uuid, b"=== guest: user-data exit=0")
    assert b"hostname=driven" in said
    assert f"id={spec.uuid} source=configdrive".encode() in said
    assert b"user data ran" in said
    assert b"1 /root/.ssh/authorized_keys" in said


def test_libvirtd_ends_and_guests_do_not_notice(libvirt_host: Host) -> None:
    from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
    from objectstore.kernel.clock import SystemClock

    host = libvirt_host
    spec = host.spec()
    host.hypervisor.start(spec)
    directory = host.directory.parent / "libvirt"
    PrivateDaemon(str(directory), SystemClock()).stop()
    # The driver starts it again and reconnects; events come again too.
    assert host.hypervisor.state(spec.uuid) is GuestState.RUNNING
    host.hypervisor.pause(spec.uuid)
    host.wait_for_event(spec.uuid, GuestEventKind.PAUSED)


_WITHOUT_ITS_USER = """
set -e
for database in passwd group; do
    grep -v ^libvirt-qemu: /etc/$database > "$1/$database.without"
    mount --bind "$1/$database.without" /etc/$database
done
exec "$2" -c '
import sys
from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
from objectstore.kernel.clock import SystemClock

daemon = PrivateDaemon(sys.argv[1], SystemClock())
print(daemon.ensure())
daemon.stop()
' "$1"
"""


def test_libvirtd_starts_where_nobody_made_its_user(qemu_directory: Path) -> None:
    directory = Path(tempfile.mkdtemp(prefix="u-", dir=qemu_directory))
    own = ["unshare", "--mount", "--propagation=slave"]
    apart = [*own, "sh", "-c", _WITHOUT_ITS_USER, "sh"]
    said = subprocess.run(
        [*apart, str(directory), sys.executable],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("qemu+unix:///system?socket=")


def test_a_copy_that_a_killed_agent_left_is_begun_again(libvirt_host: Host) -> None:
    from compute.agent.drivers.libvirt import copies
    from compute.agent.drivers.libvirt.connection import LibvirtConnection
    from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
    from objectstore.kernel.clock import SystemClock

    host = libvirt_host
    disk, target = (str(host.directory / name) for name in ("disk.qcow2", "copy.qcow2"))
    qemu_img.create(disk, 256 << 20)
    write = ["qemu-io", "-f", "qcow2", "-c", "write -P 5 0 200M", disk]
    subprocess.run(write, check=True, capture_output=True)
    spec = host.spec(DiskSpec("vda", FileSource(disk, "qcow2")))
    host.hypervisor.start(spec)
    daemon = PrivateDaemon(str(host.directory.parent / "libvirt"), SystemClock())
    killed = LibvirtConnection(daemon.ensure, lambda _: None)
    killed.run(copies.begin_copy, spec.uuid, "vda", str(host.directory / ".new-copy"))
    killed.close()  # and nobody waits for the copy

    host.hypervisor.copy_disk(spec.uuid, "vda", target)
    check = ["qemu-io", "-f", "qcow2", "-c", "read -P 5 0 200M", target]
    read = subprocess.run(check, check=True, capture_output=True, text=True)
    assert "Pattern verification failed" not in read.stdout
