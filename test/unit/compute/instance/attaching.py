"""What tests of servers' volumes do again and again."""

from __future__ import annotations

from typing import Any

from test.unit.compute.instance.house import Got, House

BDM = "block_device_mapping_v2"
OTHER_SERVER = "00000000-0000-4000-8000-000000000001"


def path_of(server_id: str, volume_id: str = "") -> str:
    path = f"/servers/{server_id}/os-volume_attachments"
    return f"{path}/{volume_id}" if volume_id else path


def attach(house: House, server_id: str, volume_id: str, **more: Any) -> Got:
    body = {"volumeAttachment": {"volumeId": volume_id, **more}}
    version = more.pop("version", "2.96")
    return house.ask("POST", path_of(server_id), body, version=version)


def volumes_in_guest(house: House, server_id: str) -> dict[str, str]:
    """Name -> volume, as the hypervisor has it."""
    for kit in house.kits.values():
        found = kit.hypervisor.disk_serials(server_id)
        if found:
            return {name: serial for name, serial in found.items() if serial}
    return {}


def boot_from(house: House, *devices: dict[str, Any], **more: Any) -> str:
    order = house.order("rooted", **{BDM: list(devices)}, **more)
    if "imageRef" not in more:
        del order["imageRef"]
    made = house.ok("POST", "/servers", {"server": order})
    house.work()
    return str(made["server"]["id"])


def refusal(house: House, *devices: dict[str, Any], **more: Any) -> str:
    order = house.order("rooted", **{BDM: list(devices)}, **more)
    got = house.ask("POST", "/servers", {"server": order})
    assert got.status == 400, got.body
    return str(got.json["badRequest"]["message"])
