"""The real driver with QEMU's own tools: what the one writes the other reads."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import Key, Place
from compute.volume.connection import (
    READ_ONLY,
    READ_WRITE,
    TCP,
    UNIX,
    ConnectionInfo,
    Connector,
)
from compute.volume.drivers.files import FilesDriver
from compute.volume.drivers.port import COPY, SNAPSHOT, VOLUME, ExportAsked
from objectstore.kernel.errors import Rejected
from test.contract.compute.volume.conftest import HOST, files_driver

MIB = 2**20
VOLUME_ID = "22222222-2222-4222-8222-222222222222"
DISK = VOLUME + VOLUME_ID


def export(
    files: FilesDriver, host: str = HOST, access: str = READ_WRITE, number: int = 1
) -> ConnectionInfo:
    return files.export(
        ExportAsked(f"attachment-{number}", VOLUME_ID, Connector(host), access)
    )


def qemu_io(info: ConnectionInfo, *commands: str, keys: str = "") -> str:
    node = f"driver=nbd,export={info.export}"
    options: list[str] = []
    if info.is_read_only:
        options = ["-r"]
    if info.transport == UNIX:
        node += f",server.type=unix,server.path={info.socket_path}"
    else:
        node += f",server.type=inet,server.host={info.host},server.port={info.port}"
    if keys:
        secret = f"tls-creds-psk,id=t,endpoint=client,username=qemu,dir={keys}"
        options += ["--object", secret]
        node += ",tls-creds=t"
    for command in commands:
        options += ["-c", command]
    done = subprocess.run(
        ["qemu-io", *options, "--image-opts", node], capture_output=True, text=True
    )
    return done.stdout + done.stderr


def keys_of(info: ConnectionInfo, directory: Path) -> str:
    directory.mkdir()
    (directory / "keys.psk").write_text(f"{info.psk_identity}:{info.psk_hex}\n")
    return str(directory)


def test_a_guest_of_this_host_writes_and_reads(files: FilesDriver) -> None:
    files.create(DISK, 8 * MIB)
    info = export(files)
    assert info.transport == UNIX
    said = qemu_io(info, "write -P 7 1M 64k", "flush", "read -P 7 1M 64k")
    assert "wrote 65536" in said and "verification failed" not in said
    assert files.read(DISK, MIB, 64 * 1024) == b"\7" * 64 * 1024
    files.withdraw(VOLUME_ID, "attachment-1")
    assert not os.path.exists(info.socket_path)


def test_who_may_only_read_cannot_write(files: FilesDriver) -> None:
    files.create(DISK, MIB)
    export(files)
    info = export(files, access=READ_ONLY, number=2)
    assert "read 512" in qemu_io(info, "read -P 0 0 512")
    assert "wrote" not in qemu_io(info, "write -P 1 0 512")
    assert files.read(DISK, 0, 1) == b"\0"


def test_another_host_needs_the_key(files: FilesDriver, tmp_path: Path) -> None:
    files.create(DISK, MIB)
    info = export(files, "elsewhere")
    assert info.transport == TCP and len(info.psk_hex) == 64
    keys = keys_of(info, tmp_path / "keys")
    assert "wrote 512" in qemu_io(info, "write -P 3 0 512", "flush", keys=keys)
    assert files.read(DISK, 0, 512) == b"\3" * 512
    assert "TLS" in qemu_io(info, "read 0 512")
    (tmp_path / "keys" / "keys.psk").write_text(f"qemu:{'0' * 64}\n")
    assert "read 512" not in qemu_io(info, "read 0 512", keys=keys)
    assert export(files, "elsewhere") == info


def test_many_have_one_volume_at_once(files: FilesDriver, tmp_path: Path) -> None:
    """While a guest of this host is connected, others of two hosts write and read."""
    files.create(DISK, MIB)
    near = [export(files, number=number) for number in (1, 2)]
    far = [export(files, f"host-{number}", number=number) for number in (3, 4)]
    readers = [export(files, "host-5", READ_ONLY, number=5)]
    keys = {
        each.attachment_id: keys_of(each, tmp_path / each.attachment_id)
        for each in (*far, *readers)
    }
    assert len({each.port for each in (*far, *readers)}) == 3
    node = f"driver=nbd,export={near[0].export},server.type=unix"
    node += f",server.path={near[0].socket_path}"
    with subprocess.Popen(
        ["qemu-io", "--image-opts", node],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as held:
        assert held.stdin is not None
        assert held.stdout is not None
        held.stdin.write("read -P 0 0 512\n")
        held.stdin.flush()
        # It is connected, and has read, before the others write.
        said = ""
        while "bytes at" not in said and (line := held.stdout.readline()):
            said += line
        for mark, writer in enumerate((near[1], *far), 1):
            write = f"write -P {mark} 0 512"
            key = keys.get(writer.attachment_id, "")
            assert "wrote 512" in qemu_io(writer, write, keys=key)
            for reader in (*near, *far, *readers):
                key = keys.get(reader.attachment_id, "")
                said = qemu_io(reader, f"read -P {mark} 0 512", keys=key)
                assert "read 512" in said and "failed" not in said
        files.withdraw(VOLUME_ID, far[0].attachment_id)
        held.stdin.write("read -P 3 0 512\nquit\n")
        held.stdin.close()
        said += held.stdout.read()
    assert said.count("read 512") == 2 and "failed" not in said
    refused = qemu_io(far[0], "read 0 512", keys=keys[far[0].attachment_id])
    assert "read 512" not in refused


def test_a_relay_gives_a_socket_again(files: FilesDriver, tmp_path: Path) -> None:
    files.create(DISK, MIB)
    info = export(files, "elsewhere")
    place = Place(tmp_path / "relay", str(tmp_path / "r"), "relay")
    key = Key(info.psk_identity, info.psk_hex)
    storage_daemon.relay(place, info.export, info.host, info.port, key)
    near = ConnectionInfo(VOLUME_ID, info.export, UNIX, socket_path=place.socket)
    try:
        assert "wrote 512" in qemu_io(near, "write -P 5 0 512", "flush")
    finally:
        storage_daemon.stop(place)
    assert files.read(DISK, 0, 512) == b"\5" * 512
    assert storage_daemon.pid_of(place) == 0


def test_exports_outlive_the_service_and_the_machine(
    files: FilesDriver, tmp_path: Path
) -> None:
    files.create(DISK, MIB)
    near, far = export(files), export(files, "elsewhere", number=2)
    again = files_driver(tmp_path)  # the service has started again
    assert "read 512" in qemu_io(near, "read 0 512")
    files.stop()  # the machine: no daemon runs any more
    assert "read 512" not in qemu_io(near, "read 0 512")
    assert export(again) == near
    assert export(again, "elsewhere", number=2) == far
    keys = keys_of(far, tmp_path / "keys")
    assert "read 512" in qemu_io(far, "read 0 512", keys=keys)


def test_a_gate_moves_to_where_the_operator_wants_it(
    files: FilesDriver, tmp_path: Path
) -> None:
    files.create(DISK, MIB)
    before = export(files, "elsewhere")
    moved = files_driver(tmp_path, "127.0.0.2")
    after = export(moved, "elsewhere")
    assert (before.host, after.host) == ("127.0.0.1", "127.0.0.2")
    assert (after.port, after.psk_hex) == (before.port, before.psk_hex)
    keys = keys_of(after, tmp_path / "keys")
    assert "read 512" in qemu_io(after, "read 0 512", keys=keys)
    assert "read 512" not in qemu_io(before, "read 0 512", keys=keys)


def test_snapshots_while_somebody_writes(files: FilesDriver) -> None:
    files.create(DISK, 64 * MIB)
    info = export(files)
    qemu_io(info, "write -P 1 0 1M", "write -P 2 32M 1M")
    files.copy(DISK, SNAPSHOT + "s", 64 * MIB)
    qemu_io(info, "write -P 9 0 64M")
    assert files.read(SNAPSHOT + "s", 0, 2 * MIB) == b"\1" * MIB + bytes(MIB)
    assert files.read(SNAPSHOT + "s", 32 * MIB, 2) == b"\2\2"
    files.copy(DISK, SNAPSHOT + "t", 64 * MIB)
    assert files.read(SNAPSHOT + "t", 63 * MIB, 2) == b"\t\t"


def test_a_copy_takes_no_more_room_than_its_bytes(
    files: FilesDriver, tmp_path: Path
) -> None:
    files.create(DISK, 256 * MIB)
    files.write(DISK, 100 * MIB, b"x" * MIB)
    files.copy(DISK, SNAPSHOT + "s", 256 * MIB)
    files.copy(SNAPSHOT + "s", COPY + "c", 512 * MIB)
    for disk in (SNAPSHOT + "s", COPY + "c"):
        assert (tmp_path / "disks" / f"{disk}.raw").stat().st_blocks * 512 < 8 * MIB
        assert files.read(disk, 100 * MIB, 3) == b"xxx"


def test_a_guest_sees_the_new_size_when_it_comes_again(files: FilesDriver) -> None:
    files.create(DISK, MIB)
    info = export(files)
    files.resize(DISK, 2 * MIB)
    assert export(files).size_bytes == 2 * MIB
    assert "wrote 512" in qemu_io(info, f"write -P 1 {2 * MIB - 512} 512")


def test_who_is_connected_is_cut_off_for_a_larger_size(
    files: FilesDriver, tmp_path: Path
) -> None:
    files.create(DISK, MIB)
    near, far = export(files), export(files, "elsewhere", number=2)
    guest = subprocess.Popen(
        [
            "qemu-io",
            "-f",
            "raw",
            f"nbd+unix:///{near.export}?socket={near.socket_path}",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert guest.stdin is not None and guest.stdout is not None
        guest.stdin.write("write -P 1 0 512\n")
        guest.stdin.flush()
        while "wrote" not in guest.stdout.readline():
            assert guest.poll() is None
        files.resize(DISK, 2 * MIB)  # nobody sees it: somebody is connected
        end = f"write -P 2 {2 * MIB - 512} 512"
        assert "wrote" not in qemu_io(near, end)
        for _ in range(2):
            files.reopen(VOLUME_ID)
        assert "wrote 512" in qemu_io(near, end)
        keys = keys_of(far, tmp_path / "keys")
        assert "wrote 512" in qemu_io(far, end, keys=keys)
    finally:
        guest.kill()
        guest.communicate()
    assert export(files, "elsewhere", number=2).port == far.port
    assert files.read(DISK, 2 * MIB - 512, 1) == b"\2"


def make_image(path: Path, image_format: str, *more: str) -> bytes:
    command = ["qemu-img", "create", "-q", "-f", image_format, *more, str(path)]
    subprocess.run([*command, "2M"] if not more else command, check=True)
    return path.read_bytes()


def test_a_qcow2_image_is_converted(files: FilesDriver, tmp_path: Path) -> None:
    image = tmp_path / "image"
    make_image(image, "qcow2")
    write = ["qemu-io", "-f", "qcow2", "-c", "write -P 4 1M 64k", str(image)]
    subprocess.run(write, check=True, capture_output=True)
    files.fill(DISK, iter([image.read_bytes()]), "qcow2", 4 * MIB)
    assert files.size(DISK) == 4 * MIB
    assert files.read(DISK, MIB, 64 * 1024) == b"\4" * 64 * 1024
    with pytest.raises(Rejected):
        files.fill(SNAPSHOT + "s", iter([image.read_bytes()]), "qcow2", MIB)
    with pytest.raises(Rejected):
        files.fill(SNAPSHOT + "s", iter([image.read_bytes()]), "vmdk", 4 * MIB)
    assert list(files.disks()) == [DISK]


def test_an_image_that_names_other_files_is_refused(
    files: FilesDriver, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * MIB)
    image = tmp_path / "image"
    overlay = ["-F", "raw", "-b", str(secret)]
    content = make_image(image, "qcow2", *overlay)
    with pytest.raises(Rejected):
        files.fill(DISK, iter([content]), "qcow2", 4 * MIB)
    assert list(files.disks()) == []
    assert list((tmp_path / "disks").iterdir()) == []
