"""Devices that come and go under a serving process."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from objectstore.app.device_watch import DeviceWatch, mark_path
from objectstore.app.devices import LocalDevices
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk


class Devices:
    """Opens real device directories, and nothing in them."""

    def __init__(self, directory: Path) -> None:
        self.opened: dict[str, Device] = {}
        self.unserved: dict[str, str] = {}
        self._directory = directory

    def open_one(self, name: str) -> bool:
        self.opened[name] = Device.open(SystemDisk(), str(self._directory / name))
        self.unserved.pop(name, None)
        return True

    def close_one(self, name: str, why: str) -> None:
        self.opened.pop(name).close()
        self.unserved[name] = why


class Bench:
    def __init__(self, directory: Path) -> None:
        self.place = directory / "devices"
        self.run = directory / "run"
        self.devices = Devices(self.place)
        self.changes = 0
        self.watch = DeviceWatch(
            cast(LocalDevices, self.devices),
            SystemDisk(),
            lambda: ["d1", "d2"],
            self.place,
            self.run,
            self._changed,
            mount_check=False,
        )
        self.watch.step()

    def _changed(self) -> None:
        self.changes += 1

    def served(self) -> list[str]:
        self.watch.step()
        return sorted(self.devices.opened)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_all_is_quiet(bench: Bench) -> None:
    assert bench.served() == ["d1", "d2"]
    assert bench.changes == 1


def test_a_directory_that_went_away_is_left_alone(bench: Bench) -> None:
    (bench.place / "d2").rename(bench.place / "aside")
    for _ in range(3):
        assert bench.served() == ["d1"]
        assert not (bench.place / "d2").exists()
    assert bench.devices.unserved["d2"].endswith("d2: is gone")
    (bench.place / "aside").rename(bench.place / "d2")
    assert bench.served() == ["d1", "d2"]
    assert bench.devices.unserved == {}


def test_an_empty_directory_instead_is_a_new_device(bench: Bench) -> None:
    old = bench.devices.opened["d2"].identity
    (bench.place / "d2").rename(bench.place / "aside")
    (bench.place / "d2").mkdir()
    assert bench.served() == ["d1"]
    assert "another device" in bench.devices.unserved["d2"]
    assert bench.served() == ["d1", "d2"]
    assert bench.devices.opened["d2"].identity != old
    assert bench.served() == ["d1", "d2"]


def test_a_marked_device_is_not_served(bench: Bench) -> None:
    mark = mark_path(bench.run, "d1")
    mark.parent.mkdir(parents=True)
    mark.write_text("smells of smoke", "utf-8")
    assert bench.served() == ["d2"]
    assert bench.devices.unserved["d1"] == "marked: smells of smoke"
    mark.unlink()
    assert bench.served() == ["d1", "d2"]
