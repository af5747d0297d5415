"""Quotas, subnet pools, address scopes, extensions, versions."""

from __future__ import annotations

from compute.network.extension_names import EXTENSIONS
from test.unit.compute.network.conftest import Make
from test.unit.compute.network.house import OTHER, OWNER, Got, House

ADMIN = {"roles": "admin"}


def test_a_quota_bounds_what_a_project_has(house: House) -> None:
    path = f"/v2.0/quotas/{OWNER}"
    assert house.ok("GET", path)["quota"]["network"] == 100
    body = {"quota": {"network": 2}}
    assert house.ask("PUT", path, body).status == 403
    assert house.ok("PUT", path, body, **ADMIN)["quota"]["network"] == 2
    house.make("network")
    got = house.ask("POST", "/v2.0/networks", {"networks": [{}, {}]})
    assert (got.status, got.error) == (409, "OverQuota")
    assert len(house.list("network", project_id=OWNER)) == 1
    details = house.ok("GET", f"{path}/details")["quota"]
    assert details["network"] == {"limit": 2, "used": 1, "reserved": 0}
    assert house.ok("GET", f"{path}/default")["quota"]["network"] == 100
    assert house.ok("GET", "/v2.0/quotas", **ADMIN)["quotas"][0]["project_id"] == OWNER
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("PUT", path, {"quota": {"cats": 1}}, **ADMIN).status == 400
    for more in ({}, {"check_limit": True}, {"force": False}):
        below = {"quota": {"network": 0, **more}}
        refused = house.ask("PUT", path, below, **ADMIN)
        assert (refused.status, refused.error) == (400, "InvalidQuotaValue")
    forced = {"quota": {"network": 0, "force": True}}
    assert house.ok("PUT", path, forced, **ADMIN)["quota"]["network"] == 0
    assert house.ask("DELETE", path, **ADMIN).status == 204
    assert house.ask("DELETE", path, **ADMIN).error == "TenantQuotaNotFound"
    assert house.ok("GET", path)["quota"]["network"] == 100


def test_quota_is_a_refusal_to_other_rooms(make: Make) -> None:
    house = make(quota_port=0)
    network, _ = house.network()
    assert house.refused("port", network_id=network["id"]) == (409, "OverQuota")


def test_a_pool_s_prefixes_come_and_go(house: House) -> None:
    pool = house.make("subnetpool", name="p", prefixes=["10.8.0.0/24"])["id"]
    path = f"/v2.0/subnetpools/{pool}/"

    def act(verb: str, *prefixes: str, **who: str) -> Got:
        body = {"prefixes": list(prefixes)}
        return house.ask("PUT", f"{path}{verb}_prefixes", body, **who)

    added = act("add", "10.8.1.0/24", "10.20.0.0/24")
    assert added.json == {"prefixes": ["10.8.0.0/23", "10.20.0.0/24"]}
    network = house.make("network")["id"]
    where = {"network_id": network, "ip_version": 4, "subnetpool_id": pool}
    house.make("subnet", **where, cidr="10.20.0.0/25")
    refused = act("remove", "10.20.0.64/26")
    assert (refused.status, refused.error) == (400, "IllegalSubnetPoolPrefixUpdate")
    less = act("remove", "10.20.0.128/25", "10.8.0.0/25")
    kept = ["10.8.0.128/25", "10.8.1.0/24", "10.20.0.0/25"]
    assert less.json == {"prefixes": kept}
    assert house.show("subnetpool", pool)["prefixes"] == kept
    assert act("add", "2001:db8::/64").status == 400
    assert act("add", "10.9.0.0/16", roles="reader").status == 403
    assert act("add", "10.9.0.0/16", project=OTHER).status == 404
    empty = house.make("subnetpool", name="q", prefixes=["10.8.0.0/24"])["id"]
    path = f"/v2.0/subnetpools/{empty}/"
    assert act("remove", "10.0.0.0/8").error == "EmptySubnetPoolPrefixList"


