"""The NBD server as a client on its socket sees it; QEMU's own is in test/contract."""

from __future__ import annotations

import socket
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.agent.disks.nbd_server import NbdServer
from compute.agent.disks.ranges import ImageRanges
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from test.fakes.image_files import ImageFiles

CONTENT = bytes(range(256)) * 20 + b"tail"  # no whole number of sectors
OPTION = 0x49484156454F5054


class Client:
    """Speaks just enough NBD."""

    def __init__(self, path: Path) -> None:
        self.sock: Any = concurrency.green(socket.socket(socket.AF_UNIX))
        self.sock.connect(str(path))
        assert self.take(18) == b"NBDMAGICIHAVEOPT\0\3"
        self.sock.sendall(struct.pack(">I", 3))

    def take(self, size: int) -> bytes:
        data = b""
        with concurrency.deadline(5):
            while len(data) < size:
                piece = self.sock.recv(size - len(data))
                if not piece:
                    raise EOFError
                data += piece
        return data

    def option(self, number: int, data: bytes) -> tuple[int, bytes]:
        self.sock.sendall(struct.pack(">QII", OPTION, number, len(data)) + data)
        return self.option_reply(number)

    def option_reply(self, number: int) -> tuple[int, bytes]:
        magic, option, kind, length = struct.unpack(">QIII", self.take(20))
        assert (magic, option) == (0x3E889045565A9, number)
        return kind, self.take(length)

    def go(self, export: str) -> int:
        """Open the export; its size."""
        name = export.encode()
        kind, facts = self.option(7, struct.pack(">I", len(name)) + name + bytes(2))
        assert kind == 3
        size, flags = struct.unpack(">QH", facts[2:])
        assert flags & 3 == 3  # has flags, read-only
        assert self.option_reply(7)[0] == 3
        assert self.option_reply(7) == (1, b"")
        return int(size)

    def ask(self, command: int, offset: int, length: int, handle: int = 7) -> None:
        head = struct.pack(">IHHQQI", 0x25609513, 0, command, handle, offset, length)
        self.sock.sendall(head)

    def answer(self, length: int) -> tuple[int, int, bytes]:
        magic, fault, handle = struct.unpack(">IIQ", self.take(16))
        assert magic == 0x67446698
        return fault, handle, b"" if fault else self.take(length)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, ImageFiles]]:
    image = tmp_path / "image"
    image.write_bytes(CONTENT)
    images = ImageFiles()
    images.add("one", image, "raw")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        path = Path(directory) / "s"
        ranges = ImageRanges(images, SystemClock(), patience_seconds=0.0)
        server = NbdServer(str(path), ranges)
        server.start()
        yield path, images
        server.stop()


def test_no_directory_of_sockets_stays(tmp_path: Path) -> None:
    ranges = ImageRanges(ImageFiles(), SystemClock(), patience_seconds=0.0)
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        sockets = Path(directory) / "sockets"
        for guests in (("a guest's",), ()):
            sockets.mkdir(exist_ok=True)
            for left in sockets.iterdir():
                left.unlink()
            for each in guests:
                (sockets / each).touch()
            server = NbdServer(str(sockets / "s"), ranges)
            server.start()
            server.stop()
            assert sockets.exists() == bool(guests)


def test_reading(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    size = client.go("one")
    assert size == 11 * 512
    client.ask(0, 100, 50)
    assert client.answer(50) == (0, 7, CONTENT[100:150])
    client.ask(0, 5000, size - 5000)
    assert client.answer(size - 5000)[2].rstrip(b"\0") == CONTENT[5000:]
    client.ask(3, 0, 0)
    assert client.answer(0)[0] == 0


def test_many_requests_at_once(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    client.go("one")
    for handle in range(64):
        client.ask(0, handle * 16, 16, handle)
    answers = {
        handle: data for _, handle, data in (client.answer(16) for _ in range(64))
    }
    assert answers == {n: CONTENT[n * 16 : n * 16 + 16] for n in range(64)}


def test_the_old_way_to_open(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    client.sock.sendall(struct.pack(">QII", OPTION, 1, 3) + b"one")
    size, _ = struct.unpack(">QH", client.take(10))
    assert size == 11 * 512
    client.ask(0, 0, 4)
    assert client.answer(4)[2] == CONTENT[:4]


def test_what_is_not_there_or_not_supported(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    name = struct.pack(">I", 3) + b"two" + bytes(2)
    assert client.option(7, name)[0] == 2**31 + 6
    assert client.option(5, b"")[0] == 2**31 + 1  # TLS
    assert client.option(3, b"") == (1, b"")
    assert client.go("one")


def test_reads_beyond_the_end_are_refused(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    size = client.go("one")
    client.ask(0, size - 10, 11)
    assert client.answer(0)[0] == 22


def test_a_store_that_is_away_is_an_error_for_this_read_only(
    served: tuple[Path, ImageFiles],
) -> None:
    client = Client(served[0])
    client.go("one")
    served[1].is_away = True
    client.ask(0, 0, 4)
    assert client.answer(0)[0] == 5
    served[1].is_away = False
    client.ask(0, 0, 4)
    assert client.answer(4)[2] == CONTENT[:4]


@pytest.mark.parametrize("rubbish", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64])
def test_who_speaks_something_else_is_put_out(
    served: tuple[Path, ImageFiles], rubbish: bytes
) -> None:
    client = Client(served[0])
    client.sock.sendall(rubbish)
    with pytest.raises((EOFError, ConnectionError)):
        client.take(1)


def test_a_write_ends_the_connection(served: tuple[Path, ImageFiles]) -> None:
    client = Client(served[0])
    client.go("one")
    client.ask(1, 0, 4)
    with pytest.raises((EOFError, ConnectionError)):
        client.take(1)
