"""Ports of load balancers: who may touch them, what comes in, where they lead."""

from __future__ import annotations

import pytest

from compute.core.errors import Conflict
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import LinkKind, Route
from compute.network.agent.plan.plan import plan
from compute.network.agent.plan.wired import wired
from compute.network.agent.settings import AgentSettings
from compute.network.client import Opening, VipClient, VipPort, balancer_namespace
from compute.network.port_names import tap_name
from test.fakes.network_host import MemoryHost
from test.unit.compute.network.house import HOST, OTHER, OWNER, House

BALANCER = "0b5a1c00-0000-4000-8000-00000000000b"


def vip(house: House) -> tuple[VipClient, VipPort, str]:
    """A load balancer's port on a network of OWNER's."""
    network, subnet = house.network()
    client = VipClient(house.caller, house.tokens)
    group = client.make_group(BALANCER)
    port = client.create_port(
        OWNER,
        BALANCER,
        network_id=network["id"],
        places=[(subnet["id"], "")],
        host=HOST,
        groups=[group],
    )
    return client, port, group


def test_a_port_with_what_listeners_serve(house: House) -> None:
    house.report()
    client, port, group = vip(house)
    assert house.show("port", port.id)["device_id"] == f"lb-{BALANCER}"
    openings = {Opening(4, 80), Opening(6, 80), Opening(4, 443, "192.0.2.0/24")}
    client.set_openings(group, openings)
    client.set_openings(group, {Opening(4, 80), Opening(4, 8080)})
    rules = house.list("security_group_rule", security_group_id=group, roles="admin")
    seen = {each["port_range_min"] for each in rules if each["direction"] == "ingress"}
    assert seen == {80, 8080}
    assert client.ports_of(BALANCER) == [port] == client.all_ports()
    client.delete_port(port.id)
    client.delete_group(group)
    client.delete_port(port.id)
    client.delete_group(group)
    assert client.all_ports() == []


def test_its_group_is_counted_for_nobody(house: House) -> None:
    client = VipClient(house.caller, house.tokens)
    made = {client.make_group(f"lb{number}") for number in range(15)}
    assert len(made) == 15
    assert not made & {each["id"] for each in house.list("security_group")}


def test_users_leave_it_alone(house: House) -> None:
    _, port, _ = vip(house)
    for what in ({"device_id": ""}, {"device_owner": ""}, {"fixed_ips": []}):
        status, _ = house.change_refused("port", port.id, **what)
        assert status == 403, what
    got = house.delete("port", port.id)
    assert (got.status, got.error) == (409, "ServicePortInUse")
    assert house.delete("port", port.id, project=OTHER).status == 404
    fields = {"network_id": port.network_id, "device_owner": "Octavia"}
    assert house.refused("port", **fields)[0] == 403


def test_a_port_that_was_there_is_given_back(house: House) -> None:
    network, _ = house.network()
    made = house.make("port", network_id=network["id"])
    client = VipClient(house.caller, house.tokens)
    found = client.find_port(OWNER, made["id"])
    assert found.address == made["fixed_ips"][0]["ip_address"]
    group = client.make_group(BALANCER)
    taken = client.take_port(found.id, BALANCER, host=HOST, groups=[group])
    assert (taken.device_owner, taken.host) == ("Octavia", HOST)
    client.give_back(found.id)
    assert house.show("port", found.id)["device_owner"] == ""


def test_it_leads_into_a_namespace(house: House) -> None:
    house.report()
    _, port, group = vip(house)
    view = house.view()
    zones = assign_zones(view.networks, {})
    desired = desired_state(view, AgentSettings(HOST, house.directory), zones)
    name = balancer_namespace(BALANCER)
    link = desired.links[tap_name(port.id)]
    assert (link.kind, link.inner_namespace) == (LinkKind.VETH, name)
    assert link.inner is not None and f"{port.address}/24" in link.inner.addresses
    assert desired.namespaces[name].routes == {Route("0.0.0.0/0", "10.1.0.1")}
    assert f"ingress_{tap_name(port.id)}" in desired.rules
    assert f"jump ingress_{group}" in desired.rules
    host = MemoryHost()
    operations = plan(desired, host.observe())
    assert not wired(view, operations)[port.id]
    assert host.apply(operations, desired) == []
    host.settle(desired)
    assert plan(desired, host.observe()) == []
    assert wired(view, [])[port.id]


def test_a_port_is_taken_once(house: House) -> None:
    """Two may have found it free."""
    house.report()
    client = VipClient(house.caller, house.tokens)
    network, _ = house.network()
    port = house.make("port", network_id=network["id"])
    group = client.make_group(BALANCER)
    other = BALANCER[:-1] + "c"
    client.take_port(port["id"], BALANCER, host=HOST, groups=[group])
    client.take_port(port["id"], BALANCER, host=HOST, groups=[group])
    with pytest.raises(Conflict):
        client.take_port(port["id"], other, host=HOST, groups=[group])
    assert [each.id for each in client.ports_of(BALANCER)] == [port["id"]]
    client.give_back(port["id"])
    client.take_port(port["id"], other, host=HOST, groups=[group])
