"""Servers brought into each state by real actions, and every action as a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from compute.agent.guests import DiskSpec, GuestState, NbdSource
from compute.instance.block_devices import BlockDevice
from compute.volume.client import Connector
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, Got, House
from test.unit.compute.instance.second_volume_host import POOL

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


def with_volume_row(house: House, server_id: str) -> str:
    """Let the server have a volume, whatever its state; the volume's id."""
    volume_id = house.volume_service.add()
    attachment = house.volumes.create_attachment(volume_id, server_id)
    house.volumes.update_attachment(attachment.id, Connector(host="host0"))
    device = BlockDevice(
        id=attachment.id,
        source="volume",
        destination="volume",
        volume_id=volume_id,
        attachment_id=attachment.id,
        size=1,
        device="/dev/vdx",
    )
    for kit in house.kits.values():
        if kit.hypervisor.state(server_id) is not GuestState.ABSENT:
            source = NbdSource("/sim", volume_id, "raw")
            disk = DiskSpec("vdx", source, serial=volume_id)
            kit.hypervisor.attach_disk(server_id, disk)

    def write(connection: Any) -> None:
        servers = house.wiring.stores.servers
        server = servers.get(connection, server_id)
        assert server is not None
        servers.update(
            connection,
            server,
            house.clock.time(),
            block_devices=[*server.block_devices, device.to_json()],
        )

    house.database.run(write)
    return volume_id


def with_a_volume(house: House) -> str:
    server_id = house.boot()
    volume_id = house.volume_service.add()
    body = {"volumeAttachment": {"volumeId": volume_id}}
    house.ok("POST", f"/servers/{server_id}/os-volume_attachments", body)
    house.work()
    return server_id


# Not a vm_state each, but something that jobs begin with.
MORE_STATES: dict[str, Callable[[House], str]] = {"with a volume": with_a_volume}


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

    def evacuate(server_id: str) -> Got:
        """From a host that somebody says is down."""
        host = house.instances.server(server_id).host
        force_down(house, host, forced=True)
        try:
            return house.act(server_id, "evacuate", {}, roles="admin", version="2.94")
        finally:
            force_down(house, host, forced=False)

    def volumes_of(server_id: str) -> list[str]:
        path = f"/servers/{server_id}/os-volume_attachments"
        found = house.ok("GET", path, roles="admin")["volumeAttachments"]
        return [each["volumeId"] for each in found]

    def attach_volume(server_id: str) -> Got:
        body = {"volumeAttachment": {"volumeId": house.volume_service.add()}}
        path = f"/servers/{server_id}/os-volume_attachments"
        return house.ask("POST", path, body, roles="admin")

    def to_volume(method: str, body: Any = None) -> Callable[[str], Got]:
        def ask(server_id: str) -> Got:
            found = volumes_of(server_id)
            if not found:
                found = [with_volume_row(house, server_id)]
            path = f"/servers/{server_id}/os-volume_attachments/{found[0]}"
            return house.ask(method, path, body and body(), roles="admin")

        return ask

    def other_volume() -> Any:
        return {"volumeAttachment": {"volumeId": house.volume_service.add()}}

    def extend_volume(server_id: str) -> Got:
        found = volumes_of(server_id) or [with_volume_row(house, server_id)]
        event = {
            "name": "volume-extended",
            "server_uuid": server_id,
            "tag": found[0],
        }
        path = "/os-server-external-events"
        got = house.ask("POST", path, {"events": [event]}, roles="admin")
        if got.status == 207 and got.json["events"][0]["code"] == 422:
            return Got(409, {}, got.body)  # the same in the words of events
        return got

    def limit_volume(server_id: str) -> Got:
        found = volumes_of(server_id) or [with_volume_row(house, server_id)]
        path = f"/internal/servers/{server_id}/volumes/{found[0]}/limits"
        return house.ask("POST", path, {}, roles="service")

    def move_volume(server_id: str) -> Got:
        """As the volume room asks, whose migration is under way then."""
        (volume_id, *_) = volumes_of(server_id) or [with_volume_row(house, server_id)]
        found = house.volume_service.attachments.values()
        (attachment,) = [each for each in found if each.volume_id == volume_id]
        house.volumes.complete_attachment(attachment.id)
        second = house.volume_service.second_host()
        body = {"os-migrate_volume": {"host": POOL}}
        headers = {
            "X-Auth-Token": fake_token(OWNER, "admin"),
            "OpenStack-API-Version": "volume 3.71",
            "Content-Type": "application/json",
        }
        answer = house.volume_service.request(
            "POST", f"/v3/volumes/{volume_id}/action", headers, orjson.dumps(body)
        )
        second.step()
        # What a guest cannot do is the volume's state there.
        status = 409 if answer.status == 400 else answer.status
        return Got(status, answer.headers, answer.read())

    return {
        "move_volume": move_volume,
        "attach_volume": attach_volume,
        "detach_volume": to_volume("DELETE"),
        "swap_volume": to_volume("PUT", other_volume),
        "extend_volume": extend_volume,
        "limit_volume": limit_volume,
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
        "migrate": action("migrate"),
        "live_migrate": action(
            "os-migrateLive", {"host": None, "block_migration": "auto"}
        ),
        "evacuate": evacuate,
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
        "change_user_data": lambda server_id: house.ask(
            "PUT",
            f"/servers/{server_id}/user-data",
            {"user_data": "aGVsbG8="},
            roles="admin",
        ),
        "lock": action("lock"),
        "unlock": action("unlock"),
        "reset_state": action("os-resetState", {"state": "active"}),
        "delete": lambda server_id: house.ask(
            "DELETE", f"/servers/{server_id}", roles="admin"
        ),
        "force_delete": action("forceDelete"),
    }


def force_down(house: House, host: str, *, forced: bool) -> None:
    """An administrator says that the host is down, or is not."""
    body = {"host": host, "binary": "nova-compute", "forced_down": forced}
    house.ask("PUT", "/os-services/force-down", body, roles="admin", version="2.52")


def is_stable(house: House, server_id: str) -> bool:
    server = house.instances.server(server_id)
    if server.deleted:
        return True
    return server.task_state == "" and server.vm_state != "building"
