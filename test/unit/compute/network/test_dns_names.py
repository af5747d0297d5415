"""Names in the DNS: what is taken, what is shown, what resolvers are told."""

from __future__ import annotations

from typing import Any

import pytest

from compute.network.host_names import HostName
from compute.network.hosts.view_names import (
    OF_ADDRESS,
    OF_BORROWER,
    OF_OWNER,
    Claim,
    settled,
    told,
)
from test.unit.compute.network.house import HOST, OTHER, House

FAR = "beta"


def test_a_name_is_full_by_its_own_domain_or_by_its_networks(house: House) -> None:
    network, _ = house.network(dns_domain="red.example.")

    def port(**fields: Any) -> Any:
        made = house.make("port", network_id=network["id"], **fields)
        return made, made["dns_assignment"][0]

    _, assigned = port(dns_name="Web")
    assert (assigned["hostname"], assigned["fqdn"]) == ("web", "web.red.example.")
    _, assigned = port(dns_name="web", dns_domain="blue.example.")
    assert assigned["fqdn"] == "web.blue.example."
    _, assigned = port(dns_name="db.red.example.")
    assert (assigned["hostname"], assigned["fqdn"]) == ("db", "db.red.example.")
    nameless, assigned = port()
    called = "host-" + assigned["ip_address"].replace(".", "-")
    assert (nameless["dns_name"], nameless["dns_domain"]) == ("", "")
    assert (assigned["hostname"], assigned["fqdn"]) == (
        called,
        called + ".red.example.",
    )
    changed = house.change("port", nameless["id"], dns_domain="blue.example.")
    assert changed["dns_assignment"][0]["fqdn"] == called + ".blue.example."


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("network", {"dns_domain": "no.dot.at.the.end"}),
        ("network", {"dns_domain": "new\nline."}),
        ("port", {"dns_domain": "-."}),
        ("port", {"dns_domain": "example.7."}),
        ("port", {"dns_name": "a." * 100 + "a", "dns_domain": "b." * 60}),
        ("floatingip", {"dns_name": "alone"}),
        ("floatingip", {"dns_domain": "alone.example."}),
        ("floatingip", {"dns_name": "full.", "dns_domain": "example."}),
    ],
)
def test_what_is_no_name_is_refused(
    house: House, kind: str, fields: dict[str, str]
) -> None:
    network, _ = house.network()
    if kind == "port":
        fields = {**fields, "network_id": network["id"]}
    if kind == "floatingip":
        fields = {**fields, "floating_network_id": house.external()["id"]}
    assert house.refused(kind, **fields)[0] == 400


def test_floating_ips_have_names(house: House) -> None:
    outside = house.external()["id"]
    made = house.make(
        "floatingip",
        floating_network_id=outside,
        dns_name="WWW",
        dns_domain="red.example.",
    )
    assert (made["dns_name"], made["dns_domain"]) == ("www", "red.example.")
    (found,) = house.list("floatingip", dns_name="www")
    assert found["id"] == made["id"]
    changed = house.change("floatingip", made["id"], dns_name="", dns_domain="")
    assert (changed["dns_name"], changed["dns_domain"]) == ("", "")
    assert (
        house.change_refused("floatingip", made["id"], dns_name="x")[1] == "BadRequest"
    )


