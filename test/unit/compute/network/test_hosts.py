"""What hosts are told, what their agents tell, what the servers' room asks."""

from __future__ import annotations

import pytest

from compute.core.errors import NotFound
from compute.network.client import NewPort
from compute.network.report import AgentReport
from compute.network.view import HostView, Ipv6Mode, NetworkKind
from compute.network.view_wire import encode_report
from test.unit.compute.network.house import HOST, OTHER, OWNER, House


def served(house: House) -> tuple[dict, dict]:
    """A network with a guest on HOST; the network and the port."""
    network, _ = house.network()
    (port,) = house.client.create_ports(
        OWNER, [NewPort(network["id"], device_id="server", host=HOST, dns_name="web")]
    )
    return network, house.show("port", port.id, roles="admin")


def test_a_view_holds_what_the_host_needs(house: House) -> None:
    network, port = served(house)
    assert [each.id for each in house.view().ports] == [port["id"]]
    house.report()  # only a host whose agent was heard of can serve DHCP
    view = house.view()
    (seen,) = [each for each in view.networks if each.id == network["id"]]
    assert (seen.kind, seen.mtu) == (NetworkKind.LOCAL, 1450)
    (subnet,) = seen.subnets
    assert (subnet.cidr, subnet.gateway, subnet.dhcp) == (
        "10.1.0.0/24",
        "10.1.0.1",
        True,
    )
    assert subnet.ra_mode is Ipv6Mode.NONE
    guest = next(each for each in view.ports if each.id == port["id"])
    assert guest.addresses[0].address == port["fixed_ips"][0]["ip_address"]
    assert (guest.dns_name, guest.is_guest) == ("web", True)
    dhcp = next(each for each in view.ports if each.device_owner == "network:dhcp")
    assert dhcp.network_id == network["id"]
    (group,) = view.security_groups
    assert group.members == (port["fixed_ips"][0]["ip_address"],)


def test_the_external_network_of_a_view(house: House) -> None:
    house.report()
    house.client.default_network(OWNER)
    view = house.view()
    (external,) = [each for each in view.networks if each.kind is NetworkKind.EXTERNAL]
    assert external.host_addresses == ("172.24.4.1/24",)
    assert external.masquerade
    router = next(each for each in view.routers if each.gateway is not None)
    assert router.gateway is not None and router.gateway.snat
    assert router.interfaces


def test_another_host_knows_nothing_of_it(house: House) -> None:
    served(house)
    assert house.view("beta") == HostView("beta", house.view("beta").revision)


def test_nothing_new_is_no_view(house: House) -> None:
    network, _ = served(house)
    revision = house.view().revision
    assert house.client.host_view(HOST, revision) is None
    house.network("10.2.0.0/24")  # nothing of it is on the host
    assert house.client.host_view(HOST, revision) is None
    house.change("network", network["id"], dns_domain="example.org.")
    assert house.client.host_view(HOST, revision) is not None


def test_reports_make_ports_active(house: House) -> None:
    house.report()
    _, port = served(house)
    revision = house.view().revision
    house.report(active=(port["id"],))
    assert house.show("port", port["id"])["status"] == "ACTIVE"
    assert house.client.nics_of("server")[0].is_active
    # A status is no reason to look again.
    assert house.client.host_view(HOST, revision) is None
    house.client.bind_port(port["id"], device_id="server", host="beta")
    assert house.show("port", port["id"])["status"] == "DOWN"


def test_agents_are_alive_as_long_as_they_report(house: House) -> None:
    house.report()
    (agent,) = house.list("agent", roles="admin")
    assert (agent["host"], agent["alive"]) == (HOST, True)
    assert house.list("agent") == []
    path = f"/v2.0/agents/{agent['id']}"
    assert house.ask("DELETE", path, roles="admin").status == 409
    body = {"agent": {"admin_state_up": False}}
    changed = house.ok("PUT", path, body, roles="admin")["agent"]
    for text in ("by the door", None):  # what is shown may be written
        body = {"agent": {"description": text}}
        shown = house.ok("PUT", path, body, roles="admin")["agent"]
        assert shown["description"] == text
    assert changed["admin_state_up"] is False
    house.clock.advance(1000)
    assert house.list("agent", roles="admin", alive="False")[0]["id"] == agent["id"]
    assert house.ask("DELETE", path, roles="admin").status == 204
    assert house.ask("GET", path, roles="admin").error == "AgentNotFound"


