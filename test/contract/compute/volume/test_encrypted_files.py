"""Encrypted disks of the real driver: what QEMU opens, and what lies on the disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compute.core.disks import qemu_luks
from compute.volume.connection import READ_WRITE, ConnectionInfo, Connector
from compute.volume.drivers.files import FilesDriver
from compute.volume.drivers.port import SNAPSHOT, VOLUME, ExportAsked, header_bytes
from compute.volume.encryption import Cipher, DiskKey
from objectstore.kernel.errors import Rejected
from test.contract.compute.volume.conftest import HOST

GIB, MIB = 2**30, 2**20
VOLUME_ID = "22222222-2222-4222-8222-222222222222"
DISK = VOLUME + VOLUME_ID
KEY = DiskKey(Cipher("aes-128", "xts", "plain64"), "c0ffee" * 5)
PLAIN = b"nobody else's business. " * 4096


def opened(info: ConnectionInfo, passphrase: str, *commands: str) -> str:
    """What qemu-io says, which opens the export as a guest's QEMU does."""
    image = "driver=luks,key-secret=key," + qemu_luks.nbd_options(
        info.socket_path, info.export
    )
    words = [word for command in commands for word in ("-c", command)]
    secret = f"secret,id=key,data={passphrase}"
    done = subprocess.run(
        ["qemu-io", "--object", secret, "--image-opts", image, *words],
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def export(files: FilesDriver) -> ConnectionInfo:
    return files.export(
        ExportAsked("attachment", VOLUME_ID, Connector(HOST), READ_WRITE)
    )


def test_an_image_becomes_an_encrypted_volume(
    files: FilesDriver, tmp_path: Path
) -> None:
    files.fill(DISK, [PLAIN], "raw", GIB, KEY)
    header = header_bytes(files, DISK)
    assert 0 < header < 4 * MIB and files.size(DISK) == GIB + header
    path = tmp_path / "disks" / f"{DISK}.raw"
    assert path.stat().st_mode & 0o077 == 0
    info = export(files)
    assert "nobody.else.s.bu" in opened(info, KEY.passphrase, "read -v 0 24")
    assert "Invalid password" in opened(info, "d00d", "read 0 24")
    # As large as it is called, to the last byte; and what a guest writes is not seen.
    last = f"write -P 0x41 {GIB - MIB} 1M"
    assert "wrote 1048576" in opened(info, KEY.passphrase, last, "flush")
    files.copy(DISK, SNAPSHOT + "1", GIB + header)
    files.resize(DISK, 2 * GIB + header)
    tail = files.read(DISK, GIB + header - MIB, MIB)
    assert any(tail) and b"A" * 64 not in tail
    assert files.read(SNAPSHOT + "1", GIB + header - MIB, MIB) == tail
    assert PLAIN[:24] not in files.read(DISK, 0, 4 * MIB)
    files.withdraw(VOLUME_ID, "attachment")
    assert "read 512/512" in opened(
        export(files), KEY.passphrase, f"read {2 * GIB - 512} 512"
    )


def test_an_image_that_does_not_fit_leaves_nothing(files: FilesDriver) -> None:
    with pytest.raises(Rejected, match="fit"):
        files.fill(DISK, [bytes(2 * MIB)], "raw", MIB, KEY)
    with pytest.raises(Rejected):
        files.fill(DISK, [b"this is no qcow2"], "qcow2", MIB, KEY)
    assert list(files.disks()) == []
