"""A volume with bytes of its own that moves between two hosts of a test."""

from __future__ import annotations

from typing import Any

from compute.volume.drivers.port import VOLUME
from test.unit.compute.volume.house import GIB, House

THERE, POOL = "there", "there@files#files"
MARKS = {0: b"first", 4 * 2**20 - 2: b"across", GIB - 4: b"last"}


def written(house: House) -> str:
    volume_id = house.create(name="moves")
    for offset, mark in MARKS.items():
        house.write(volume_id, offset, mark)
    return volume_id


def migrate(house: House, volume_id: str, host: str = POOL, **more: Any) -> Any:
    body = {"host": host, "force_host_copy": False, "lock_volume": False, **more}
    return house.act(volume_id, "os-migrate_volume", body, roles="admin")


def place(house: House, volume_id: str) -> tuple[str, str | None, str]:
    shown = house.volume(volume_id)
    host = str(shown["os-vol-host-attr:host"]).partition("@")[0]
    return host, shown["migration_status"], shown["status"]


def is_whole(driver: Any, volume_id: str) -> bool:
    disk = VOLUME + volume_id
    read = [driver.read(disk, at, len(mark)) for at, mark in MARKS.items()]
    return driver.size(disk) == GIB and read == list(MARKS.values())
