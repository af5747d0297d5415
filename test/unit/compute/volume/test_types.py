"""Types, who may use them, QoS specs, default types; transfers."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.client import Connector
from test.unit.compute.volume.house import OTHER, OWNER, House

SERVER = "33333333-3333-4333-8333-333333333333"


def admin(house: House, method: str, path: str, body: Any = None) -> Any:
    return house.ok(method, path, body, roles="admin")


def make_type(house: House, name: str, **fields: Any) -> str:
    body = {"volume_type": {"name": name, **fields}}
    return str(admin(house, "POST", "/types", body)["volume_type"]["id"])


def test_types(house: House) -> None:
    body = {"volume_type": {"name": "gold"}}
    assert house.ask("POST", "/types", body).status == 403
    gold = make_type(house, "gold", extra_specs={"a": "b"})
    assert house.ask("POST", "/types", body, roles="admin").status == 409
    names = [each["name"] for each in house.ok("GET", "/types")["volume_types"]]
    assert sorted(names) == ["__DEFAULT__", "gold"]
    default = house.ok("GET", "/types/default")["volume_type"]
    assert default["name"] == "__DEFAULT__"
    path = f"/types/{gold}"
    specs = {"extra_specs": {"c": "d"}}
    admin(house, "POST", f"{path}/extra_specs", specs)
    admin(house, "PUT", f"{path}/extra_specs/c", {"c": "e"})
    assert admin(house, "GET", f"{path}/extra_specs/c") == {"c": "e"}
    admin(house, "DELETE", f"{path}/extra_specs/a")
    replicated = {"extra_specs": {"replication_enabled": "<is> False"}}
    admin(house, "POST", f"{path}/extra_specs", replicated)
    # Operators' notes are theirs; what users choose a type for is everybody's.
    specs = admin(house, "GET", f"{path}/extra_specs")["extra_specs"]
    assert specs == {"c": "e", **replicated["extra_specs"]}
    assert house.ok("GET", f"{path}/extra_specs") == replicated
    assert (
        house.ok("GET", path)["volume_type"]["extra_specs"] == replicated["extra_specs"]
    )
    assert house.ask("GET", f"{path}/extra_specs/c").status == 404
    notes = "/types?extra_specs={'c':'e'}"
    assert house.ok("GET", notes)["volume_types"] == []
    assert len(admin(house, "GET", notes)["volume_types"]) == 1
    admin(house, "PUT", path, {"volume_type": {"description": "shiny"}})
    assert house.ok("GET", path)["volume_type"]["description"] == "shiny"
    volume_id = house.create(volume_type="gold")
    assert house.volume(volume_id)["volume_type"] == "gold"
    assert house.ask("DELETE", path, roles="admin").status == 400
    retype = {"new_type": "__DEFAULT__", "migration_policy": "never"}
    assert house.act(volume_id, "os-retype", retype).status == 202
    assert house.act(volume_id, "os-retype", retype).status == 400
    assert house.volume(volume_id)["volume_type"] == "__DEFAULT__"
    assert house.ask("DELETE", path, roles="admin").status == 202
    stays = f"/types/{default['id']}"
    assert house.ask("DELETE", stays, roles="admin").status == 400


def test_private_types(house: House) -> None:
    private = make_type(house, "secret", **{"os-volume-type-access:is_public": False})
    path = f"/types/{private}"
    assert house.ask("GET", path).status == 404
    body = {"volume": {"size": 1, "volume_type": "secret"}}
    assert house.ask("POST", "/volumes", body).status == 404
    add = {"addProjectAccess": {"project": OWNER}}
    admin(house, "POST", f"{path}/action", add)
    assert house.ask("POST", f"{path}/action", add, roles="admin").status == 409
    access = admin(house, "GET", f"{path}/os-volume-type-access")["volume_type_access"]
    assert [each["project_id"] for each in access] == [OWNER]
    assert house.ask("POST", "/volumes", body).status == 202
    assert house.ask("POST", "/volumes", body, project=OTHER).status == 404
    remove = {"removeProjectAccess": {"project": OWNER}}
    admin(house, "POST", f"{path}/action", remove)
    assert house.ask("POST", f"{path}/action", remove, roles="admin").status == 404
    house.work()


def test_default_types(house: House) -> None:
    gold = make_type(house, "gold")
    path = f"/default-types/{OWNER}"
    assert house.ask("GET", path).status == 403
    admin(house, "PUT", path, {"default_type": {"volume_type": "gold"}})
    assert admin(house, "GET", path)["default_type"]["volume_type_id"] == gold
    assert len(admin(house, "GET", "/default-types")["default_types"]) == 1
    assert house.volume(house.create())["volume_type"] == "gold"
    admin(house, "DELETE", path)
    assert house.ask("DELETE", path, roles="admin").status == 404
    assert house.volume(house.create())["volume_type"] == "__DEFAULT__"


def test_qos(house: House) -> None:
    body = {"qos_specs": {"name": "slow", "consumer": "front-end", "iops": "100"}}
    qos = admin(house, "POST", "/qos-specs", body)["qos_specs"]["id"]
    assert house.ask("POST", "/qos-specs", body, roles="admin").status == 409
    path, gold = f"/qos-specs/{qos}", make_type(house, "gold")
    admin(house, "PUT", path, {"qos_specs": {"more": "1"}})
    admin(house, "PUT", f"{path}/delete_keys", {"keys": ["more"]})
    assert admin(house, "GET", path)["qos_specs"]["specs"] == {"iops": "100"}
    admin(house, "GET", f"{path}/associate?vol_type_id={gold}")
    found = admin(house, "GET", f"{path}/associations")["qos_associations"]
    assert [each["id"] for each in found] == [gold]
    assert house.ask("DELETE", path, roles="admin").status == 400
    admin(house, "GET", f"{path}/disassociate?vol_type_id={gold}")
    admin(house, "DELETE", path)
    assert admin(house, "GET", "/qos-specs")["qos_specs"] == []
    assert house.ask("GET", "/qos-specs").status == 403


@pytest.mark.parametrize(
    ("specs", "text"),
    [
        ({"consumer": "back-end"}, "front-end"),
        ({"total_iops_sec": "many"}, "total_iops_sec"),
        ({"read_bytes_sec": "-1"}, "read_bytes_sec"),
        ({"read_bytes_sec": str(10**15 + 1)}, "read_bytes_sec"),
        ({"total_iops_sec": "5", "read_iops_sec": "5"}, "not both"),
        ({"total_iops_sec_per_gb": "5", "write_iops_sec": "5"}, "not both"),
        ({"read_iops_sec_max": "5"}, "needs read_iops_sec"),
        ({"read_iops_sec": "9", "read_iops_sec_max": "5"}, "less than"),
        ({"read_iops_sec": "9", "read_iops_sec_max_length": "5"}, "needs"),
    ],
)
def test_limits_that_would_not_be_kept_are_refused(
    house: House, specs: dict[str, str], text: str
) -> None:
    body = {"qos_specs": {"name": "q", **specs}}
    got = house.ask("POST", "/qos-specs", body, roles="admin")
    assert got.status == 400 and text in got.message
    body = {"qos_specs": {"name": "q", "total_bytes_sec": 1000}}
    qos = admin(house, "POST", "/qos-specs", body)["qos_specs"]
    assert qos["consumer"] == "front-end"
    change = {"qos_specs": specs}
    got = house.ask("PUT", f"/qos-specs/{qos['id']}", change, roles="admin")
    assert got.status == 400


def test_an_attachment_tells_how_fast_its_volume_may_be(house: House) -> None:
    limits = {"total_iops_sec_per_gb": "50", "read_bytes_sec": "1000000", "note": "x"}
    body = {"qos_specs": {"name": "slow", "consumer": "both", **limits}}
    qos = admin(house, "POST", "/qos-specs", body)["qos_specs"]["id"]
    slow = make_type(house, "slow")
    admin(house, "GET", f"/qos-specs/{qos}/associate?vol_type_id={slow}")
    volume_id = house.create(size=3, volume_type="slow")
    attachment = house.client.create_attachment(
        volume_id, SERVER, connector=Connector("here")
    )
    assert attachment.connection is not None
    wanted = {"total_iops_sec": 150, "read_bytes_sec": 1000000}
    assert attachment.connection.limits == wanted
    # What the type says now is what the next start of the guest brings.
    admin(house, "PUT", f"/qos-specs/{qos}", {"qos_specs": {"read_bytes_sec": 0}})
    again = house.client.update_attachment(attachment.id, Connector("here"))
    assert again.connection is not None
    assert again.connection.limits == {"total_iops_sec": 150}


def test_transfers(house: House) -> None:
    volume_id = house.create(name="given")
    snapshot = house.snapshot(volume_id)
    body = {"transfer": {"volume_id": volume_id, "name": "t"}}
    offer = house.ok("POST", "/volume-transfers", body)["transfer"]
    assert house.status(volume_id) == "awaiting-transfer"
    path = f"/volume-transfers/{offer['id']}"
    assert "auth_key" not in house.ok("GET", path)["transfer"]
    assert house.ask("GET", path, project=OTHER).status == 404
    wrong = {"accept": {"auth_key": "wrong"}}
    assert house.ask("POST", f"{path}/accept", wrong, project=OTHER).status == 403
    right = {"accept": {"auth_key": offer["auth_key"]}}
    got = house.ok("POST", f"{path}/accept", right, project=OTHER)["transfer"]
    assert set(got) == {"id", "name", "volume_id", "links"}
    volume = house.ok("GET", f"/volumes/{volume_id}", project=OTHER)["volume"]
    assert volume["status"] == "available"
    assert house.ask("GET", f"/volumes/{volume_id}").status == 404
    assert house.ask("GET", f"/snapshots/{snapshot}", project=OTHER).status == 200
    assert house.ask("POST", f"{path}/accept", right, project=OTHER).status == 404


def test_an_offer_is_taken_back(house: House) -> None:
    volume_id = house.create()
    body = {"transfer": {"volume_id": volume_id}}
    offer = house.ok("POST", "/os-volume-transfer", body, version="3.0")["transfer"]
    listed = house.ok("GET", "/os-volume-transfer/detail")["transfers"]
    assert [each["id"] for each in listed] == [offer["id"]]
    house.ok("DELETE", f"/os-volume-transfer/{offer['id']}")
    assert house.status(volume_id) == "available"
    got = house.ask("GET", "/volume-transfers", version="3.54")
    assert got.status == 404
