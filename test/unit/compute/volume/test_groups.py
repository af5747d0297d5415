"""Groups of volumes: their types, members, snapshots and copies."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.client import Connector
from compute.volume.drivers.port import SNAPSHOT
from compute.volume.model import GROUP_VOLUMES_MAX
from test.unit.compute.volume.house import OTHER, OWNER, House
from test.unit.compute.volume.states import UNLIMITED
from test.unit.compute.volume.test_encryption import keys_of
from test.unit.compute.volume.test_encryption import make_type as make_encrypted_type

SERVER = "33333333-3333-4333-8333-333333333333"


def make_group_type(house: House, name: str = "kind", **fields: Any) -> str:
    body = {"group_type": {"name": name, **fields}}
    made = house.ok("POST", "/group_types", body, roles="admin")["group_type"]
    return str(made["id"])


def make_group(house: House, *types: str, kind: str = "kind", **fields: Any) -> str:
    if not house.ok("GET", "/group_types")["group_types"]:
        make_group_type(house)
    wanted = list(types) or ["__DEFAULT__"]
    body = {"group": {"group_type": kind, "volume_types": wanted, **fields}}
    return str(house.ok("POST", "/groups", body)["group"]["id"])


def group(house: House, key: str, **more: Any) -> Any:
    got = house.ask("GET", f"/groups/{key}?list_volume=true", **more)
    return None if got.status == 404 else got.json["group"]


def snapshot_of(house: House, key: str) -> str:
    body = {"group_snapshot": {"group_id": key, "name": "moment"}}
    made = house.ok("POST", "/group_snapshots", body)["group_snapshot"]
    return str(made["id"])


def delete(house: House, key: str, **more: Any) -> Any:
    body = {"delete": {"delete-volumes": True}}
    return house.ask("POST", f"/groups/{key}/action", body, **more)


def test_group_types_and_their_specs(house: House) -> None:
    body = {"group_type": {"name": "kind"}}
    assert house.ask("POST", "/group_types", body).status == 403
    assert house.ask("GET", "/group_types", version="3.10").status == 404
    kind = make_group_type(house, group_specs={"a": "b"}, description="d")
    assert house.ask("POST", "/group_types", body, roles="admin").status == 409
    (seen,) = house.ok("GET", "/group_types")["group_types"]
    wanted = {"id": kind, "name": "kind", "description": "d", "is_public": True}
    assert seen == wanted
    path, admin = f"/group_types/{kind}", {"roles": "admin"}
    shown = house.ok("GET", path, **admin)["group_type"]
    assert shown == {**wanted, "group_specs": {"a": "b"}}
    assert house.ask("GET", f"{path}/group_specs").status == 403
    more = {"group_specs": {"c": "d"}}
    assert house.ok("POST", f"{path}/group_specs", more, **admin) == more
    house.ok("PUT", f"{path}/group_specs/c", {"c": "e"}, **admin)
    assert house.ok("GET", f"{path}/group_specs/c", **admin) == {"c": "e"}
    wrong = house.ask("PUT", f"{path}/group_specs/c", {"x": "y"}, **admin)
    assert wrong.status == 400
    house.ok("DELETE", f"{path}/group_specs/a", **admin)
    assert house.ask("GET", f"{path}/group_specs/a", **admin).status == 404
    found = house.ok("GET", f"{path}/group_specs", **admin)["group_specs"]
    assert found == {"c": "e"}
    house.ok("PUT", path, {"group_type": {"name": "other"}}, **admin)
    make_group_type(house, "kind", is_public=False)
    taken = {"group_type": {"name": "kind"}}
    assert house.ask("PUT", path, taken, **admin).status == 409
    assert house.ask("GET", "/group_types/kind").status == 404
    listed = house.ok("GET", "/group_types?sort=name:asc&is_public=None", **admin)
    names = [each["name"] for each in listed["group_types"]]
    assert names == ["kind", "other"]
    make_group(house, kind="other")
    assert house.ask("DELETE", path, **admin).status == 400
    assert house.ask("GET", "/group_types/default").status == 404


def test_a_group_and_its_members(house: House) -> None:
    key = make_group(house, name="g", description="d")
    shown = group(house, key)
    assert (shown["status"], shown["volumes"]) == ("available", [])
    older = group(house, key, version="3.13")
    assert {"source_group_id", "volumes", "project_id"}.isdisjoint(older)
    assert house.ask("GET", f"/groups/{key}", version="3.12").status == 404
    assert group(house, key, project=OTHER) is None
    inside = house.create(group_id=key)
    assert house.volume(inside)["group_id"] == key
    other = house.create()
    path = f"/groups/{key}"
    house.ok("PUT", path, {"group": {"add_volumes": other, "name": "n"}})
    assert group(house, key)["volumes"] == [inside, other]
    assert house.ok("GET", "/groups")["groups"] == [{"id": key, "name": "n"}]
    wrongs: list[dict[str, Any]] = [
        {},
        {"add_volumes": other},
        {"remove_volumes": house.create()},
        {"add_volumes": other, "remove_volumes": other},
        {"add_volumes": house.create(project=OTHER)},
    ]
    for wrong in wrongs:
        assert house.ask("PUT", path, {"group": wrong}).status in (400, 404), wrong
    house.ok("PUT", path, {"group": {"remove_volumes": f"{other},"}})
    assert house.volume(other)["group_id"] is None
    listed = house.ok("GET", f"/volumes?group_id={key}")["volumes"]
    assert [each["id"] for each in listed] == [inside]


def test_what_is_in_a_group_is_not_alone(house: House) -> None:
    key = make_group(house)
    inside = house.create(group_id=key)
    transfer = {"transfer": {"volume_id": inside}}
    house.ok("POST", "/types", {"volume_type": {"name": "x"}}, roles="admin")
    for got in (
        house.ask("DELETE", f"/volumes/{inside}"),
        house.ask("POST", "/volume-transfers", transfer),
        house.act(inside, "os-retype", {"new_type": "x", "migration_policy": "never"}),
        house.act(inside, "os-force_delete", roles="admin"),
        house.ask("POST", f"/groups/{key}/action", {"delete": {}}),
    ):
        assert got.status == 400 and key in got.message
    body = {"volume": {"size": 1, "group_id": key, "volume_type": "x"}}
    assert house.ask("POST", "/volumes", body).status == 400
    assert delete(house, key, project=OTHER).status == 404
    assert delete(house, key).status == 202
    assert group(house, key)["status"] == "deleting"
    house.work()
    assert group(house, key) is None and house.status(inside) == ""


def test_a_member_in_use_keeps_its_group(house: House) -> None:
    key = make_group(house)
    inside = house.create(group_id=key)
    attachment = house.client.create_attachment(
        inside, SERVER, connector=Connector("here")
    )
    house.client.complete_attachment(attachment.id)
    assert delete(house, key).status == 400
    assert group(house, key)["status"] == "available"
    taken = snapshot_of(house, key)
    house.work()
    assert house.show("group_snapshot", taken)["status"] == "available"
    assert house.status(inside) == "in-use"


def test_a_group_snapshot_is_one_thing(house: House) -> None:
    key = make_group(house)
    body = {"group_snapshot": {"group_id": key}}
    assert house.ask("POST", "/group_snapshots", body).status == 400  # it is empty
    volumes = [house.create(group_id=key) for _ in range(2)]
    for number, each in enumerate(volumes):
        house.write(each, 0, b"before %d" % number)
    taken = snapshot_of(house, key)
    # Until it is there, nothing else is done to the bytes, nor to who is in it.
    for got in (
        house.act(volumes[0], "os-extend", {"new_size": 2}),
        house.ask("POST", "/group_snapshots", body),
        house.ask("PUT", f"/groups/{key}", {"group": {"remove_volumes": volumes[0]}}),
        delete(house, key),
    ):
        assert got.status == 400 and "being copied" in got.message
    house.work()
    shown = house.show("group_snapshot", taken)
    assert (shown["status"], shown["group_id"]) == ("available", key)
    assert house.ask("GET", f"/group_snapshots/{taken}", project=OTHER).status == 404
    parts = house.ok("GET", "/snapshots/detail")["snapshots"]
    assert {each["group_snapshot_id"] for each in parts} == {taken}
    assert {each["volume_id"] for each in parts} == set(volumes)
    one = parts[0]["id"]
    assert house.ask("DELETE", f"/snapshots/{one}").status == 400
    assert delete(house, key).status == 400
    for each in volumes:
        house.write(each, 0, b"after it")
    body = {"create-from-src": {"group_snapshot_id": taken, "name": "again"}}
    again = house.ok("POST", "/groups/action", body)["group"]["id"]
    assert group(house, again)["status"] == "creating"
    assert house.ask("DELETE", f"/group_snapshots/{taken}").status == 400
    house.work()
    made = group(house, again)
    assert made["status"] == "available" and made["group_snapshot_id"] == taken
    found = sorted(house.read(each, 0, 8) for each in made["volumes"])
    assert found == [b"before 0", b"before 1"]
    house.ok("DELETE", f"/group_snapshots/{taken}")
    house.work()
    assert house.show("group_snapshot", taken) is None
    assert not [each for each in house.driver.disks() if each.startswith(SNAPSHOT)]
    assert house.leftovers() == []


def test_a_group_is_copied_with_its_keys(house: House) -> None:
    make_encrypted_type(house)
    key = make_group(house, "sealed", "__DEFAULT__")
    sealed = house.create(group_id=key, volume_type="sealed")
    house.create(group_id=key)
    body = {"create-from-src": {"source_group_id": key}}
    wrong = {"create-from-src": {"name": "of nothing"}}
    assert house.ask("POST", "/groups/action", wrong).status == 400
    assert house.ask("POST", "/groups/action", body, project=OTHER).status == 404
    copy = house.ok("POST", "/groups/action", body)["group"]["id"]
    house.work()
    made = group(house, copy)
    assert made["status"] == "available" and made["source_group_id"] == key
    types = {house.volume(each)["volume_type"] for each in made["volumes"]}
    assert types == {"sealed", "__DEFAULT__"}
    names = keys_of(house)
    assert len(names) == 2 and len(set(names.values())) == 1
    assert delete(house, copy).status == 202
    house.work()
    assert list(keys_of(house)) == [f"volume {sealed}"]


def test_groups_have_limits(make: Any) -> None:
    house = make(**{**UNLIMITED, "quota_groups": 1, "quota_snapshots": 1})
    key = make_group(house)
    body = {"group": {"group_type": "kind", "volume_types": ["__DEFAULT__"]}}
    assert house.ask("POST", "/groups", body).status == 413
    usage = house.ok("GET", f"/os-quota-sets/{'a' * 32}?usage=True")["quota_set"]
    assert (usage["groups"]["limit"], usage["groups"]["in_use"]) == (1, 1)
    for _ in range(GROUP_VOLUMES_MAX):
        house.order(group_id=key)
    more = {"volume": {"size": 1, "group_id": key}}
    assert house.ask("POST", "/volumes", more).status == 400
    house.work()
    taken = {"group_snapshot": {"group_id": key}}
    assert house.ask("POST", "/group_snapshots", taken).status == 413
    assert house.ok("GET", "/snapshots")["snapshots"] == []


@pytest.mark.parametrize("kind", ["group", "group_snapshot"])
def test_administrators_know_better(house: House, kind: str) -> None:
    key = make_group(house)
    house.create(group_id=key)
    if kind == "group_snapshot":
        key = snapshot_of(house, key)
        house.work()
    path = f"/{kind}s/{key}/action"
    body = {"reset_status": {"status": "error"}}
    assert house.ask("POST", path, body).status == 403
    assert house.ask("POST", path, body, roles="admin").status == 202
    assert house.show(kind, key)["status"] == "error"
    wrong = {"reset_status": {"status": "nothing"}}
    assert house.ask("POST", path, wrong, roles="admin").status == 400
    assert house.ask("POST", path, {"enable": {}}, roles="admin").status == 400


def test_the_groups_of_a_deleted_project_are_taken_apart(house: House) -> None:
    key = make_group(house)
    inside = house.create(group_id=key)
    taken = snapshot_of(house, key)
    path = "/internal/projects"
    assert house.ask("GET", path).status == 403
    found = house.ok("GET", path, roles="service")["projects"]
    assert found == [{"id": OWNER}]
    assert house.ask("DELETE", f"{path}/{OWNER}").status == 403
    assert house.ask("DELETE", f"{path}/{OWNER}", roles="service").status == 400
    house.work()
    assert house.ask("DELETE", f"{path}/{OWNER}", roles="service").status == 204
    assert house.ok("GET", path, roles="service")["projects"] == []
    assert house.show("group_snapshot", taken) is None and group(house, key) is None
    (part,) = house.ok("GET", "/snapshots")["snapshots"]
    house.ok("DELETE", f"/snapshots/{part['id']}")
    house.work()
    house.ok("DELETE", f"/volumes/{inside}")
    house.work()
    assert house.leftovers() == []
