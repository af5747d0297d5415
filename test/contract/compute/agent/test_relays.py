"""The way to a volume of another host: TLS between, a unix socket at its end."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.relays import StorageRelays
from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import WRITABLE, Key, Place
from compute.volume.client import TCP, ConnectionInfo
from objectstore.kernel.errors import Unavailable
from test.functional.harness.ports import free_ports

KEY = Key("qemu", "0123456789abcdef" * 4)
MIB = 1 << 20
PATTERN = 0x5A


@pytest.fixture
def directory() -> Iterator[Path]:
    if shutil.which(storage_daemon.PROGRAM) is None:
        pytest.skip("qemu-storage-daemon is not installed")
    found = Path(tempfile.mkdtemp(prefix="rl-", dir="/tmp"))
    yield found
    shutil.rmtree(found)


def test_bytes_go_through_a_relay(directory: Path) -> None:
    disk = directory / "disk.raw"
    disk.touch()
    with disk.open("r+b") as file:
        file.truncate(MIB)
    (port,) = free_ports(1)
    inner = Place(directory, str(directory), "inner")
    gate = Place(directory, str(directory), "gate")
    relays = StorageRelays(directory / "relays", str(directory))
    connection = ConnectionInfo(
        volume_id="v",
        export=WRITABLE,
        transport=TCP,
        host="127.0.0.1",
        port=port,
        psk_identity=KEY.identity,
        psk_hex=KEY.hexadecimal,
        attachment_id="a",
    )
    try:
        storage_daemon.serve_file(inner, disk)
        storage_daemon.gate(gate, inner.socket, WRITABLE, "127.0.0.1", port, KEY)
        path = relays.open(connection)
        assert relays.open(connection) == path
        assert relays.attachments() == ["a"]
        url = f"nbd+unix:///{WRITABLE}?socket={path}"
        write = f"write -P {PATTERN} 0 64k"
        subprocess.run(
            ["qemu-io", "-f", "raw", "-c", write, "-c", "flush", url],
            check=True,
            capture_output=True,
            timeout=60,
        )
        assert disk.read_bytes()[:65536] == bytes([PATTERN]) * 65536
    finally:
        for _ in range(2):
            relays.close("a")
        storage_daemon.stop(gate)
        storage_daemon.stop(inner)
    assert list((directory / "relays").iterdir()) == []


def test_a_gate_that_is_not_reached_is_told_with_what_to_set(directory: Path) -> None:
    (port,) = free_ports(1)
    relays = StorageRelays(directory / "relays", str(directory))
    connection = ConnectionInfo(
        volume_id="v",
        export=WRITABLE,
        transport=TCP,
        host="127.0.0.1",
        port=port,
        psk_identity=KEY.identity,
        psk_hex=KEY.hexadecimal,
        attachment_id="a",
    )
    with pytest.raises(Unavailable, match=r"refused.*tcp_address"):
        relays.open(connection)
    relays.close("a")
    assert relays.attachments() == []
