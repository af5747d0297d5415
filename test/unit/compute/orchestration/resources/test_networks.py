"""Networks, routers, floating IPs, groups: what ties them, and changes in place."""

from __future__ import annotations

from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Definition
from test.unit.compute.orchestration.resources.bench import Bench

NET, SUBNET, PORT = "OS::Neutron::Net", "OS::Neutron::Subnet", "OS::Neutron::Port"
ROUTER, INTERFACE = "OS::Neutron::Router", "OS::Neutron::RouterInterface"
GROUP, TRUNK = "OS::Neutron::SecurityGroup", "OS::Neutron::Trunk"


def _subnet(bench: Bench, cidr: str = "10.5.0.0/24") -> tuple[str, str]:
    network = bench.make(NET).physical_id
    return network, bench.make(SUBNET, network=network, cidr=cidr).physical_id


def _outside(admin: Bench) -> str:
    made = admin.make(
        "OS::Neutron::ProviderNet",
        network_type="flat",
        physical_network="public",
        router_external=True,
    )
    admin.make(SUBNET, network=made.physical_id, cidr="172.30.0.0/24")
    return str(made.physical_id)


def test_a_way_outside(admin: Bench) -> None:
    outside, (network, subnet) = _outside(admin), _subnet(admin)
    router = admin.make(ROUTER, external_gateway_info={"network": outside})
    tie = admin.make(INTERFACE, router=router.physical_id, subnet=subnet, die_after=1)
    port = admin.make(PORT, network=network, fixed_ips=[{"subnet": subnet}])
    address = admin.make(
        "OS::Neutron::FloatingIP", floating_network=outside, port_id=port.physical_id
    )
    ask = admin.kind("OS::Neutron::FloatingIP").attribute
    assert ask(address, "floating_ip_address").startswith("172.30.0.")
    assert ask(address, "router_id") == router.physical_id
    admin.change("OS::Neutron::FloatingIP", address, port_id=None)
    assert ask(address, "port_id") is None
    part = "OS::Neutron::FloatingIPAssociation"
    tied = admin.make(part, floatingip_id=address.physical_id, port_id=port.physical_id)
    assert ask(address, "port_id") == port.physical_id
    admin.delete(part, tied)
    assert ask(address, "port_id") is None
    for kind, work in (
        ("OS::Neutron::FloatingIP", address),
        (PORT, port),
        (INTERFACE, tie),
        (ROUTER, router),
    ):
        admin.delete(kind, work, die_after=1)
        admin.delete(kind, work)  # what is gone already is no failure


def test_routes_of_a_router(bench: Bench) -> None:
    _, subnet = _subnet(bench)
    router = bench.make(ROUTER).physical_id
    bench.make(INTERFACE, router_id=router, subnet_id=subnet)
    first = {"destination": "10.99.0.0/16", "nexthop": "10.5.0.9"}
    second = {"destination": "10.98.0.0/16", "nexthop": "10.5.0.8"}
    kind = "OS::Neutron::ExtraRouteSet"
    work = bench.make(kind, router=router, routes=[first], die_after=1)
    bench.change(kind, work, routes=[second])
    shown = bench.cloud.get("network", "routers", router)["router"]["routes"]
    assert shown == [second]
    bench.delete(kind, work)
    assert not bench.cloud.get("network", "routers", router)["router"]["routes"]


