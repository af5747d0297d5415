"""Ports of a floating IP that lead to different guests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.network.view import PortForwarding
from test.unit.compute.network.house import HOST, OTHER, House


class Place:
    """A routed network with two guests, and a floating IP."""

    def __init__(self, house: House) -> None:
        house.report(HOST)
        self.house = house
        self.network, self.subnet = house.network()
        self.router = house.make(
            "router",
            external_gateway_info={"network_id": house.external()["id"]},
        )
        path = f"/v2.0/routers/{self.router['id']}/add_router_interface"
        house.ok("PUT", path, {"subnet_id": self.subnet["id"]})
        self.one, self.two = self.port(), self.port()
        self.floating = house.make(
            "floatingip", floating_network_id=house.external()["id"]
        )
        self.path = f"/v2.0/floatingips/{self.floating['id']}/port_forwardings"

    def port(self) -> Any:
        return self.house.make(
            "port",
            network_id=self.network["id"],
            binding__host_id=HOST,
            as_roles="admin",
        )

    def body(self, **fields: Any) -> Any:
        found = {
            "internal_port_id": self.one["id"],
            "internal_port": 22,
            "external_port": 2222,
            "protocol": "tcp",
            **fields,
        }
        return {"port_forwarding": {k: v for k, v in found.items() if v is not None}}

    def make(self, **fields: Any) -> Any:
        made = self.house.ok("POST", self.path, self.body(**fields))
        return made["port_forwarding"]

    def refused(self, **fields: Any) -> tuple[int, str]:
        got = self.house.ask("POST", self.path, self.body(**fields))
        assert got.status >= 400, got.body
        return got.status, got.error

    def shown(self) -> Any:
        return self.house.show("floatingip", self.floating["id"])

    def seen(self) -> tuple[PortForwarding, ...]:
        return self.house.view().port_forwardings


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    house = House(tmp_path)
    yield Place(house)
    house.close()


def address(port: Any) -> str:
    return str(port["fixed_ips"][0]["ip_address"])


def test_a_forwarding_lives(place: Place) -> None:
    made = place.make(description="ssh")
    assert made == {
        "id": made["id"],
        "internal_port_id": place.one["id"],
        "internal_ip_address": address(place.one),
        "internal_port": 22,
        "internal_port_range": "22:22",
        "external_port": 2222,
        "external_port_range": "2222:2222",
        "protocol": "tcp",
        "description": "ssh",
    }
    one = f"{place.path}/{made['id']}"
    assert place.house.ok("GET", one)["port_forwarding"] == made
    assert place.house.ok("GET", place.path)["port_forwardings"] == [made]
    floating = place.shown()
    assert floating["router_id"] == place.router["id"]
    assert floating["port_id"] is None and floating["fixed_ip_address"] is None
    (summary,) = floating["port_forwardings"]
    assert summary["external_port"] == 2222
    (seen,) = place.seen()
    assert seen == PortForwarding(
        made["id"],
        place.router["id"],
        "tcp",
        floating["floating_ip_address"],
        2222,
        2222,
        address(place.one),
        22,
        22,
    )
    # ACTIVE once the router's agent works on a view that has it.
    assert floating["status"] == "DOWN"
    place.house.report(HOST, revision=place.house.view().revision)
    assert place.shown()["status"] == "ACTIVE"
    # Lead elsewhere.
    change = {"port_forwarding": {"internal_port_id": place.two["id"]}}
    changed = place.house.ok("PUT", one, change)["port_forwarding"]
    assert changed["internal_ip_address"] == address(place.two)
    assert place.shown()["status"] == "DOWN"
    assert place.house.ask("DELETE", one).status == 204
    assert place.seen() == () and place.shown()["router_id"] is None
    assert place.house.ask("GET", one).status == 404
    assert place.house.delete("floatingip", place.floating["id"]).status == 204


def test_ranges(place: Place) -> None:
    made = place.make(
        internal_port=None,
        external_port=None,
        internal_port_range="80:89",
        external_port_range="8080:8089",
    )
    assert made["internal_port"] is None and made["external_port"] is None
    assert made["external_port_range"] == "8080:8089"
    many = place.make(
        external_port=None, external_port_range="9000:9009", protocol="udp"
    )
    assert many["internal_port"] == 22
    for fields in (
        {"external_port_range": "9100:9110", "internal_port_range": "80:82"},
        {"external_port_range": "9110:9100", "internal_port": 1},
        {"external_port_range": "0:5", "internal_port": 1},
        {"external_port_range": "9100", "internal_port": 1},
        {"external_port_range": "1:60000", "internal_port": 1},
        {"external_port": 99999, "internal_port": 1},
        {"external_port": 1, "external_port_range": "1:2", "internal_port": 1},
        {"external_port": 1},
        {"internal_port": 1},
    ):
        both = {"internal_port": None, "external_port": None, **fields}
        assert place.refused(**both)[0] == 400, fields
    assert place.refused(protocol="icmp")[0] == 400


def test_no_port_leads_to_two_places(place: Place) -> None:
    place.make()
    assert place.refused(internal_port_id=place.two["id"])[0] == 400
    overlapping = {"external_port": None, "external_port_range": "2220:2230"}
    assert place.refused(**overlapping)[0] == 400
    place.make(protocol="udp")
    second = place.make(external_port=2223, internal_port_id=place.two["id"])
    path = f"{place.path}/{second['id']}"
    body = {"port_forwarding": {"external_port": 2222}}
    assert place.house.ask("PUT", path, body).status == 400


def test_filters(place: Place) -> None:
    place.make()
    second = place.make(external_port=53, internal_port=53, protocol="udp")
    for query in ({"protocol": "udp"}, {"external_port": 53}):
        found = place.house.ok("GET", place.path, **query)["port_forwardings"]
        assert [each["id"] for each in found] == [second["id"]]
    assert place.house.ask("GET", place.path, nonsense=1).status == 400
    found = place.house.ok(
        "GET", place.path, sort_key="external_port", fields="external_port"
    )
    assert found["port_forwardings"] == [
        {"external_port": 53},
        {"external_port": 2222},
    ]


def test_floating_ips_either_forward_or_stand_for_a_port(place: Place) -> None:
    house, floating = place.house, place.floating["id"]
    made = place.make()
    refused = house.change_refused("floatingip", floating, port_id=place.two["id"])
    assert refused == (409, "FipInUseByPortForwarding")
    assert house.delete("floatingip", floating).status == 409
    assert house.change("floatingip", floating, description="x")["description"] == "x"
    other = house.make("floatingip", floating_network_id=house.external()["id"])
    refused = house.change_refused("floatingip", other["id"], port_id=place.one["id"])
    assert refused == (409, "PortHasPortForwarding")
    house.ask("DELETE", f"{place.path}/{made['id']}")
    house.change("floatingip", floating, port_id=place.two["id"])
    assert place.refused() == (409, "FloatingIPPortAlreadyAssociated")
    path = f"/v2.0/floatingips/{other['id']}/port_forwardings"
    got = house.ask("POST", path, place.body(internal_port_id=place.two["id"]))
    assert (got.status, got.error) == (409, "PortHasBindingFloatingIP")
    # What was refused left nothing behind.
    assert house.show("floatingip", other["id"])["router_id"] is None


def test_what_it_stands_on_stays(place: Place) -> None:
    place.make()
    path = f"/v2.0/routers/{place.router['id']}/remove_router_interface"
    got = place.house.ask("PUT", path, {"subnet_id": place.subnet["id"]})
    assert (got.status, got.error) == (409, "RouterInterfaceInUseByFloatingIP")
    refused = place.house.change_refused(
        "router", place.router["id"], external_gateway_info={}
    )
    assert refused[0] == 409
    elsewhere = [{"subnet_id": place.subnet["id"], "ip_address": "10.1.0.77"}]
    refused = place.house.change_refused("port", place.one["id"], fixed_ips=elsewhere)
    assert refused == (409, "FixedIpAddressInUseByPortForwarding")


def test_a_port_takes_its_forwardings_along(place: Place) -> None:
    place.make()
    place.make(external_port=2223, internal_port_id=place.two["id"])
    place.house.delete("port", place.one["id"])
    assert [each.outer_first for each in place.seen()] == [2223]
    assert place.shown()["router_id"] == place.router["id"]
    place.house.client.delete_port(place.two["id"])
    assert place.seen() == ()
    assert place.shown()["router_id"] is None
    assert place.house.ok("GET", place.path)["port_forwardings"] == []


def test_who_may(place: Place) -> None:
    house, made = place.house, place.make()
    one = f"{place.path}/{made['id']}"
    change = {"port_forwarding": {"description": "x"}}
    for project, roles, expected in (
        (None, "member", (200, 200, 200)),
        (None, "reader", (200, 200, 403)),
        (OTHER, "member", (404, 404, 404)),
        (OTHER, "admin", (200, 200, 200)),
    ):
        who: Any = {"roles": roles, **({"project": project} if project else {})}
        got = (
            house.ask("GET", place.path, **who).status,
            house.ask("GET", one, **who).status,
            house.ask("PUT", one, change, **who).status,
        )
        assert got == expected, (project, roles)
    assert house.ask("POST", place.path, place.body(), roles="reader").status == 403
    # Another project's port is not there, nor is what another floating IP forwards.
    network = house.make("network", as_project=OTHER)
    port = house.make("port", network_id=network["id"], as_project=OTHER)
    foreign = place.body(internal_port_id=port["id"], external_port=1)
    assert house.ask("POST", place.path, foreign).status == 404
    other = house.make("floatingip", floating_network_id=house.external()["id"])
    strange = f"/v2.0/floatingips/{other['id']}/port_forwardings/{made['id']}"
    assert house.ask("GET", strange).status == 404
    assert house.ask("DELETE", strange).status == 404