def test_strangers_find_no_internal_paths(house: House) -> None:
    report = AgentReport(HOST, 0)
    for roles in ("member", "manager", "reader"):
        asked = [
            house.ask("GET", f"/internal/hosts/{HOST}/view", roles=roles),
            house.ask("POST", "/internal/devices", {"device_ids": []}, roles=roles),
            house.ask("GET", "/internal/lookup", roles=roles),
        ]
        assert [each.status for each in asked] == [404] * 3
    answer = house.caller.request(
        "POST",
        "/internal/hosts/beta/report",
        {"X-Auth-Token": house.tokens.token()},
        encode_report(report),
    )
    assert answer.status == 400  # another host's


def test_whose_address_it_is(house: House) -> None:
    network, port = served(house)
    address = port["fixed_ips"][0]["ip_address"]
    nic = house.client.nic_at(network["id"], address)
    assert nic is not None
    assert (nic.device_id, nic.project_id) == ("server", OWNER)
    assert nic.network_name == "inside"
    assert nic.security_groups == ("default",)
    assert nic.addresses[0].cidr == "10.1.0.0/24"
    assert house.client.nic_at(network["id"], "10.1.0.99") is None
    assert house.client.nics(["server", "nobody"]).keys() == {"server"}


def test_the_client_sees_as_the_project_does(house: House) -> None:
    network, port = served(house)
    assert house.client.network(OWNER, network["id"]).name == "inside"
    with pytest.raises(NotFound) as caught:
        house.client.network(OTHER, network["id"])
    assert caught.value.kind == "NetworkNotFound"
    with pytest.raises(NotFound):
        house.client.port(OTHER, port["id"])
    assert house.client.port(OWNER, port["id"]).host == HOST
    assert [each.id for each in house.client.ports_of_device("server")] == [port["id"]]
    house.client.delete_port(port["id"])
    house.client.delete_port(port["id"])
    house.client.unbind_port(port["id"])


def test_addresses_left(house: House) -> None:
    house.report()
    network, _ = served(house)
    path = f"/v2.0/network-ip-availabilities/{network['id']}"
    found = house.ok("GET", path, roles="admin")["network_ip_availability"]
    assert (found["total_ips"], found["used_ips"]) == (253, 2)
    assert house.ask("GET", path).status == 404
    zones = house.ok("GET", "/v2.0/availability_zones")["availability_zones"]
    assert {each["name"] for each in zones} == {"nova"}


def test_no_service_has_several_providers(house: House) -> None:
    assert house.ok("GET", "/v2.0/service-providers") == {"service_providers": []}


def test_strangers_learn_nothing_of_the_internal_api(house: House) -> None:
    assert house.ask("POST", "/internal/devices", {}).status == 404
    assert house.ask("POST", f"/internal/hosts/{HOST}/report", {}).status == 404


@pytest.mark.parametrize("owner", [[], {}, 7, "x" * 65])
def test_an_owner_is_an_id(house: House, owner: object) -> None:
    for name in ("project_id", "tenant_id"):
        body = {"network": {"name": "n", name: owner or [1]}}
        assert house.ask("POST", "/v2.0/networks", body, roles="admin").status == 400


def test_what_agents_serve(house: House) -> None:
    """As ``network agent list --router`` and ``network list --agent`` ask."""
    house.report()
    house.report("beta")
    found = house.client.default_network(OWNER)
    port = house.make("port", network_id=found.id)
    house.client.bind_port(port["id"], device_id="server", host=HOST)
    (router,) = house.list("router")
    agents = house.ok("GET", "/v2.0/agents", roles="admin")["agents"]
    ids = {each["host"]: each["id"] for each in agents}

    def listed(path: str, kind: str) -> list[str]:
        got = house.ok("GET", f"/v2.0/{path}", roles="admin")
        return [each["id"] for each in got[kind]]

    assert listed(f"agents/{ids[HOST]}/dhcp-networks", "networks") == [found.id]
    assert listed(f"agents/{ids['beta']}/dhcp-networks", "networks") == []
    assert router["id"] in listed(f"agents/{ids[HOST]}/l3-routers", "routers")
    assert router["id"] not in listed(f"agents/{ids['beta']}/l3-routers", "routers")
    assert listed(f"networks/{found.id}/dhcp-agents", "agents") == [ids[HOST]]
    assert listed(f"routers/{router['id']}/l3-agents", "agents") == [ids[HOST]]
    # The hosts of the cloud are not everybody's business.
    assert house.ok("GET", f"/v2.0/routers/{router['id']}/l3-agents")["agents"] == []
    path = f"/v2.0/agents/{ids[HOST]}/l3-routers"
    assert house.ask("GET", path).status == 404
    path = f"/v2.0/routers/{router['id']}/l3-agents"
    assert house.ask("GET", path, project=OTHER).status == 404
