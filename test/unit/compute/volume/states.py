"""Volumes brought into each status by real requests, and every action as a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.volume.client import Connector
from compute.volume.model import STABLE
from test.unit.compute.volume.house import OTHER, Got, House

SERVER = "33333333-3333-4333-8333-333333333333"
UNLIMITED = {
    "quota_volumes": -1,
    "quota_snapshots": -1,
    "quota_gigabytes": -1,
    "quota_backups": -1,
    "quota_backup_gigabytes": -1,
}
CONNECTOR = Connector("here")


def reset(status: str) -> Callable[[House], str]:
    """As an administrator sets it, or a job that is under way."""

    def bring(house: House) -> str:
        volume_id = house.create()
        house.act(volume_id, "os-reset_status", {"status": status}, roles="admin")
        return volume_id

    return bring


def reserved(house: House) -> str:
    volume_id = house.create()
    house.client.create_attachment(volume_id, SERVER)
    return volume_id


def attaching(house: House) -> str:
    volume_id = house.create()
    house.client.create_attachment(volume_id, SERVER, connector=CONNECTOR)
    return volume_id


def in_use(house: House) -> str:
    volume_id = house.create()
    made = house.client.create_attachment(volume_id, SERVER, connector=CONNECTOR)
    house.client.complete_attachment(made.id)
    return volume_id


def detaching(house: House) -> str:
    volume_id = in_use(house)
    assert house.act(volume_id, "os-begin_detaching", {}).status == 202
    return volume_id


def offered(house: House) -> str:
    volume_id = house.create()
    body = {"transfer": {"volume_id": volume_id}}
    house.ok("POST", "/volume-transfers", body)
    return volume_id


STATES: dict[str, Callable[[House], str]] = {
    "available": lambda house: house.create(),
    "creating": lambda house: house.order(),
    "reserved": reserved,
    "attaching": attaching,
    "in-use": in_use,
    "detaching": detaching,
    "awaiting-transfer": offered,
    "maintenance": reset("maintenance"),
    "error": reset("error"),
    "error_deleting": reset("error_deleting"),
    "error_extending": reset("error_extending"),
    "error_restoring": reset("error_restoring"),
    "deleting": lambda house: _ordered(house, "DELETE", "/volumes/{}"),
    "extending": lambda house: _acted(house, "os-extend", {"new_size": 2}),
    "backing-up": lambda house: _posted(house, "/backups", "backup"),
    "uploading": lambda house: _acted(
        house, "os-volume_upload_image", {"image_name": "i"}
    ),
}


def _ordered(house: House, method: str, path: str) -> str:
    volume_id = house.create()
    house.ok(method, path.format(volume_id))
    return volume_id


def _acted(house: House, name: str, value: Any) -> str:
    volume_id = house.create()
    assert house.act(volume_id, name, value).status == 202
    return volume_id


def _posted(house: House, path: str, wrapper: str) -> str:
    volume_id = house.create()
    house.ok("POST", path, {wrapper: {"volume_id": volume_id}})
    return volume_id


def requests(house: House, backup_id: str) -> dict[str, Callable[[str], Got]]:
    """Every row of the table as somebody asks for it (administrators: policy says
    nothing here)."""

    def action(name: str, value: Any = None) -> Callable[[str], Got]:
        return lambda key: house.act(key, name, value, roles="admin")

    def ask(method: str, path: str, body: Any = None) -> Callable[[str], Got]:
        return lambda key: house.ask(method, path.format(key), body, roles="admin")

    def post(
        path: str, wrapper: str, key_name: str, **more: Any
    ) -> Callable[[str], Got]:
        return lambda key: house.ask(
            "POST", path, {wrapper: {key_name: key, **more}}, roles="admin"
        )

    def restore(key: str) -> Got:
        body = {"restore": {"volume_id": key}}
        return house.ask("POST", f"/backups/{backup_id}/restore", body, roles="admin")

    def transfer(method: str) -> Callable[[str], Got]:
        def act(key: str) -> Got:
            query = f"/volume-transfers/detail?volume_id={key}"
            found = house.ok("GET", query, roles="admin")["transfers"]
            if not found:
                return Got(400, {}, b"")
            path = f"/volume-transfers/{found[0]['id']}"
            if method == "DELETE":
                return house.ask("DELETE", path, roles="admin")
            body = {"accept": {"auth_key": "x"}}
            return house.ask("POST", f"{path}/accept", body, project=OTHER)

        return act

    def attachment(what: str) -> Callable[[str], Got]:
        def act(key: str) -> Got:
            query = f"/attachments?volume_id={key}"
            found = house.ok("GET", query, roles="admin")["attachments"]
            if not found:
                return Got(400, {}, b"")
            path = f"/attachments/{found[0]['id']}"
            if what == "complete":
                body = {"os-complete": {}}
                return house.ask("POST", f"{path}/action", body, roles="admin")
            if what == "delete":
                return house.ask("DELETE", path, roles="admin")
            body = {"attachment": {"connector": {"host": "here"}}}
            return house.ask("PUT", path, body, roles="admin")

        return act

    connector = {"connector": {"host": "here"}}
    image = {"image_id": house.image_house.active(b"another")}
    return {
        "reimage": action("os-reimage", image),
        "unmanage": action("os-unmanage"),
        "update": ask("PUT", "/volumes/{}", {"volume": {"name": "n"}}),
        "set_bootable": action("os-set_bootable", {"bootable": True}),
        "set_readonly": action("os-update_readonly_flag", {"readonly": False}),
        "delete": ask("DELETE", "/volumes/{}"),
        "force_delete": action("os-force_delete"),
        "extend_attached": action("os-extend", {"new_size": 2}),
        "retype": action("os-retype", {"new_type": "other"}),
        "reset_status": action("os-reset_status", {"status": "error"}),
        "upload": action("os-volume_upload_image", {"image_name": "i"}),
        "upload_forced": action(
            "os-volume_upload_image", {"image_name": "i", "force": True}
        ),
        "create_snapshot_forced": post("/snapshots", "snapshot", "volume_id"),
        "clone": post("/volumes", "volume", "source_volid"),
        "create_backup": post("/backups", "backup", "volume_id"),
        "create_backup_forced": post("/backups", "backup", "volume_id", force=True),
        "restore_backup": restore,
        "create_transfer": post("/volume-transfers", "transfer", "volume_id"),
        "delete_transfer": transfer("DELETE"),
        "reserve_attachment": post(
            "/attachments", "attachment", "volume_uuid", instance_uuid=SERVER
        ),
        "connect": attachment("connect"),
        "complete": attachment("complete"),
        "delete_attachment": attachment("delete"),
        "reserve": action("os-reserve"),
        "unreserve": action("os-unreserve"),
        "initialize": action("os-initialize_connection", connector),
        "attach": action(
            "os-attach", {"instance_uuid": SERVER, "mountpoint": "/dev/vdb"}
        ),
        "begin_detaching": action("os-begin_detaching"),
        "roll_detaching": action("os-roll_detaching"),
        "terminate": action("os-terminate_connection", connector),
        "detach": action("os-detach", {}),
        "force_detach": action("os-force_detach", {}),
    }


# Nothing happens where they are not legal, as Cinder does it.
QUIET = {"unreserve", "roll_detaching"}
# They depend on the attachments, or on more than the status.
BY_ATTACHMENTS = {
    "reserve_attachment",
    "connect",
    "complete",
    "delete_attachment",
    "delete_transfer",
    "delete",
    "attach",
    "terminate",
    "initialize",
    "force_delete",
    "force_detach",
}


def is_stable(house: House, volume_id: str) -> bool:
    status = house.status(volume_id)
    return status == "" or status in STABLE


def clear(house: House, volume_id: str) -> None:
    """Remove it, whatever it is in."""
    query = f"/attachments?volume_id={volume_id}&all_tenants=1"
    for each in house.ok("GET", query, roles="admin")["attachments"]:
        house.ok("DELETE", f"/attachments/{each['id']}", roles="admin")
    house.work()
    if house.status(volume_id):
        for each in house.ok("GET", "/snapshots", roles="admin")["snapshots"]:
            path = f"/snapshots/{each['id']}/action"
            house.ok("POST", path, {"os-force_delete": {}}, roles="admin")
        house.work()
        status = {"status": "error"}
        house.act(volume_id, "os-reset_status", status, roles="admin")
        got = house.act(volume_id, "os-force_delete", roles="admin")
        assert got.status == 202, got
        house.work()
    assert house.status(volume_id) == ""
