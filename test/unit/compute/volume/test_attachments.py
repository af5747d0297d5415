"""Who has a volume: attachments, the older actions, and the client of other rooms."""

from __future__ import annotations

import pytest

from compute.volume.client import Connector, NewVolume
from compute.volume.drivers.port import VOLUME
from objectstore.kernel.errors import Rejected
from test.fakes.tokens import fake_token
from test.unit.compute.volume.house import OTHER, OWNER, House

SERVER = "33333333-3333-4333-8333-333333333333"
ANOTHER = "44444444-4444-4444-8444-444444444444"
HERE = Connector(
    host="here", address="127.0.0.1", instance=SERVER, mountpoint="/dev/vdb"
)
THERE = Connector(host="there")


def test_the_life_of_an_attachment(house: House) -> None:
    volume_id, client = house.create(), house.client
    token = fake_token(OWNER, "member")
    attachment = client.create_attachment(volume_id, SERVER, token)
    assert (attachment.status, attachment.connection) == ("reserved", None)
    assert house.status(volume_id) == "reserved"
    found = client.update_attachment(attachment.id, HERE)
    assert found.status == "attaching" and found.connection is not None
    assert found.connection.volume_id == volume_id
    assert found.connection.serial == volume_id
    assert client.update_attachment(attachment.id, HERE) == found
    assert house.status(volume_id) == "attaching"
    for _ in range(2):
        client.complete_attachment(attachment.id)
    volume = client.get(volume_id)
    assert volume.status == "in-use"
    (had,) = volume.attachments
    assert (had.server_id, had.device, had.host_name) == (SERVER, "/dev/vdb", "here")
    assert client.get_attachment(attachment.id).status == "attached"
    # The same host may ask again: its guest starts anew.
    assert client.update_attachment(attachment.id, HERE).connection == found.connection
    # Its guest has moved: the house may take the connection along, users may not.
    update = {"attachment": {"connector": {"host": "elsewhere"}}}
    assert house.ask("PUT", f"/attachments/{attachment.id}", update).status == 400
    moved = client.update_attachment(attachment.id, THERE)
    assert moved.connection is not None and moved.status == "attached"
    assert house.status(volume_id) == "in-use"
    assert list(house.driver.exported()) == [(volume_id, attachment.id)]
    assert client.delete_attachment(attachment.id)
    assert not client.delete_attachment(attachment.id)
    assert client.get(volume_id).is_available
    assert list(house.driver.exported()) == [] and house.leftovers() == []


def test_how_to_reach_the_bytes_is_no_tenants_business(house: House) -> None:
    volume_id = house.create()
    made = house.client.create_attachment(volume_id, SERVER, connector=HERE)
    path = f"/attachments/{made.id}"
    shown = house.ok("GET", path)["attachment"]
    assert shown["connection_info"] == {} and shown["instance"] == SERVER
    assert house.ok("GET", path, roles="service")["attachment"]["connection_info"]
    listed = house.ok("GET", "/attachments/detail")["attachments"]
    assert "connection_info" not in listed[0]
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("DELETE", path, project=OTHER).status == 404
    assert house.ask("GET", path, version="3.26").status == 404
    got = house.act(volume_id, "os-initialize_connection", {"connector": {"host": "x"}})
    assert got.status == 403


def test_one_server_at_a_time(house: House) -> None:
    volume_id, client = house.create(), house.client
    first = client.create_attachment(volume_id, SERVER)
    with pytest.raises(Rejected) as refused:
        client.create_attachment(volume_id, ANOTHER)
    assert refused.value.status == 400
    client.update_attachment(first.id, HERE)
    client.complete_attachment(first.id)
    # The server moves: its volume is on two hosts for a while.
    second = client.create_attachment(volume_id, SERVER, connector=THERE)
    assert len(list(house.driver.exported())) == 2
    client.complete_attachment(second.id)
    client.delete_attachment(first.id)
    assert house.status(volume_id) == "in-use"
    client.delete_attachment(second.id)
    assert house.status(volume_id) == "available"
    assert house.ask("DELETE", f"/volumes/{volume_id}").status == 202


def test_an_attached_volume_cannot_go(house: House) -> None:
    volume_id, client = house.create(), house.client
    attachment = client.create_attachment(volume_id, SERVER, connector=HERE)
    client.complete_attachment(attachment.id)
    with pytest.raises(Rejected):
        client.delete(volume_id)
    got = house.act(volume_id, "os-extend", {"new_size": 2}, version="3.41")
    assert got.status == 400
    client.extend(volume_id, 2)
    house.work()
    assert (client.get(volume_id).size_gib, house.status(volume_id)) == (2, "in-use")
    body = {"snapshot": {"volume_id": volume_id}}
    assert house.ask("POST", "/snapshots", body, version="3.65").status == 400
    body["snapshot"]["force"] = True  # type: ignore[assignment]
    assert house.ask("POST", "/snapshots", body, version="3.65").status == 202
    house.work()
    body = {"snapshot": {"volume_id": volume_id}}
    assert house.ask("POST", "/snapshots", body).status == 202
    house.work()


def test_read_only(house: House) -> None:
    volume_id, client = house.create(), house.client
    made = client.create_attachment(volume_id, SERVER, access="ro", connector=HERE)
    assert made.connection is not None and made.connection.is_read_only
    client.delete_attachment(made.id)
    house.act(volume_id, "os-update_readonly_flag", {"readonly": True})
    made = client.create_attachment(volume_id, SERVER, connector=HERE)
    assert made.connection is not None and made.connection.is_read_only


