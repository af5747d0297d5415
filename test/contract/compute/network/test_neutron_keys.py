"""Every resource of Neutron's API shows the keys of the core and of the extensions that
are listed, and no others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.network.house import House

TABLE = tomllib.loads(
    (Path(__file__).parent / "reference" / "keys.toml").read_text("utf-8")
)
PATHS = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "subnetpool": "subnetpools",
    "router": "routers",
    "floatingip": "floatingips",
    "port_forwarding": "",  # below a floating IP
    "conntrack_helper": "",  # below a router
    "security_group": "security-groups",
    "security_group_rule": "security-group-rules",
    "address_scope": "address-scopes",
    "rbac_policy": "rbac-policies",
    "address_group": "address-groups",
    "trunk": "trunks",  # made by a test of its own
    "default_security_group_rule": "default-security-group-rules",
    "metering_label": "metering/metering-labels",
    "metering_label_rule": "metering/metering-label-rules",
    "policy": "qos/policies",
    "bandwidth_limit_rule": "",  # below a policy
    "dscp_marking_rule": "",
    "packet_rate_limit_rule": "",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(tmp_path_factory.mktemp("house"))
    furnish(found)
    yield found
    found.close()


def make(house: House, kind: str, roles: str = "admin", **values: Any) -> Any:
    got = house.ask("POST", f"/v2.0/{PATHS[kind]}", {kind: values}, roles=roles)
    assert got.status == 201, got.body
    return got.json[kind]


def furnish(house: House) -> None:
    """One of everything."""
    network = make(house, "network", name="inside")
    outside = make(house, "network", name="outside", **{"router:external": True})
    subnet = make(
        house, "subnet", network_id=network["id"], cidr="10.0.0.0/24", ip_version=4
    )
    make(house, "subnet", network_id=outside["id"], cidr="10.9.0.0/24", ip_version=4)
    port = make(house, "port", network_id=network["id"])
    way = {"network_id": outside["id"]}
    router = make(house, "router", name="r", external_gateway_info=way)
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    got = house.ask("PUT", path, {"subnet_id": subnet["id"]})
    interface = "id tenant_id project_id port_id network_id subnet_id subnet_ids tags"
    assert set(got.json) == set(interface.split())
    PATHS["conntrack_helper"] = f"routers/{router['id']}/conntrack_helpers"
    make(house, "conntrack_helper", helper="ftp", protocol="tcp", port=21)
    make(house, "floatingip", floating_network_id=outside["id"], port_id=port["id"])
    shared = make(house, "floatingip", floating_network_id=outside["id"])
    inner = make(house, "port", network_id=network["id"])
    PATHS["port_forwarding"] = f"floatingips/{shared['id']}/port_forwardings"
    make(
        house,
        "port_forwarding",
        internal_port_id=inner["id"],
        internal_port=22,
        external_port=2222,
        protocol="tcp",
    )
    policy = make(house, "policy", name="slow")["id"]
    for kind, values in (
        ("bandwidth_limit_rule", {"max_kbps": 1}),
        ("dscp_marking_rule", {"dscp_mark": 10}),
        ("packet_rate_limit_rule", {"max_kpps": 1}),
    ):
        PATHS[kind] = f"qos/policies/{policy}/{kind}s"
        make(house, kind, **values)
    label = make(house, "metering_label", name="m")["id"]
    values = {"metering_label_id": label, "remote_ip_prefix": "10.0.0.0/8"}
    make(house, "metering_label_rule", **values)
    make(house, "security_group", name="g")
    prefixes = ["10.8.0.0/16"]
    make(house, "subnetpool", name="p", prefixes=prefixes, default_prefixlen=24)
    make(house, "address_scope", name="s", ip_version=4)
    make(house, "address_group", name="a", addresses=["10.7.0.0/24"])
    make(
        house,
        "rbac_policy",
        object_type="network",
        object_id=network["id"],
        action="access_as_shared",
        target_tenant="*",
    )


def test_keys_of_trunks(house: House) -> None:
    """By themselves: a trunk's port shows one key more than others do."""
    network = make(house, "network", name="cable")
    before = set(make(house, "port", network_id=network["id"]))
    port = make(house, "port", network_id=network["id"])["id"]
    trunk = make(house, "trunk", port_id=port)
    expected = {
        key
        for added in TABLE["extension"].values()
        for key in added.get("trunk", "").split()
    }
    assert set(trunk) == expected
    shown = house.ask("GET", f"/v2.0/ports/{port}", roles="admin").json["port"]
    assert set(shown) - before == {"trunk_details"}
    assert set(shown["trunk_details"]) == {"trunk_id", "sub_ports"}
    assert house.delete("trunk", trunk["id"]).status == 204
    assert house.delete("port", port).status == 204


def listed(house: House) -> set[str]:
    found = house.ask("GET", "/v2.0/extensions").json["extensions"]
    return {each["alias"] for each in found}


@pytest.mark.parametrize("kind", sorted(PATHS.keys() - {"trunk"}))
def test_keys(house: House, kind: str) -> None:
    expected = set(TABLE["core"].get(kind, "").split())
    aliases = listed(house)
    for alias, added in TABLE["extension"].items():
        if alias in aliases:
            expected |= set(added.get(kind, "").split())
    restricted = set(TABLE["restricted"].get(kind, "").split())
    for roles, wanted in (("admin", expected), ("member", expected - restricted)):
        found = house.ask("GET", f"/v2.0/{PATHS[kind]}", roles=roles).json
        (items,) = [value for value in found.values() if isinstance(value, list)]
        assert items, roles
        for item in items:
            assert set(item) == wanted, (roles, set(item) ^ wanted)
        one = house.ask("GET", f"/v2.0/{PATHS[kind]}/{items[0]['id']}", roles=roles)
        assert set(one.json[kind]) == wanted


def test_extensions_have_the_reference_s_keys(house: House) -> None:
    for each in house.ask("GET", "/v2.0/extensions").json["extensions"]:
        assert set(each) == {"alias", "name", "description", "updated", "links"}
        one = house.ask("GET", f"/v2.0/extensions/{each['alias']}").json["extension"]
        assert one == each
    assert house.ask("GET", "/v2.0/extensions/lbaas").status == 404


def test_version_documents(house: House) -> None:
    (version,) = house.ask("GET", "/").json["versions"]
    assert set(version) == {"id", "status", "links"}
    resources = house.ask("GET", "/v2.0").json["resources"]
    assert {"name": "rbac_policy", "collection": "rbac_policies"}.items() <= next(
        each for each in resources if each["collection"] == "rbac_policies"
    ).items()
    assert all(set(each) == {"name", "collection", "links"} for each in resources)
