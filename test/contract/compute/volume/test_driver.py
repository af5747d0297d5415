"""What every driver promises (``compute/volume/drivers/port.py``)."""

from __future__ import annotations

import pytest

from compute.volume.connection import READ_ONLY, READ_WRITE, Connector
from compute.volume.drivers.port import (
    COPY,
    SNAPSHOT,
    VOLUME,
    ExportAsked,
    NoSuchDisk,
    VolumeDriver,
    pieces_of,
)
from objectstore.kernel.errors import Rejected
from test.contract.compute.volume.conftest import HOST

MIB = 2**20
VOLUME_ID = "11111111-1111-4111-8111-111111111111"
DISK = VOLUME + VOLUME_ID


def asked(host: str = HOST, access: str = READ_WRITE, number: int = 1) -> ExportAsked:
    return ExportAsked(f"attachment-{number}", VOLUME_ID, Connector(host), access)


def test_a_new_disk_is_all_zeroes(driver: VolumeDriver) -> None:
    driver.create(DISK, 8 * MIB)
    driver.write(DISK, MIB, b"old")
    driver.create(DISK, 4 * MIB)
    assert driver.size(DISK) == 4 * MIB
    assert driver.read(DISK, 0, 8 * MIB) == bytes(4 * MIB)
    assert list(driver.disks()) == [DISK]


def test_what_is_written_is_read(driver: VolumeDriver) -> None:
    driver.create(DISK, 4 * MIB)
    driver.write(DISK, MIB - 2, b"abcd")
    driver.flush(DISK)
    assert driver.read(DISK, MIB - 3, 6) == b"\0abcd\0"
    driver.write(DISK, MIB - 1, b"\0\0")
    assert driver.read(DISK, MIB - 3, 6) == b"\0a\0\0d\0"
    assert driver.read(DISK, 4 * MIB - 1, 10) == b"\0"
    assert driver.read(DISK, 5 * MIB, 10) == b""


def test_holes_are_zeroes(driver: VolumeDriver) -> None:
    driver.create(DISK, 8 * MIB)
    driver.write(DISK, 4 * MIB, b"a" * MIB)
    assert driver.is_hole(DISK, 0, 4 * MIB) and driver.is_hole(DISK, 6 * MIB, 2 * MIB)
    assert not driver.is_hole(DISK, 3 * MIB, 2 * MIB)
    assert not driver.is_hole(DISK, 4 * MIB, 1)


def test_what_is_not_there(driver: VolumeDriver) -> None:
    driver.delete(DISK)
    for call in (
        lambda: driver.size(DISK),
        lambda: driver.read(DISK, 0, 1),
        lambda: driver.write(DISK, 0, b"a"),
        lambda: driver.flush(DISK),
        lambda: driver.resize(DISK, MIB),
        lambda: driver.copy(DISK, SNAPSHOT + "s", MIB),
        lambda: driver.export(asked()),
    ):
        with pytest.raises(NoSuchDisk):
            call()
    driver.withdraw(VOLUME_ID, "attachment-1")
    assert list(driver.disks()) == [] and list(driver.exported()) == []


def test_copies_are_independent(driver: VolumeDriver) -> None:
    driver.create(DISK, 4 * MIB)
    driver.write(DISK, 2 * MIB, b"before")
    driver.copy(DISK, SNAPSHOT + "s", 4 * MIB)
    driver.write(DISK, 2 * MIB, b"after!")
    driver.copy(SNAPSHOT + "s", COPY + "c", 6 * MIB)
    driver.write(SNAPSHOT + "s", 0, b"x")
    assert driver.read(SNAPSHOT + "s", 2 * MIB, 6) == b"before"
    assert driver.read(DISK, 2 * MIB, 6) == b"after!"
    assert driver.read(COPY + "c", 2 * MIB, 6) == b"before"
    assert driver.size(COPY + "c") == 6 * MIB
    driver.delete(DISK)
    assert list(driver.disks()) == [COPY + "c", SNAPSHOT + "s"]
    driver.copy(COPY + "c", SNAPSHOT + "s", 6 * MIB)
    assert driver.size(SNAPSHOT + "s") == 6 * MIB


def test_growing_keeps_the_bytes(driver: VolumeDriver) -> None:
    driver.create(DISK, MIB)
    driver.write(DISK, MIB - 1, b"a")
    driver.resize(DISK, 3 * MIB)
    driver.resize(DISK, 2 * MIB)
    assert driver.size(DISK) == 3 * MIB
    assert driver.read(DISK, MIB - 1, 3) == b"a\0\0"


def test_a_raw_image_is_poured_in(driver: VolumeDriver) -> None:
    pieces = [b"a" * MIB, bytes(MIB), b"b" * 10]
    driver.fill(DISK, iter(pieces), "raw", 4 * MIB)
    assert driver.read(DISK, 0, 2 * MIB + 11) == b"".join(pieces) + b"\0"
    assert driver.size(DISK) == 4 * MIB
    got = b"".join(pieces_of(driver, DISK, 4 * MIB, 3 * MIB // 2))
    assert got == b"".join(pieces).ljust(4 * MIB, b"\0")


def test_an_image_that_is_too_large_leaves_nothing(driver: VolumeDriver) -> None:
    with pytest.raises(Rejected):
        driver.fill(DISK, iter([b"a" * MIB, b"b"]), "raw", MIB)
    assert list(driver.disks()) == []


def test_a_broken_stream_leaves_what_was_there(driver: VolumeDriver) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield b"new"
        raise ConnectionError

    driver.create(DISK, MIB)
    driver.write(DISK, 0, b"old")
    with pytest.raises(Exception):  # noqa: B017
        driver.fill(DISK, broken(), "raw", MIB)
    assert driver.read(DISK, 0, 3) == b"old"


def test_exports_are_the_same_when_asked_again(driver: VolumeDriver) -> None:
    driver.create(DISK, MIB)
    first = driver.export(asked())
    assert driver.export(asked()) == first
    assert (first.access, first.size_bytes) == (READ_WRITE, MIB)
    second = driver.export(asked(access=READ_ONLY, number=2))
    assert second.is_read_only
    both = [(VOLUME_ID, "attachment-1"), (VOLUME_ID, "attachment-2")]
    assert list(driver.exported()) == both
    for _ in range(2):
        driver.withdraw(VOLUME_ID, "attachment-1")
    driver.withdraw(VOLUME_ID, "attachment-2")
    assert list(driver.exported()) == []


def test_a_disk_is_let_go_and_taken_back(driver: VolumeDriver) -> None:
    driver.create(DISK, 8 * MIB)
    driver.write(DISK, 0, b"kept")
    for _ in range(2):
        driver.unmanaged.release(DISK, "theirs")
    assert list(driver.disks()) == []
    (found,) = driver.unmanaged.found()
    assert (found.name, found.size_bytes, found.problem) == ("theirs", 8 * MIB, "")
    for _ in range(2):
        driver.unmanaged.adopt("theirs", DISK, 16 * MIB)
    assert list(driver.unmanaged.found()) == [] and driver.size(DISK) == 16 * MIB
    assert driver.read(DISK, 0, 4) == b"kept"
    for name in ("theirs", "../disks/volume-1.raw"):
        with pytest.raises(Rejected):
            driver.unmanaged.adopt(name, VOLUME + "other", MIB)
    driver.create(VOLUME + "other", MIB)
    driver.unmanaged.release(DISK, "theirs")
    with pytest.raises(Rejected) as refused:
        driver.unmanaged.release(VOLUME + "other", "theirs")
    assert refused.value.status == 409
    assert list(driver.disks()) == [VOLUME + "other"]
