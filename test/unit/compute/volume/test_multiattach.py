"""Volumes that several servers have at once."""

from __future__ import annotations

import pytest

from compute.volume.client import READ_ONLY, READ_WRITE, Connector
from compute.volume.model import SHARED_ATTACHMENTS_MAX
from objectstore.kernel.errors import Rejected
from test.unit.compute.volume.house import OTHER, OWNER, House
from test.unit.compute.volume.test_types import admin, make_type

SERVERS = [f"{number:08x}-3333-4333-8333-333333333333" for number in range(20)]
SPECS = {"multiattach": "<is> True"}
RULE = "volume:multiattach"
BOOTABLE_RULE = "volume:multiattach_bootable_volume"


def shared(house: House, **fields: object) -> str:
    """A volume of a type whose volumes servers share; its id."""
    if not any(each["name"] == "shared" for each in types(house)):
        make_type(house, "shared", extra_specs=SPECS)
    return house.create(volume_type="shared", **fields)


def types(house: House) -> list[dict[str, str]]:
    found: list[dict[str, str]] = admin(house, "GET", "/types")["volume_types"]
    return found


def attach(house: House, volume_id: str, server: str, host: str = "here") -> str:
    client = house.client
    made = client.create_attachment(volume_id, server)
    client.update_attachment(made.id, Connector(host=host, instance=server))
    client.complete_attachment(made.id)
    return made.id


def test_servers_share_a_volume(house: House) -> None:
    volume_id = shared(house)
    assert house.volume(volume_id)["multiattach"] is True
    assert house.volume(house.create())["multiattach"] is False
    first = attach(house, volume_id, SERVERS[0])
    # A second one that is only promised does not take the volume from the first.
    client = house.client
    second = client.create_attachment(volume_id, SERVERS[1], access=READ_ONLY)
    assert house.status(volume_id) == "in-use"
    found = client.update_attachment(second.id, Connector(host="here"))
    assert found.connection is not None and found.connection.is_read_only
    assert found.connection.is_shared
    assert house.status(volume_id) == "in-use"
    client.complete_attachment(second.id)
    third = attach(house, volume_id, SERVERS[2], "there")
    had = house.volume(volume_id)["attachments"]
    assert {each["server_id"] for each in had} == set(SERVERS[:3])
    assert {each for _, each in house.driver.exported()} == {first, second.id, third}
    left = client.delete_attachment(first)
    assert left and house.status(volume_id) == "in-use"
    listed = house.ok("GET", f"/attachments?volume_id={volume_id}")["attachments"]
    assert {each["id"] for each in listed} == {second.id, third}
    client.delete_attachment(third)
    assert house.status(volume_id) == "in-use"
    assert house.ask("DELETE", f"/volumes/{volume_id}").status == 400
    client.delete_attachment(second.id)
    assert house.status(volume_id) == "available"
    assert list(house.driver.exported()) == []


def test_a_server_that_moves_has_a_shared_volume_twice(house: House) -> None:
    volume_id = shared(house)
    first = attach(house, volume_id, SERVERS[0])
    attach(house, volume_id, SERVERS[1])
    moved = attach(house, volume_id, SERVERS[0], "there")
    house.client.delete_attachment(first)
    found = house.ok("GET", "/attachments")["attachments"]
    assert len(found) == 2 and moved in {each["id"] for each in found}


def test_there_is_an_end_to_sharing(house: House) -> None:
    volume_id = shared(house)
    for server in SERVERS[:SHARED_ATTACHMENTS_MAX]:
        house.client.create_attachment(volume_id, server)
    with pytest.raises(Rejected) as refused:
        house.client.create_attachment(volume_id, SERVERS[SHARED_ATTACHMENTS_MAX])
    assert refused.value.status == 400 and "share" in refused.value.text


def test_the_older_body_is_refused(house: House) -> None:
    for version in ("3.0", "3.49", "3.50", "3.71"):
        body = {"volume": {"size": 1, "multiattach": True}}
        got = house.ask("POST", "/volumes", body, version=version)
        assert got.status == 400 and "multiattach" in got.message
    house.create(multiattach=False)


