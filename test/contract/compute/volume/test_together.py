"""Copies of one moment: a writer who never writes to the second disk before the first
has answered finds no copy in which it looks as if he had."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from compute.core.disks import storage_daemon
from compute.volume.connection import READ_WRITE, ConnectionInfo, Connector
from compute.volume.drivers.files import FilesDriver
from compute.volume.drivers.port import SNAPSHOT, VOLUME, Copy, ExportAsked
from test.contract.compute.volume.conftest import HOST, files_driver

MIB = 2**20
ONE, TWO = (f"{digit}" * 8 + "-0000-4000-8000-000000000000" for digit in "12")
_WRITE = 1


class Client:
    """As much of NBD as a writer of numbers needs, by a native thread."""

    def __init__(self, info: ConnectionInfo) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20.0)
        self._socket.connect(info.socket_path)
        self._take(18)
        self._socket.sendall(struct.pack(">I", 3))
        name = info.export.encode()
        head = struct.pack(">QII", 0x49484156454F5054, 1, len(name))
        self._socket.sendall(head + name)
        self._take(10)

    def write(self, number: int) -> None:
        data = struct.pack(">Q", number).ljust(512, b"\1")
        head = struct.pack(">IHHQQI", 0x25609513, 0, _WRITE, number, 0, len(data))
        self._socket.sendall(head + data)
        _, error, _ = struct.unpack(">IIQ", self._take(16))
        assert error == 0

    def close(self) -> None:
        self._socket.close()

    def _take(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            piece = self._socket.recv(length - len(found))
            assert piece, "the export went away"
            found += piece
        return found


def number_in(files: FilesDriver, disk: str) -> int:
    (found,) = struct.unpack(">Q", files.read(disk, 0, 8))
    return int(found)


@pytest.fixture
def clients(files: FilesDriver) -> Any:
    found = []
    for volume_id in (ONE, TWO):
        files.create(VOLUME + volume_id, 8 * MIB)
        files.write(VOLUME + volume_id, 4 * MIB, volume_id.encode())
        asked = ExportAsked(f"of-{volume_id}", volume_id, Connector(HOST), READ_WRITE)
        found.append(Client(files.export(asked)))
    yield found
    for each in found:
        each.close()


def test_a_writer_finds_both_the_first_or_neither(
    files: FilesDriver, clients: list[Client]
) -> None:
    ends, trouble = threading.Event(), []

    def write() -> None:
        try:
            for number in count(1):
                if ends.is_set():
                    return
                for client in clients:
                    client.write(number)
        except BaseException as error:
            trouble.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(3):
            targets = [f"{SNAPSHOT}{each}-{turn}" for each in (ONE, TWO)]
            copies = [
                Copy(VOLUME + each, target, 9 * MIB)
                for each, target in zip((ONE, TWO), targets, strict=True)
            ]
            files.copy_together(copies)
            first, second = (number_in(files, target) for target in targets)
            assert second <= first <= second + 1
            for each, target in zip((ONE, TWO), targets, strict=True):
                assert files.size(target) == 9 * MIB
                assert files.read(target, 4 * MIB, 36) == each.encode()
    finally:
        ends.set()
        writer.join()
    assert not trouble
    for volume_id in (ONE, TWO):
        files.withdraw(volume_id, f"of-{volume_id}")
        assert not storage_daemon.pid_of(files._exports._place(volume_id))


def test_disks_of_nobody(files: FilesDriver) -> None:
    files.create(VOLUME + ONE, MIB)
    files.write(VOLUME + ONE, 0, b"one")
    files.copy_together([Copy(VOLUME + ONE, VOLUME + TWO, 2 * MIB)])
    assert files.read(VOLUME + TWO, 0, 3) == b"one"
    assert files.size(VOLUME + TWO) == 2 * MIB
    assert sorted(files.disks()) == [VOLUME + ONE, VOLUME + TWO]


def test_who_died_in_the_middle_leaves_nobody_standing_still(
    files: FilesDriver, clients: list[Client], tmp_path: Path
) -> None:
    for volume_id in (ONE, TWO):
        os.kill(storage_daemon.pid_of(files._exports._place(volume_id)), signal.SIGSTOP)
    files_driver(tmp_path)  # the next process
    for client in clients:
        client.write(7)
    for volume_id in (ONE, TWO):
        assert number_in(files, VOLUME + volume_id) == 7
