"""Trunks: who may make them of what, where their subports are, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from compute.network.client import NewPort
from test.unit.compute.network.conftest import Make
from test.unit.compute.network.house import HOST, OTHER, OWNER, House

NOBODY = "00000000-0000-4000-8000-000000000000"


def port(house: House, **fields: Any) -> Any:
    network = fields.pop("network_id", None) or house.make("network")["id"]
    return house.make("port", network_id=network, **fields)


def guest(house: House, host: str = HOST) -> str:
    network, _ = house.network()
    new = NewPort(network["id"], device_id="server", host=host)
    (made,) = house.client.create_ports(OWNER, [new])
    return made.id


def sub(port_id: str, vlan: Any = 100, kind: str = "vlan") -> dict[str, Any]:
    return {
        "port_id": port_id,
        "segmentation_type": kind,
        "segmentation_id": vlan,
    }


def act(house: House, trunk: Any, verb: str, *items: Any, **who: Any) -> Any:
    path = f"/v2.0/trunks/{trunk['id']}/{verb}_subports"
    return house.ask("PUT", path, {"sub_ports": list(items)}, **who)


def test_a_trunk_lives(house: House) -> None:
    parent, one, two = port(house), port(house), port(house)
    trunk = house.make("trunk", port_id=parent["id"], sub_ports=[sub(one["id"])])
    assert (trunk["status"], trunk["admin_state_up"]) == ("DOWN", True)
    assert trunk["sub_ports"] == [sub(one["id"])]
    added = act(house, trunk, "add", sub(two["id"], "7")).json
    assert added["sub_ports"] == [sub(two["id"], 7), sub(one["id"])]
    assert added["revision_number"] > trunk["revision_number"]
    path = f"/v2.0/trunks/{trunk['id']}/get_subports"
    assert house.ok("GET", path) == {"sub_ports": added["sub_ports"]}
    assert house.show("port", two["id"])["device_owner"] == "trunk:subport"
    details = house.show("port", parent["id"])["trunk_details"]
    assert details["trunk_id"] == trunk["id"]
    assert details["sub_ports"][0] == {
        **sub(two["id"], 7),
        "mac_address": two["mac_address"],
    }
    assert "trunk_details" not in house.show("port", two["id"])
    left = act(house, trunk, "remove", {"port_id": two["id"]}).json
    assert left["sub_ports"] == [sub(one["id"])]
    assert house.show("port", two["id"])["device_owner"] == ""
    assert house.change("trunk", trunk["id"], name="t")["name"] == "t"
    assert house.list("trunk", port_id=parent["id"], name="t")
    assert house.list("trunk", status="ACTIVE") == []
    assert house.delete("trunk", trunk["id"]).status == 204
    assert house.show("port", one["id"])["device_owner"] == ""
    assert "trunk_details" not in house.show("port", parent["id"])
    for each in (parent, one, two):
        assert house.delete("port", each["id"]).status == 204


@pytest.mark.parametrize(
    "item",
    [
        sub(NOBODY, 0),
        sub(NOBODY, 4095),
        sub(NOBODY, -1),
        sub(NOBODY, "x"),
        sub(NOBODY, None),
        sub(NOBODY, 1.5),
        sub(NOBODY, 100, "vxlan"),
        sub(NOBODY, -1, "inherit"),
        {"port_id": NOBODY, "segmentation_type": "vlan"},
        {"port_id": NOBODY, "segmentation_id": 3},
        {"segmentation_type": "vlan", "segmentation_id": 3},
        {**sub(NOBODY), "more": 1},
        "x",
    ],
)
def test_forms_that_are_refused(house: House, item: Any) -> None:
    """Before it is told what is there."""
    parent = port(house)
    status, _ = house.refused("trunk", port_id=parent["id"], sub_ports=[item])
    assert status == 400
    trunk = house.make("trunk", port_id=parent["id"])
    assert act(house, trunk, "add", item).status == 400


def test_nothing_stands_twice_in_a_request(house: House) -> None:
    one, two = port(house)["id"], port(house)["id"]
    parent = port(house)["id"]
    for items in ([sub(one), sub(two)], [sub(one), sub(one, 7)]):
        status, _ = house.refused("trunk", port_id=parent, sub_ports=items)
        assert status == 400


def test_a_port_is_in_one_trunk(house: House) -> None:
    parent, one, free = port(house)["id"], port(house)["id"], port(house)["id"]
    trunk = house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    other = house.make("trunk", port_id=port(house)["id"])
    assert house.refused("trunk", port_id=parent) == (409, "ParentPortInUse")
    assert house.refused("trunk", port_id=one) == (409, "TrunkPortInUse")
    for where, item, kind in (
        (trunk, sub(parent, 7), "ParentPortInUse"),
        (trunk, sub(one, 7), "TrunkPortInUse"),
        (trunk, sub(free), "DuplicateSubPort"),
        (other, sub(one), "TrunkPortInUse"),
        (other, sub(parent), "ParentPortInUse"),
    ):
        got = act(house, where, "add", item)
        assert (got.status, got.error) == (409, kind)
    got = act(house, trunk, "add", sub(NOBODY, 7))
    assert (got.status, got.error) == (404, "PortNotFound")
    got = act(house, trunk, "remove", {"port_id": free})
    assert (got.status, got.error) == (404, "SubPortNotFound")
    assert house.refused("trunk", port_id=NOBODY) == (404, "PortNotFound")
    # All of a request, or nothing.
    assert act(house, other, "add", sub(free), sub(one, 7)).status == 409
    assert house.show("trunk", other["id"])["sub_ports"] == []


def test_ports_that_serve_are_in_no_trunk(house: House) -> None:
    house.report()
    network, _ = house.network()
    owned = port(house, device_id="x")["id"]
    parent = port(house)["id"]
    trunk = house.make("trunk", port_id=parent)
    got = act(house, trunk, "add", sub(owned))
    assert (got.status, got.error) == (409, "PortInUse")
    guest_port = NewPort(network["id"], device_id="server", host=HOST)
    house.client.create_ports(OWNER, [guest_port])
    (dhcp,) = (
        each for each in house.view().ports if each.device_owner == "network:dhcp"
    )
    refused = house.refused("trunk", port_id=dhcp.id, as_roles="admin")
    assert refused == (409, "ParentPortInUse")
    got = act(house, trunk, "add", sub(dhcp.id), roles="admin")
    assert got.status == 409


def test_a_router_takes_no_port_of_a_trunk(house: House) -> None:
    network, _ = house.network()
    parent = port(house, network_id=network["id"])["id"]
    one = port(house, network_id=network["id"])["id"]
    house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    router = house.make("router")["id"]
    path = f"/v2.0/routers/{router}/add_router_interface"
    for taken, kind in ((parent, "PortInUseAsTrunkParent"), (one, "PortInUse")):
        got = house.ask("PUT", path, {"port_id": taken})
        assert (got.status, got.error) == (409, kind)


def test_frames_of_a_subport_fit_through_its_trunk(house: House) -> None:
    small, large = house.make("network", mtu=1400), house.make("network", mtu=1450)
    parent = port(house, network_id=small["id"])["id"]
    one = port(house, network_id=large["id"])["id"]
    expected = (409, "SubPortMtuGreaterThanTrunkPortMtu")
    assert house.refused("trunk", port_id=parent, sub_ports=[sub(one)]) == expected
    house.make("trunk", port_id=one, sub_ports=[sub(parent)])


def test_a_locked_trunk_stays_as_it_is(house: House) -> None:
    one = port(house)["id"]
    trunk = house.make("trunk", port_id=port(house)["id"], sub_ports=[sub(one)])
    house.change("trunk", trunk["id"], admin_state_up=False)
    for got in (
        act(house, trunk, "add", sub(port(house)["id"], 7)),
        act(house, trunk, "remove", sub(one)),
        house.delete("trunk", trunk["id"]),
    ):
        assert (got.status, got.error) == (409, "TrunkDisabled")
    house.change("trunk", trunk["id"], admin_state_up=True)
    assert house.delete("trunk", trunk["id"]).status == 204


def test_a_port_of_a_trunk_stays(house: House) -> None:
    parent, one = port(house)["id"], port(house)["id"]
    house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    for who in ("member", "admin"):
        got = house.delete("port", one, roles=who)
        assert (got.status, got.error) == (409, "PortInUseAsSubPort")
        got = house.delete("port", parent, roles=who)
        assert (got.status, got.error) == (409, "PortInUseAsTrunkParent")
    expected = (409, "PortInUseAsSubPort")
    assert house.change_refused("port", one, device_id="server") == expected
    assert house.change_refused("port", one, device_owner="") == expected
    place = {"binding__host_id": "beta", "as_roles": "admin"}
    assert house.change_refused("port", one, **place) == expected
    # What it is otherwise, is its owner's affair.
    assert house.change("port", one, name="n", device_owner="trunk:subport")


def test_whose_ports_may_be_joined(house: House) -> None:
    shared = house.make("network", as_roles="admin", shared=True)
    assert shared["project_id"] == OWNER
    theirs = port(house, network_id=shared["id"], as_project=OTHER)["id"]
    own = port(house)["id"]
    # The network's owner sees the port; what is sent to it is not for him.
    assert house.show("port", theirs)
    trunk = house.make("trunk", port_id=own)
    assert act(house, trunk, "add", sub(theirs)).status == 403
    assert house.refused("trunk", port_id=theirs)[0] == 403
    hidden = house.make("network", as_project=OTHER)["id"]
    unseen = port(house, network_id=hidden, as_project=OTHER)["id"]
    assert act(house, trunk, "add", sub(unseen)).status == 404
    assert house.ask("GET", f"/v2.0/trunks/{trunk['id']}", project=OTHER).status == 404
    assert act(house, trunk, "add", sub(theirs), project=OTHER).status == 404
    assert act(house, trunk, "add", sub(own), roles="reader").status == 403
    assert act(house, trunk, "remove", sub(own), roles="reader").status == 403


def test_quota(make: Make) -> None:
    house = make(quota_trunk=1)
    first = house.make("trunk", port_id=port(house)["id"])
    again = port(house)["id"]
    assert house.refused("trunk", port_id=again) == (409, "OverQuota")
    details = house.ok("GET", f"/v2.0/quotas/{OWNER}/details")["quota"]["trunk"]
    assert (details["limit"], details["used"]) == (1, 1)
    house.delete("trunk", first["id"])
    house.make("trunk", port_id=again)


def of_view(house: House, host: str) -> dict[str, tuple[str, int]]:
    ports = house.view(host).ports
    return {each.id: (each.trunk_port_id, each.vlan) for each in ports}


def test_subports_are_where_their_trunk_is(house: House) -> None:
    house.listen(f"network.host.{HOST}", "network.host.beta")
    house.report()
    house.report("beta")
    parent = guest(house)
    house.woken.clear()
    network, _ = house.network("10.2.0.0/24")
    one = port(house, network_id=network["id"])["id"]
    trunk = house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    assert house.woken
    assert trunk["status"] == "BUILD"
    assert of_view(house, HOST)[one] == (parent, 100)
    assert of_view(house, HOST)[parent] == ("", 0)
    # Its network is served there.
    assert {network["id"]} <= {
        each.network_id
        for each in house.view(HOST).ports
        if each.device_owner == "network:dhcp"
    }
    house.report(active=(parent,))
    assert house.show("trunk", trunk["id"])["status"] == "BUILD"
    house.report(active=(parent, one))
    assert house.show("trunk", trunk["id"])["status"] == "ACTIVE"
    assert house.show("port", one)["status"] == "ACTIVE"
    house.client.update_port(parent, {"binding:host_id": "beta"})
    assert one not in of_view(house, HOST)
    assert of_view(house, "beta")[one] == (parent, 100)
    assert house.show("trunk", trunk["id"])["status"] == "BUILD"
    house.client.unbind_port(parent)
    assert house.show("trunk", trunk["id"])["status"] == "DOWN"
    assert one not in of_view(house, "beta")


def test_subports_come_along_when_a_guest_moves(house: House) -> None:
    for host, end in ((HOST, "192.0.2.1"), ("beta", "192.0.2.2")):
        house.report(host, tunnels_end_at=end)
    parent = guest(house)
    one, two = port(house)["id"], port(house)["id"]
    trunk = house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    house.report(active=(parent, one), tunnels_end_at="192.0.2.1")
    house.client.add_binding(parent, "beta")
    # One that joins meanwhile is made ready as well.
    act(house, trunk, "add", sub(two, 7))
    assert of_view(house, "beta").keys() >= {parent, one, two}
    ready = (parent, one, two)
    # Where they are made ready is nobody else's affair.
    for method, path, body in (
        ("POST", f"/v2.0/ports/{one}/bindings", {"binding": {"host": "gamma"}}),
        ("DELETE", f"/v2.0/ports/{one}/bindings/beta", None),
    ):
        got = house.ask(method, path, body, roles="admin")
        assert (got.status, got.error) == (409, "PortInUseAsSubPort")
    house.change("port", two, admin_state_up=False)
    for wired, is_awaited in (((parent,), False), ((parent, one), True)):
        house.report("beta", active=wired, tunnels_end_at="192.0.2.2")
        (nic,) = house.client.nics_of("server")
        assert nic.is_awaited is is_awaited
    house.change("port", two, admin_state_up=True)
    house.report("beta", active=ready, tunnels_end_at="192.0.2.2")
    house.client.update_port(parent, {"binding:host_id": "beta"})
    # Nothing was ever down.
    assert house.show("trunk", trunk["id"])["status"] == "ACTIVE"
    assert not set(ready) & of_view(house, HOST).keys()
    house.client.add_binding(parent, HOST)
    house.client.drop_binding(parent, HOST)
    assert not set(ready) & of_view(house, HOST).keys()


def test_a_service_takes_its_own_port_away_and_the_trunk_with_it(house: House) -> None:
    parent, one = guest(house), port(house)["id"]
    trunk = house.make("trunk", port_id=parent, sub_ports=[sub(one)])
    house.client.delete_port(parent)
    assert house.ask("GET", f"/v2.0/trunks/{trunk['id']}").status == 404
    free = house.show("port", one, roles="admin")
    assert (free["device_owner"], free["binding:host_id"]) == ("", "")
    assert house.delete("port", one).status == 204