def test_the_older_actions_share_too(house: House) -> None:
    volume_id = shared(house)

    def act(name: str, value: object, roles: str = "service") -> int:
        return house.act(volume_id, name, value, roles=roles).status

    for server in SERVERS[:2]:
        assert act("os-reserve", {}) == 202
        place = {"instance_uuid": server, "mountpoint": "/dev/vdb"}
        assert act("os-attach", place) == 202
    first, second = house.volume(volume_id)["attachments"]
    assert {first["server_id"], second["server_id"]} == set(SERVERS[:2])
    assert act("os-detach", {}) == 400, "which one?"
    assert act("os-begin_detaching", {}) == 202
    assert act("os-detach", {"attachment_id": first["attachment_id"]}) == 202
    assert house.status(volume_id) == "in-use"
    assert act("os-detach", {}) == 202
    assert house.status(volume_id) == "available"


def test_retype_while_nobody_has_it(house: House) -> None:
    make_type(house, "shared", extra_specs=SPECS)
    volume_id = house.create()
    attachment = attach(house, volume_id, SERVERS[0])
    into = {"new_type": "shared", "migration_policy": "never"}
    out_of = {"new_type": "__DEFAULT__", "migration_policy": "never"}
    assert house.act(volume_id, "os-retype", into).status == 400
    assert house.volume(volume_id)["multiattach"] is False
    house.client.delete_attachment(attachment)
    assert house.act(volume_id, "os-retype", into).status == 202
    assert house.volume(volume_id)["multiattach"] is True
    attachment = attach(house, volume_id, SERVERS[0])
    assert house.act(volume_id, "os-retype", out_of).status == 400
    house.client.delete_attachment(attachment)
    assert house.act(volume_id, "os-retype", out_of).status == 202
    assert house.volume(volume_id)["multiattach"] is False


def test_a_shared_volume_grows_only_while_nobody_has_it(house: House) -> None:
    volume_id = shared(house)
    attachment = attach(house, volume_id, SERVERS[0])
    assert house.act(volume_id, "os-extend", {"new_size": 2}).status == 400
    house.client.delete_attachment(attachment)
    assert house.act(volume_id, "os-extend", {"new_size": 2}).status == 202
    house.work()
    assert house.volume(volume_id)["size"] == 2


def test_shared_and_encrypted_is_refused(house: House) -> None:
    both = make_type(house, "both", extra_specs=SPECS)
    luks = {"provider": "luks", "control_location": "front-end"}
    admin(house, "POST", f"/types/{both}/encryption", {"encryption": luks})
    got = house.ask("POST", "/volumes", {"volume": {"size": 1, "volume_type": "both"}})
    assert got.status == 400 and "encrypted" in got.message


def test_what_policy_has_to_say(house: House) -> None:
    volume_id = shared(house)
    house.act(volume_id, "os-set_bootable", {"bootable": True})
    house.policy = {BOOTABLE_RULE: "role:admin", RULE: "role:admin"}
    house.start()
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": SERVERS[0]}}
    assert house.ask("POST", "/attachments", body).status == 200
    body["attachment"]["instance_uuid"] = SERVERS[1]
    assert house.ask("POST", "/attachments", body).status == 403
    order = {"volume": {"size": 1, "volume_type": "shared"}}
    assert house.ask("POST", "/volumes", order).status == 403
    assert house.ask("POST", "/volumes", order, roles="admin").status == 202


def test_nobody_shares_with_strangers(house: House) -> None:
    volume_id = shared(house)
    attach(house, volume_id, SERVERS[0])
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": SERVERS[1]}}
    assert house.ask("POST", "/attachments", body, project=OTHER).status == 404
    path = f"/attachments?volume_id={volume_id}"
    assert house.ok("GET", path, project=OTHER)["attachments"] == []
    assert len(house.ok("GET", path, project=OWNER)["attachments"]) == 1
    assert (
        house.ok("GET", "/attachments/detail")["attachments"][0]["attach_mode"]
        == READ_WRITE
    )


def test_who_has_it_is_not_cut_off_while_another_is_to_come(house: House) -> None:
    volume_id = shared(house)
    attachment = attach(house, volume_id, SERVERS[0])
    assert house.act(volume_id, "os-reserve", {}).status == 202
    assert house.status(volume_id) == "attaching"
    forced = house.act(volume_id, "os-force_delete", {}, roles="admin")
    assert forced.status == 400 and "attached" in forced.message
    house.client.delete_attachment(attachment)
    house.act(volume_id, "os-reserve", {})
    assert house.act(volume_id, "os-force_delete", {}, roles="admin").status == 202
