"""What the index says of itself, after a bit of it has changed: SQLite sees nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.store import ObjectStore
from test.unit.object.bench import key_of, put_state

NAMES = tuple(f"o{number}" for number in range(20))


class Files:
    """A store on a real disk, closed."""

    def __init__(self, directory: Path) -> None:
        self.directory = str(directory)
        device, store = self.open()
        for name in NAMES:
            state = put_state(name, 10, b"kept")
            LocalObjectNode(store).put(key_of(name), state, b"kept").wait(10)
        store.close()
        device.close()

    def open(self) -> tuple[Device, ObjectStore]:
        device = Device.open(SystemDisk(), self.directory)
        return device, ObjectStore.open(device, 0, SystemClock())

    def sql(self, text: str, *values: Any) -> list[Any]:
        path = Path(self.directory) / "objects" / "index.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(text, values).fetchall()

    def check(self) -> None:
        """All is there, and the index says so."""
        device, store = self.open()
        found = {key for key, _ in store.index.ranges.rows()}
        assert found == {key_of(name) for name in NAMES}
        assert verify(store).problems == []
        store.close()
        device.close()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize("name", ["applied", "digests", "crc"])
def test_a_bit_flips(files: Files, name: str) -> None:
    ((kept,),) = files.sql("SELECT value FROM facts WHERE name = ?", name)
    changed = bytes([*kept[:-1], kept[-1] ^ 1])
    files.sql("UPDATE facts SET value = ? WHERE name = ?", changed, name)
    files.check()


@pytest.mark.parametrize("name", ["applied", "digests", "crc"])
def test_one_is_lost_or_was_never_there(files: Files, name: str) -> None:
    files.sql("DELETE FROM facts WHERE name = ?", name)
    files.check()


@pytest.mark.parametrize("value", [b"", b"\xc1", b"\x93\x01"])
def test_a_kept_value_is_none(files: Files, value: bytes) -> None:
    files.sql("UPDATE segments SET value = ?", value)
    files.check()


def test_a_name_that_is_no_text_any_more(files: Files) -> None:
    files.sql("UPDATE facts SET name = CAST(x'ff' AS TEXT) WHERE name = 'applied'")
    files.check()
