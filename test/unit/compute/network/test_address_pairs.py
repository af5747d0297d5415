"""Allowed address pairs, added and taken away one by one."""

from __future__ import annotations

from typing import Any

from test.unit.compute.got import Got
from test.unit.compute.network.house import OTHER, House

MAC = "fa:16:3e:99:00:01"


def ask(house: House, port: Any, verb: str, *pairs: dict[str, str], **who: Any) -> Got:
    path = f"/v2.0/ports/{port['id']}/{verb}_allowed_address_pairs"
    return house.ask("PUT", path, {"port": {"allowed_address_pairs": pairs}}, **who)


def addresses(got: Got) -> list[str]:
    assert got.status == 200, got.body
    return [each["ip_address"] for each in got.json["port"]["allowed_address_pairs"]]


def test_pairs_come_and_go(house: House) -> None:
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    one, two = {"ip_address": "10.9.0.0/24"}, {"ip_address": "10.9.1.1"}
    assert addresses(ask(house, port, "add", one)) == ["10.9.0.0/24"]
    got = ask(house, port, "add", two, one)
    assert addresses(got) == ["10.9.0.0/24", "10.9.1.1"]
    assert got.json["port"]["revision_number"] > port["revision_number"]
    # The port's own address says no more than none does.
    named = {**one, "mac_address": port["mac_address"]}
    assert addresses(ask(house, port, "add", named)) == ["10.9.0.0/24", "10.9.1.1"]
    other = {**two, "mac_address": MAC}
    assert len(addresses(ask(house, port, "add", other))) == 3
    assert addresses(ask(house, port, "remove", named, two)) == ["10.9.1.1"]
    assert addresses(ask(house, port, "remove", one)) == ["10.9.1.1"]
    assert addresses(ask(house, port, "remove", other)) == []


def test_what_is_refused(house: House) -> None:
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    one = {"ip_address": "10.9.0.1"}
    assert ask(house, port, "add", one, one).status == 400
    assert ask(house, port, "add", {"ip_address": "garbage"}).status == 400
    assert ask(house, port, "add", {"mac_address": MAC}).status == 400
    many = [{"ip_address": f"10.9.0.{number}"} for number in range(11)]
    assert ask(house, port, "add", *many[:10]).status == 200
    assert ask(house, port, "add", *many).status == 400
    assert ask(house, port, "add", one, project=OTHER).status == 404
    assert ask(house, port, "remove", one, roles="reader").status == 403
    open_port = house.make(
        "port",
        network_id=network["id"],
        port_security_enabled=False,
        security_groups=[],
    )
    assert ask(house, open_port, "add", one).status == 409
