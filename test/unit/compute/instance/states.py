"""Servers brought into each state by real actions, and every action as a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from test.unit.compute.instance.house import Got, House

UNLIMITED = {
    "quota_instances": -1,
    "quota_cores": -1,
    "quota_ram": -1,
}


def acted(*steps: tuple[str, Any]) -> Callable[[House], str]:
    def bring(house: House) -> str:
        server_id = house.boot()
        for name, value in steps:
            got = house.act(server_id, name, value, roles="admin")
            assert got.status < 300, (name, got.body)
            house.work()
        return server_id

    return bring


def building(house: House) -> str:
    return house.boot(work=False)


def shelved(house: House) -> str:
    """Between the two halves of shelving: as when the second could not be done."""
    server_id = house.boot()
    house.act(server_id, "os-stop")
    house.work()

    def write(connection: Any) -> None:
        servers = house.wiring.stores.servers
        server = servers.get(connection, server_id)
        assert server is not None
        servers.update(connection, server, house.clock.time(), vm_state="shelved")

    house.database.run(write)
    return server_id


def soft_deleted(house: House) -> str:
    server_id = house.boot()
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    return server_id


STATES: dict[str, Callable[[House], str]] = {
    "building": building,
    "active": acted(),
    "paused": acted(("pause", None)),
    "suspended": acted(("suspend", None)),
    "stopped": acted(("os-stop", None)),
    "rescued": acted(("rescue", {})),
    "resized": acted(("resize", {"flavorRef": "large"})),
    "shelved": shelved,
    "shelved_offloaded": acted(("shelve", None)),
    "error": acted(("os-resetState", {"state": "error"})),
    "soft-delete": soft_deleted,
}


def requests(house: House) -> dict[str, Callable[[str], Got]]:
    """Every row of the state table as somebody asks for it (administrators, so that
    locks and policy say nothing here)."""

    def action(name: str, value: Any = None) -> Callable[[str], Got]:
        return lambda server_id: house.act(server_id, name, value, roles="admin")

    def attach(server_id: str) -> Got:
        body = {"interfaceAttachment": {"net_id": house.network_id}}
        path = f"/servers/{server_id}/os-interface"
        return house.ask("POST", path, body, roles="admin")

    def detach(server_id: str) -> Got:
        path = f"/servers/{server_id}/os-interface"
        found = house.ok("GET", path, roles="admin")["interfaceAttachments"]
        if not found:
            return Got(409, {}, b"")  # nothing to take out
        return house.ask("DELETE", f"{path}/{found[0]['port_id']}", roles="admin")

    return {
        "start": action("os-start"),
        "stop": action("os-stop"),
        "reboot": action("reboot", {"type": "SOFT"}),
        "reboot_hard": action("reboot", {"type": "HARD"}),
        "pause": action("pause"),
        "unpause": action("unpause"),
        "suspend": action("suspend"),
        "resume": action("resume"),
        "rebuild": action("rebuild", {"imageRef": house.image_id}),
        "resize": action("resize", {"flavorRef": "large"}),
        "confirm_resize": action("confirmResize"),
        "revert_resize": action("revertResize"),
        "shelve": action("shelve"),
        "shelve_offload": action("shelveOffload"),
        "unshelve": action("unshelve"),
        "rescue": action("rescue", {}),
        "unrescue": action("unrescue"),
        "create_image": action("createImage", {"name": "copy"}),
        "attach_interface": attach,
        "detach_interface": detach,
        "restore": action("restore"),
        "lock": action("lock"),
        "unlock": action("unlock"),
        "reset_state": action("os-resetState", {"state": "active"}),
        "delete": lambda server_id: house.ask(
            "DELETE", f"/servers/{server_id}", roles="admin"
        ),
        "force_delete": action("forceDelete"),
    }


def is_stable(house: House, server_id: str) -> bool:
    server = house.instances.server(server_id)
    if server.deleted:
        return True
    return server.task_state == "" and server.vm_state != "building"
