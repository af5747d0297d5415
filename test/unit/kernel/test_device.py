"""A device: its identity, and where it is mounted."""

from __future__ import annotations

import os

import pytest

from objectstore.kernel.device import Device
from objectstore.kernel.disk import Disk, Locked
from objectstore.kernel.errors import Corrupt, Unavailable
from test.fakes.disk import MemoryDisk


def test_a_device_keeps_its_identity(disk: Disk, directory: str) -> None:
    device = Device.open(disk, directory)
    with pytest.raises(Locked):
        Device.open(disk, directory)
    identity = device.identity
    device.close()
    again = Device.open(disk, directory)
    assert again.identity == identity
    again.close()
    disk.replace_file(os.path.join(directory, "device-id"), b"rubbish")
    with pytest.raises(Corrupt):
        Device.open(disk, directory)


def test_a_device_that_is_not_mounted_is_refused(disk: Disk, directory: str) -> None:
    with pytest.raises(Unavailable, match="mounted"):
        Device.open(disk, directory, mount_check=True)
    if isinstance(disk, MemoryDisk):
        disk.mounts.add(directory)
        Device.open(disk, directory, mount_check=True).close()


def test_a_device_that_is_made_is_told(
    disk: Disk, directory: str, caplog: pytest.LogCaptureFixture
) -> None:
    Device.open(disk, directory).close()
    assert not caplog.messages
    mistyped = os.path.join(directory, "mistyped", "d1")
    for _ in range(2):
        Device.open(disk, mistyped).close()
    (said,) = caplog.messages
    assert said.startswith(f"{mistyped} was not there")
