"""Conntrack helpers of routers."""

from __future__ import annotations

from typing import Any

import pytest

from compute.network.agent.rules.conntrack_helpers import helper_text
from compute.network.conntrack_names import CONNTRACK_HELPERS
from compute.network.view import ConntrackHelper
from test.unit.compute.got import Got
from test.unit.compute.network.house import HOST, OTHER, House

TFTP = {"helper": "tftp", "protocol": "udp", "port": 69}


def ask(house: House, verb: str, router: Any, more: str = "", body: Any = None) -> Got:
    path = f"/v2.0/routers/{router['id']}/conntrack_helpers{more}"
    sent = None if body is None else {"conntrack_helper": body}
    return house.ask(verb, path, sent)


def test_helpers_of_a_router(house: House) -> None:
    router = house.make("router", name="r")
    made = ask(house, "POST", router, body=TFTP)
    assert made.status == 201, made.body
    helper = made.json["conntrack_helper"]
    assert {name: helper[name] for name in TFTP} == TFTP
    assert house.show("router", router["id"])["conntrack_helpers"] == [TFTP]
    more = f"/{helper['id']}"
    changed = ask(house, "PUT", router, more, {"port": 6969})
    assert changed.json["conntrack_helper"]["port"] == 6969
    found = ask(house, "GET", router, "?protocol=udp").json["conntrack_helpers"]
    assert [each["id"] for each in found] == [helper["id"]]
    assert ask(house, "GET", router, more).status == 200
    other = house.ask(
        "GET", f"/v2.0/routers/{router['id']}/conntrack_helpers", project=OTHER
    )
    assert other.status == 404
    assert ask(house, "DELETE", router, more).status == 204
    assert ask(house, "GET", router, more).status == 404
    assert ask(house, "POST", router, body=TFTP).status == 201
    assert house.delete("router", router["id"]).status == 204


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"helper": "telnet"}, "ConntrackHelperNotAllowed"),
        ({"helper": 'tftp"; drop'}, "ConntrackHelperNotAllowed"),
        ({"protocol": "tcp"}, "InvalidProtocolForHelper"),
        ({"port": 0}, ""),
        ({"port": "69"}, ""),
        ({"port": None}, ""),
        ({}, "BadRequest"),  # again
    ],
)
def test_what_is_refused(house: House, change: Any, kind: str) -> None:
    router = house.make("router", name="r")
    assert ask(house, "POST", router, body=TFTP).status == 201
    refused = ask(house, "POST", router, body={**TFTP, **change})
    assert refused.status == 400
    assert kind in ("", refused.error)


def test_the_routers_host_is_told(house: House) -> None:
    house.report()
    network, subnet = house.network()
    port = house.make("port", network_id=network["id"])
    house.client.bind_port(port["id"], device_id="server", host=HOST)
    router = house.make("router", name="r")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    house.ok("PUT", path, {"subnet_id": subnet["id"]})
    house.listen(f"network.host.{HOST}")
    assert ask(house, "POST", router, body=TFTP).status == 201
    assert house.woken
    (told,) = (each for each in house.view().routers if each.id == router["id"])
    assert told.helpers == (ConntrackHelper("tftp", "udp", 69),)


def test_a_router_is_told_what_the_kernel_has() -> None:
    helpers = (ConntrackHelper("tftp", "udp", 69), ConntrackHelper("ftp", "tcp", 21))
    text = helper_text(helpers, CONNTRACK_HELPERS)
    assert 'udp dport 69 ct helper set "tftp_udp"' in text
    assert 'tcp dport 21 ct helper set "ftp_tcp"' in text
    less = helper_text(helpers, frozenset({("ftp", "tcp")}))
    assert "ftp_tcp" in less and "tftp" not in less
    assert helper_text(helpers, frozenset()) == ""
