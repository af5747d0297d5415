"""Disks of every kind, for what each of them must do alike."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.disk import Disk
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk
from test.sim.disk import SimulatedDisk


@pytest.fixture(params=["system", "threads", "memory", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    """Each kind of disk in turn."""
    if request.param == "simulated":
        return SimulatedDisk(tmp_path / "life", Random(1))
    if request.param == "memory":
        return MemoryDisk()
    return SystemDisk(sync_without_threads=request.param == "system")


@pytest.fixture
def directory(disk: Disk, tmp_path: Path) -> str:
    """A directory on it, made twice."""
    path = str(tmp_path / "a" / "b")
    disk.make_directories(path)
    disk.make_directories(path)
    return path