def test_rules_of_a_group_follow_the_template(bench: Bench) -> None:
    http = {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    work = bench.make(GROUP, name="web", rules=[http])
    rules = bench.kind(GROUP).attribute(work, "security_group_rules")
    assert len(rules) == 3  # two let everything out
    by_hand = {"security_group_id": work.physical_id, "direction": "ingress"}
    by_hand |= {"protocol": "icmp"}
    bench.cloud.post(
        "network", "security-group-rules", body={"security_group_rule": by_hand}
    )
    dns = {"direction": "egress", "protocol": "udp", "port_range_min": 53}
    dns |= {"port_range_max": 53}
    bench.change(GROUP, work, rules=[dns], description="out", die_after=2)
    rules = bench.kind(GROUP).attribute(work, "security_group_rules")
    assert sorted(rule["protocol"] for rule in rules) == ["icmp", "udp"]


def test_changes_in_place(bench: Bench) -> None:
    network, subnet = _subnet(bench)
    port = bench.make(PORT, network=network, security_groups=[])
    bench.change(
        PORT, port, name="new", fixed_ips=[{"subnet": subnet, "ip_address": "10.5.0.9"}]
    )
    ask = bench.kind(PORT).attribute
    assert ask(port, "name") == "new"
    assert ask(port, "fixed_ips")[0]["ip_address"] == "10.5.0.9"
    assert ask(port, "subnets")[0]["id"] == subnet
    assert ask(port, "network")["id"] == network
    assert bench.kind(PORT).must_replace(bench.change(PORT, port, network="other"))
    always = bench.change(PORT, port, replacement_policy="REPLACE_ALWAYS")
    assert bench.kind(PORT).must_replace(always)


def test_rules_of_a_policy(admin: Bench) -> None:
    policy = admin.make("OS::Neutron::QoSPolicy", name="slow").physical_id
    kind = "OS::Neutron::QoSBandwidthLimitRule"
    work = admin.make(kind, policy=policy, max_kbps=1000, die_after=1)
    admin.change(kind, work, max_kbps=2000)
    mark = admin.make("OS::Neutron::QoSDscpMarkingRule", policy="slow", dscp_mark=8)
    rules = admin.cloud.get("network", "qos", "policies", policy)["policy"]["rules"]
    assert len(rules) == 2
    assert {rule.get("max_kbps") for rule in rules} == {2000, None}
    admin.delete(kind, work)
    admin.cloud.delete("network", "qos", "policies", policy)
    admin.delete("OS::Neutron::QoSDscpMarkingRule", mark)


def test_what_a_label_counts(admin: Bench) -> None:
    label = admin.make("OS::Neutron::MeteringLabel", name="out", shared=True)
    assert admin.kind("OS::Neutron::MeteringLabel").attribute(label, "shared") is True
    kind = "OS::Neutron::MeteringRule"
    of_label = {"metering_label_id": "out", "remote_ip_prefix": "0.0.0.0/0"}
    work = admin.make(kind, **of_label, direction="egress", die_after=1)
    assert admin.kind(kind).attribute(work, "direction") == "egress"
    assert admin.kind(kind).attribute(work, "metering_label_id") == label.physical_id
    admin.delete(kind, work)
    admin.delete("OS::Neutron::MeteringLabel", label)


def _definition(name: str, kind: str, **properties: Any) -> Definition:
    return Definition(name, kind, properties)


def test_what_must_be_there_first(bench: Bench) -> None:
    net, other = {"get_resource": "net"}, {"get_resource": "other"}
    all_of_them = {
        each.name: each
        for each in (
            _definition("one", SUBNET, network=net, cidr="10.0.0.0/24"),
            _definition("two", SUBNET, network=other, cidr="10.1.0.0/24"),
            _definition("tie", INTERFACE, router={"get_resource": "r"}, subnet="s"),
            _definition("port", PORT, network=net),
            _definition("address", "OS::Neutron::FloatingIP", floating_network="out"),
            _definition("web", "OS::Nova::Server", networks=[{"network": net}]),
        )
    }

    def needs(name: str) -> list[str]:
        mine = all_of_them[name]
        return list(bench.kind(mine.type).dependencies(mine, all_of_them))

    assert needs("port") == ["one"]
    assert needs("web") == ["one"]
    assert needs("address") == ["tie"]


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (SUBNET, {"cidr": "10.0.0.0/8"}, "network"),
        (SUBNET, {"network": "n"}, "cidr"),
        (SUBNET, {"network": "n", "cidr": "c", "ipv6_ra_mode": "slaac"}, "ip_version"),
        (PORT, {"network": "n", "binding:vnic_type": "direct"}, "normal"),
        (PORT, {"network": "n", "propagate_uplink_status": True}, "does not have"),
        (ROUTER, {"ha": True}, "does not have"),
        (INTERFACE, {"router": "r"}, "subnet and port"),
        (GROUP, {"name": "default"}, "already"),
        ("OS::Neutron::FloatingIP", {}, "floating_network"),
    ],
)
def test_what_cannot_be(
    kind: str, given: dict[str, Any], why: str, bench: Bench
) -> None:
    with pytest.raises(Invalid, match=why):
        bench.work(kind, **given)