def test_subnets_from_a_pool(house: House) -> None:
    pool = house.make(
        "subnetpool", name="p", prefixes=["10.8.0.0/24"], default_prefixlen=26
    )
    assert pool["ip_version"] == 4
    network = house.make("network")
    where = {"network_id": network["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    cut = [house.make("subnet", **where)["cidr"] for _ in range(3)]
    assert cut == ["10.8.0.0/26", "10.8.0.64/26", "10.8.0.128/26"]
    assert house.refused("subnet", **where, prefixlen=25) == (
        409,
        "SubnetAllocationError",
    )
    named = house.make("subnet", **where, cidr="10.8.0.192/27")
    assert named["subnetpool_id"] == pool["id"]
    assert house.refused("subnet", **where, cidr="10.9.0.0/26")[0] == 409
    assert house.delete("subnetpool", pool["id"]).error == "SubnetPoolDeleteError"
    assert house.change_refused("subnetpool", pool["id"], prefixes=["10.9.0.0/24"]) == (
        400,
        "IllegalSubnetPoolPrefixUpdate",
    )
    grown = house.change(
        "subnetpool", pool["id"], prefixes=["10.8.0.0/24", "10.8.1.0/24"]
    )
    assert grown["prefixes"] == ["10.8.0.0/23"]


def test_the_default_pool(house: House) -> None:
    network = house.make("network")
    asked = {
        "network_id": network["id"],
        "ip_version": 4,
        "use_default_subnetpool": True,
    }
    assert house.refused("subnet", **asked) == (404, "SubnetPoolNotFound")
    house.make(
        "subnetpool",
        name="d",
        prefixes=["10.7.0.0/16"],
        default_prefixlen=24,
        is_default=True,
        shared=True,
        as_roles="admin",
    )
    assert house.make("subnet", **asked)["cidr"] == "10.7.0.0/24"


def test_pools_of_a_scope_do_not_meet(house: House) -> None:
    scope = house.make("address_scope", name="s", ip_version=4)
    inside = {"address_scope_id": scope["id"]}
    house.make("subnetpool", name="a", prefixes=["10.8.0.0/16"], **inside)
    assert house.refused(
        "subnetpool", name="b", prefixes=["10.8.9.0/24"], **inside
    ) == (409, "AddressScopePrefixConflict")
    assert house.delete("address_scope", scope["id"]).error == "AddressScopeInUse"


def test_discovery(house: House) -> None:
    root = house.caller.request("GET", "/").json()
    assert root["versions"][0]["id"] == "v2.0"
    assert root["versions"][0]["links"][0]["href"] == "http://localhost/v2.0/"
    below = house.caller.request("GET", "/v2.0/").json()
    assert "networks" in [each["collection"] for each in below["resources"]]
    assert house.caller.request("GET", "/v2.0/networks").status == 401


def test_extensions(house: House) -> None:
    found = house.ok("GET", "/v2.0/extensions")["extensions"]
    assert [each["alias"] for each in found] == list(EXTENSIONS)
    shown = house.ok("GET", "/v2.0/extensions/router")["extension"]
    assert shown["name"] == "Neutron L3 Router"
    assert house.ask("GET", "/v2.0/extensions/teleport").status == 404


def test_a_dry_run_of_the_automatic_network(house: House) -> None:
    path = f"/v2.0/auto-allocated-topology/{OWNER}?fields=dry-run"
    found = house.ok("GET", path)["auto_allocated_topology"]
    assert found["id"] == "dry-run=pass"
    assert house.list("network", project_id=OWNER) == []


def test_quotas_of_pools(house: House) -> None:
    """What one project may take, however it takes it."""
    pool = house.make(
        "subnetpool", name="p", prefixes=["10.8.0.0/16"], default_quota=320
    )
    assert pool["default_quota"] == 320
    network = house.make("network")
    wish = {"network_id": network["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    house.make("subnet", **wish, prefixlen=24)
    over = (409, "SubnetPoolQuotaExceeded")
    assert house.refused("subnet", **wish, prefixlen=24) == over
    assert house.refused("subnet", **wish, cidr="10.8.9.0/25") == over
    house.make("subnet", **wish, prefixlen=26)
    assert house.change("subnetpool", pool["id"], default_quota=None)
    house.make("subnet", **wish, prefixlen=24)
    for wrong in (-1, 2**31, "x", 1.5):
        assert (
            house.change_refused("subnetpool", pool["id"], default_quota=wrong)[0]
            == 400
        )
    wide = house.make(
        "subnetpool",
        name="q",
        prefixes=["fd00::/48"],
        default_quota=2,
        min_prefixlen=56,
    )
    wish = {"network_id": network["id"], "ip_version": 6, "subnetpool_id": wide["id"]}
    assert house.refused("subnet", **wish, prefixlen=62) == over
    house.make("subnet", **wish, prefixlen=63)