def test_a_host_is_told_the_names_of_its_networks(house: House) -> None:
    network, _ = house.network(dns_domain="red.example.")
    where = {"network_id": network["id"], "as_roles": "admin"}

    def guest(host: str, **fields: Any) -> Any:
        return house.make(
            "port",
            device_owner="compute:nova",
            binding__host_id=host,
            **where,
            **fields,
        )

    house.report(HOST)
    here = guest(HOST, dns_name="here", project_id=network["project_id"])
    house.listen("network.host." + HOST)
    there = guest(FAR, project_id=network["project_id"])
    assert house.woken, "who answers for the network hears of a guest elsewhere"
    foreign = guest(
        FAR, project_id=OTHER, dns_name="bank", dns_domain="elsewhere.example."
    )
    floating = house.make(
        "floatingip",
        floating_network_id=house.external()["id"],
        dns_name="www",
        dns_domain="example.org.",
    )
    house.make(
        "floatingip",
        floating_network_id=house.external()["id"],
        dns_name="bank",
        dns_domain="example.org.",
        as_project=OTHER,
    )
    address = there["fixed_ips"][0]["ip_address"]
    seen = next(one for one in house.view().networks if one.id == network["id"])
    assert set(seen.names) == {
        HostName(here["fixed_ips"][0]["ip_address"], "here"),
        HostName(address, "host-" + address.replace(".", "-")),
        HostName(floating["floating_ip_address"], "www.example.org"),
    }
    assert foreign["dns_assignment"][0]["fqdn"] == "bank.elsewhere.example."
    house.woken.clear()
    house.delete("port", there["id"], roles="admin")
    assert house.woken


@pytest.mark.parametrize(
    ("domain", "full", "owners", "others"),
    [
        ("red.example.", "web.red.example.", "web", "web"),
        (
            "red.example.",
            "a.web.red.example.",
            "a.web.red.example",
            "a.web.red.example",
        ),
        ("red.example.", "web.blue.example.", "web.blue.example", ""),
        ("red.example.", "webred.example.", "webred.example", ""),
        ("", "web.", "web", "web"),
        ("", "web.example.", "web.example", ""),
    ],
)
def test_only_a_networks_owner_says_names_outside_its_domain(
    domain: str, full: str, owners: str, others: str
) -> None:
    assert told(domain, full, is_owner=True) == owners
    assert told(domain, full, is_owner=False) == others


@pytest.mark.parametrize("name", ["localhost", "wpad", "isatap"])
def test_what_programs_look_for_unasked_is_no_neighbour(name: str) -> None:
    for domain in ("", "red.example."):
        full = f"{name}.{domain}"
        assert told(domain, full, is_owner=True) == name
        assert told(domain, full, is_owner=False) == ""


def test_a_name_is_one_projects() -> None:
    def claim(rank: int, since: float, project: str, name: str, at: str) -> Claim:
        return Claim(rank, since, project, HostName(at, name))

    found = settled(
        [
            claim(OF_BORROWER, 1.0, "early", "db", "10.1.0.3"),
            claim(OF_BORROWER, 2.0, "late", "db", "10.1.0.4"),
            claim(OF_BORROWER, 3.0, "early", "db", "10.1.0.5"),
            claim(OF_BORROWER, 1.0, "early", "www", "10.1.0.3"),
            claim(OF_OWNER, 9.0, "owner", "www", "10.1.0.9"),
            claim(OF_BORROWER, 1.0, "early", "host-10-1-0-7", "10.1.0.3"),
            claim(OF_ADDRESS, 9.0, "late", "host-10-1-0-7", "10.1.0.7"),
        ]
    )
    assert found == (
        HostName("10.1.0.3", "db"),
        HostName("10.1.0.5", "db"),
        HostName("10.1.0.7", "host-10-1-0-7"),
        HostName("10.1.0.9", "www"),
    )


def test_a_borrower_takes_no_name_from_the_owner(house: House) -> None:
    network, _ = house.network(dns_domain="red.example.")

    def guest(project: str, name: str) -> str:
        made = house.make(
            "port",
            network_id=network["id"],
            project_id=project,
            device_owner="compute:nova",
            binding__host_id=HOST,
            dns_name=name,
            as_roles="admin",
        )
        return str(made["fixed_ips"][0]["ip_address"])

    house.report(HOST)
    guest(OTHER, "db")
    guest(OTHER, "wpad")
    mine = guest(network["project_id"], "db")
    (seen,) = (one for one in house.view().networks if one.id == network["id"])
    assert seen.names == (HostName(mine, "db"),)