def test_the_older_way(house: House) -> None:
    volume_id, client = house.create(), house.client

    def act(name: str, value: object = None) -> int:
        return house.act(volume_id, name, value or {}).status

    def connection() -> object:
        value = {"connector": HERE.document()}
        name = "os-initialize_connection"
        got = house.act(volume_id, name, value, roles="admin")
        assert got.status == 200, got
        return got.json["connection_info"]

    assert act("os-reserve") == 202
    assert house.status(volume_id) == "attaching"
    assert act("os-reserve") == 400
    assert act("os-unreserve") == act("os-unreserve") == 202
    assert house.status(volume_id) == "available"
    act("os-reserve")
    assert connection() == connection()
    attach = {"instance_uuid": SERVER, "mountpoint": "/dev/vdb"}
    assert act("os-attach", attach) == 202
    volume = client.get(volume_id)
    assert volume.status == "in-use" and volume.attachments[0].server_id == SERVER
    assert act("os-begin_detaching") == 202
    assert house.status(volume_id) == "detaching"
    assert act("os-roll_detaching") == act("os-begin_detaching") == 202
    connector = {"connector": HERE.document()}
    name = "os-terminate_connection"
    assert house.act(volume_id, name, connector, roles="admin").status == 202
    assert list(house.driver.exported()) == []
    assert act("os-detach") == 202
    assert client.get(volume_id).is_available
    assert act("os-detach") == 202  # nobody has it: that is what was asked for


def test_an_administrator_detaches_what_is_not_connected(house: House) -> None:
    volume_id = house.create()
    attach = {"instance_uuid": SERVER, "mountpoint": "/dev/vdb"}
    assert house.act(volume_id, "os-attach", attach).status == 202
    (attached,) = house.volume(volume_id)["attachments"]
    broken = {"status": "error"}
    house.act(volume_id, "os-reset_status", broken, roles="admin")
    asked = {"attachment_id": attached["attachment_id"], "connector": None}
    name = "os-force_detach"
    assert house.act(volume_id, name, asked).status == 403
    lost = {"attachment_id": ANOTHER}
    assert house.act(volume_id, name, lost, roles="admin").status == 404
    assert house.act(volume_id, name, asked, roles="admin").status == 202
    assert house.status(volume_id) == "available"
    assert house.volume(volume_id)["attachments"] == []
    # A host that is connected would go on to write: the server has to let go.
    house.client.create_attachment(volume_id, SERVER, connector=HERE)
    got = house.act(volume_id, name, {}, roles="admin")
    assert got.status == 409 and SERVER in got.message
    assert len(list(house.driver.exported())) == 1


def test_exports_follow_the_rows(house: House) -> None:
    volume_id, client = house.create(), house.client
    made = client.create_attachment(volume_id, SERVER, connector=HERE)
    house.driver.withdraw(volume_id, made.id)  # the machine has started anew
    from compute.volume.drivers.port import ExportAsked

    house.driver.export(ExportAsked(ANOTHER, volume_id, THERE, "rw"))
    assert house.leftovers() == [f"export {volume_id}/{ANOTHER}"]
    house.upkeep()
    assert list(house.driver.exported()) == [(volume_id, made.id)]


def test_a_failed_export_gives_the_volume_back(house: House) -> None:
    volume_id = house.create()
    house.driver.delete(VOLUME + volume_id)
    body = {
        "attachment": {
            "volume_uuid": volume_id,
            "instance_uuid": SERVER,
            "connector": {"host": "here"},
        }
    }
    assert house.ask("POST", "/attachments", body, roles="admin").status == 404
    assert house.status(volume_id) == "available"
    assert house.ask("POST", "/attachments", {"attachment": {}}).status == 400
    del body["attachment"]["connector"]
    made = house.ok("POST", "/attachments", body)["attachment"]
    update = {"attachment": {"connector": {"ip": "127.0.0.1"}}}
    assert house.ask("PUT", f"/attachments/{made['id']}", update).status == 400


def test_the_client_creates_and_lists(house: House) -> None:
    client = house.client
    image_id = house.image_house.active(b"image")
    made = client.create(
        NewVolume(1, "root", image_id=image_id, project_id=OWNER, user_id="u9")
    )
    assert (made.project_id, made.user_id, made.status) == (OWNER, "u9", "creating")
    house.work()
    volume = client.get(made.id, fake_token(OWNER, "reader"))
    assert volume.is_available and volume.bootable and not volume.has_failed
    assert volume.image_properties["image_id"] == image_id
    assert [each.id for each in client.list({"all_tenants": "1"})] == [made.id]
    snapshot = client.create_snapshot(made.id, "s", metadata={"a": "b"})
    house.work()
    snapshot = client.get_snapshot(snapshot.id)
    assert (snapshot.status, snapshot.metadata) == ("available", {"a": "b"})
    attachment = client.create_attachment(made.id, SERVER)
    listed = [each.id for each in client.list_attachments(server_id=SERVER)]
    assert listed == [attachment.id]
    client.delete_attachment(attachment.id)
    assert client.delete_snapshot(snapshot.id)
    house.work()
    assert client.delete(made.id, cascade=True)
    house.work()
    assert not client.delete(made.id)
    with pytest.raises(Rejected) as refused:
        client.get(made.id)
    assert refused.value.status == 404