def test_a_gateway_and_a_port_of_an_address(admin: Bench) -> None:
    outside, (network, subnet) = _outside(admin), _subnet(admin)
    router = admin.make(ROUTER).physical_id
    admin.make(INTERFACE, router=router, subnet=subnet)
    gateway = "OS::Neutron::RouterGateway"
    way = admin.make(gateway, router_id=router, network=outside, die_after=1)
    port = admin.make(PORT, network=network).physical_id
    address = admin.make("OS::Neutron::FloatingIP", floating_network=outside)
    kind = "OS::Neutron::FloatingIPPortForward"
    given = {"internal_port": port, "protocol": "tcp", "internal_port_number": 80}
    forward = admin.make(
        kind,
        floatingip=address.physical_id,
        external_port=8080,
        internal_ip_address=_address(admin, port),
        **given,
        die_after=1,
    )
    admin.change(kind, forward, external_port=8081, die_after=1)
    assert admin.kind(kind).attribute(forward, "show")["external_port"] == 8081
    admin.delete(kind, forward, die_after=1)
    admin.delete("OS::Neutron::FloatingIP", address)
    admin.delete(gateway, way, die_after=1)
    shown = admin.cloud.get("network", "routers", router)["router"]
    assert shown["external_gateway_info"] is None


def _address(bench: Bench, port: str) -> str:
    found = bench.cloud.get("network", "ports", port)["port"]["fixed_ips"]
    return str(found[0]["ip_address"])


def test_a_network_is_lent(admin: Bench) -> None:
    network = admin.make(NET).physical_id
    kind = "OS::Neutron::RBACPolicy"
    work = admin.make(
        kind,
        object_type="network",
        object_id=network,
        target_tenant="c" * 32,
        action="access_as_shared",
        die_after=1,
    )
    admin.change(kind, work, target_tenant="d" * 32)
    assert admin.kind(kind).attribute(work, "target_tenant") == "d" * 32
    admin.delete(kind, work, die_after=1)
    # Others lend the external network.
    path = ("network", "rbac_policies", "rbac-policies")
    assert not list(admin.cloud.pages(*path, object_id=network))


def test_a_trunk_changes_its_ports(bench: Bench) -> None:
    network, _ = _subnet(bench)
    parent, one, two = (
        str(bench.make(PORT, network=network).physical_id) for _ in range(3)
    )

    def item(port: str, vlan: int) -> dict[str, Any]:
        tag = {"segmentation_type": "vlan", "segmentation_id": vlan}
        return {"port": port, **tag}

    def held(trunk: Any) -> list[tuple[str, int]]:
        shown = bench.kind(TRUNK).attribute(trunk, "show")
        found = [(x["port_id"], x["segmentation_id"]) for x in shown["sub_ports"]]
        return sorted(found, key=lambda each: each[1])

    trunk = bench.make(TRUNK, port=parent, sub_ports=[item(one, 7)])
    assert held(trunk) == [(one, 7)]
    bench.change(TRUNK, trunk, sub_ports=[item(two, 7), item(one, 8)])
    assert held(trunk) == [(two, 7), (one, 8)]
    bench.change(TRUNK, trunk, sub_ports=[], admin_state_up=False)
    assert held(trunk) == []
    bench.change(TRUNK, trunk, sub_ports=[item(one, 9)], admin_state_up=True)
    assert held(trunk) == [(one, 9)]
    bench.delete(TRUNK, trunk)
