"""QoS policies: their rules, who may use them, and what hosts are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.network.quality import UNMARKED, Bandwidth, PacketRate, Quality
from test.unit.compute.network.house import HOST, OTHER, OWNER, Got, House

POLICIES = "/v2.0/qos/policies"
WAKE = f"network.host.{HOST}"


class Operator:
    """An administrator of OWNER."""

    def __init__(self, house: House) -> None:
        self.house = house

    def ask(self, method: str, path: str, body: Any = None, **who: Any) -> Got:
        return self.house.ask(method, path, body, **{"roles": "admin", **who})

    def policy(self, name: str = "slow", **fields: Any) -> Any:
        got = self.ask("POST", POLICIES, {"policy": {"name": name, **fields}})
        assert got.status == 201, got.body
        return got.json["policy"]

    def rule(self, policy: Any, kind: str = "bandwidth_limit", **fields: Any) -> Any:
        path = f"{POLICIES}/{policy['id']}/{kind}_rules"
        got = self.ask("POST", path, {f"{kind}_rule": fields})
        assert got.status == 201, got.body
        return got.json[f"{kind}_rule"]

    def bound_port(self, network: Any, **fields: Any) -> Any:
        return self.house.make(
            "port",
            network_id=network["id"],
            binding__host_id=HOST,
            device_owner="compute:nova",
            as_roles="admin",
            **fields,
        )

    def told(self, port: Any) -> Quality:
        """What the port's host knows."""
        ports = {each.id: each for each in self.house.view().ports}
        return ports[port["id"]].quality


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    house = House(tmp_path)
    house.report(HOST)
    yield Operator(house)
    house.close()


def test_a_policy_lives(operator: Operator) -> None:
    house, made = operator.house, operator.policy(description="for all")
    assert (made["rules"], made["shared"], made["is_default"]) == ([], False, False)
    path = f"{POLICIES}/{made['id']}"
    limit = operator.rule(made, max_kbps=1000, max_burst_kbps=100)
    assert limit == {
        "id": limit["id"],
        "max_kbps": 1000,
        "max_burst_kbps": 100,
        "direction": "egress",
    }
    mark = operator.rule(made, "dscp_marking", dscp_mark=10)
    shown = house.ok("GET", path)["policy"]
    assert shown["rules"] == [
        {**limit, "type": "bandwidth_limit", "qos_policy_id": made["id"]},
        {**mark, "type": "dscp_marking", "qos_policy_id": made["id"]},
    ]
    listed = house.ok("GET", f"{path}/bandwidth_limit_rules")
    assert listed == {"bandwidth_limit_rules": [limit]}
    change = {"bandwidth_limit_rule": {"max_kbps": 2000}}
    one = f"{path}/bandwidth_limit_rules/{limit['id']}"
    assert operator.ask("PUT", one, change).json["bandwidth_limit_rule"] == {
        **limit,
        "max_kbps": 2000,
    }
    alias = f"/v2.0/qos/alias_dscp_marking_rules/{mark['id']}"
    assert house.ok("GET", alias)["alias_dscp_marking_rule"]["dscp_mark"] == 10
    assert operator.ask("DELETE", alias).status == 204
    assert operator.ask("DELETE", one).status == 204
    assert house.ok("GET", path)["policy"]["rules"] == []
    tags = f"/v2.0/policies/{made['id']}/tags"
    house.ok("PUT", tags, {"tags": ["a"]}, roles="admin")
    tagged = house.ok("GET", POLICIES, tags="a")["policies"]
    assert [each["id"] for each in tagged] == [made["id"]]
    operator.rule(made, max_kbps=1)
    assert operator.ask("DELETE", path).status == 204
    assert house.ask("GET", path).status == 404


def test_rules_that_would_mean_nothing_are_refused(operator: Operator) -> None:
    made = operator.policy()
    path = f"{POLICIES}/{made['id']}"
    first = operator.rule(made, max_kbps=1)["id"]
    operator.rule(made, max_kbps=1, direction="ingress")
    operator.rule(made, "dscp_marking", dscp_mark=46)
    operator.rule(made, "packet_rate_limit", max_kpps=5)
    cases: list[tuple[str, Any, int]] = [
        ("bandwidth_limit", {"max_kbps": 5}, 409),
        ("bandwidth_limit", {"max_kbps": 0}, 400),
        ("bandwidth_limit", {"max_kbps": 2**31}, 400),
        ("bandwidth_limit", {"max_kbps": 1, "direction": "up"}, 400),
        ("bandwidth_limit", {"max_burst_kbps": 1}, 400),
        ("dscp_marking", {"dscp_mark": 10}, 409),
        ("dscp_marking", {"dscp_mark": 1}, 400),
        ("dscp_marking", {"dscp_mark": 64}, 400),
        ("packet_rate_limit", {"max_kpps": 1}, 409),
        ("packet_rate_limit", {"max_kpps": 0}, 400),
        ("packet_rate_limit", {"max_kpps": 1_000_001}, 400),
        ("packet_rate_limit", {"max_kpps": 1, "direction": "any"}, 400),
    ]
    for kind, fields, status in cases:
        body = {f"{kind}_rule": fields}
        assert operator.ask("POST", f"{path}/{kind}_rules", body).status == status
    turned = {"bandwidth_limit_rule": {"direction": "ingress"}}
    one = f"{path}/bandwidth_limit_rules/{first}"
    assert operator.ask("PUT", one, turned).status == 409
    other = operator.policy("other")
    one = f"{POLICIES}/{other['id']}/bandwidth_limit_rules/{first}"
    assert operator.ask("GET", one).status == 404


def test_only_administrators_write_policies(operator: Operator) -> None:
    house, made = operator.house, operator.policy()
    rule = operator.rule(made, max_kbps=1)
    path = f"{POLICIES}/{made['id']}"
    one = f"{path}/bandwidth_limit_rules/{rule['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("POST", POLICIES, {"policy": {"name": "x"}}),
        ("PUT", path, {"policy": {"name": "x"}}),
        ("DELETE", path, None),
        (
            "POST",
            f"{path}/bandwidth_limit_rules",
            {"bandwidth_limit_rule": {"max_kbps": 1}},
        ),
        ("PUT", one, {"bandwidth_limit_rule": {"max_kbps": 1}}),
        ("DELETE", one, None),
    ]
    for method, where, body in requests:
        assert house.ask(method, where, body).status == 403, (method, where)
    assert house.ask("GET", one).status == 200
    for where in (path, one, f"{path}/bandwidth_limit_rules"):
        assert house.ask("GET", where, project=OTHER).status == 404


def test_hosts_are_told(operator: Operator) -> None:
    house, slow = operator.house, operator.policy()
    limit = operator.rule(slow, max_kbps=1000)
    network, _ = house.network(qos_policy_id=slow["id"])
    port = operator.bound_port(network)
    shown = house.show("port", port["id"])
    assert shown["qos_policy_id"] is None
    assert shown["qos_network_policy_id"] == slow["id"]
    wanted = Quality(egress=Bandwidth(1000))
    assert operator.told(port) == wanted
    services = [each for each in house.view().ports if not each.is_guest]
    assert services and all(each.quality == Quality() for each in services)

    house.listen(WAKE)
    path = f"{POLICIES}/{slow['id']}/bandwidth_limit_rules/{limit['id']}"
    body = {"bandwidth_limit_rule": {"max_kbps": 9, "max_burst_kbps": 8}}
    assert operator.ask("PUT", path, body).status == 200
    assert house.woken == [WAKE]
    assert operator.told(port) == Quality(egress=Bandwidth(9, 8))

    # The port's own policy comes before its network's.
    own = operator.policy("own")
    operator.rule(own, max_kbps=7, direction="ingress")
    operator.rule(own, "dscp_marking", dscp_mark=46)
    house.change("port", port["id"], qos_policy_id=own["id"])
    assert operator.told(port) == Quality(ingress=Bandwidth(7), dscp_mark=46)
    house.change("port", port["id"], qos_policy_id=None)
    house.change("network", network["id"], qos_policy_id=None)
    assert operator.told(port) == Quality(Bandwidth(), Bandwidth(), UNMARKED)


def test_rates_of_packets(operator: Operator) -> None:
    house, calm = operator.house, operator.policy("calm")
    made = operator.rule(calm, "packet_rate_limit", max_kpps=2, max_burst_kpps=1)
    assert made == {
        "id": made["id"],
        "max_kpps": 2,
        "max_burst_kpps": 1,
        "direction": "egress",
    }
    (shown,) = house.ok("GET", f"{POLICIES}/{calm['id']}")["policy"]["rules"]
    assert (shown["type"], shown["max_kpps"]) == ("packet_rate_limit", 2)
    network, _ = house.network(qos_policy_id=calm["id"])
    port = operator.bound_port(network)
    assert operator.told(port) == Quality(egress_packets=PacketRate(2, 1))
    house.listen(WAKE)
    path = f"{POLICIES}/{calm['id']}/packet_rate_limit_rules/{made['id']}"
    body = {"packet_rate_limit_rule": {"direction": "ingress", "max_burst_kpps": 0}}
    assert operator.ask("PUT", path, body).status == 200
    assert house.woken == [WAKE]
    assert operator.told(port) == Quality(ingress_packets=PacketRate(2))
    assert operator.ask("DELETE", path).status == 204
    assert operator.told(port) == Quality()


def test_nothing_is_promised_that_no_host_can_keep(operator: Operator) -> None:
    house, made = operator.house, operator.policy()
    types = house.ok("GET", "/v2.0/qos/rule-types")["rule_types"]
    assert [each["type"] for each in types] == [
        "bandwidth_limit",
        "dscp_marking",
        "packet_rate_limit",
    ]
    for kind in ("minimum_bandwidth", "minimum_packet_rate"):
        path = f"{POLICIES}/{made['id']}/{kind}_rules"
        body = {f"{kind}_rule": {"min_kbps": 5, "direction": "egress"}}
        assert house.ok("GET", path) == {f"{kind}_rules": []}
        got = operator.ask("POST", path, body)
        assert (got.status, got.error) == (409, "QosRuleNotSupported")
        assert "no host of this cloud" in got.json["NeutronError"]["message"]
        assert house.ask("POST", path, body).status == 403
        assert house.ask("GET", path, project=OTHER).status == 404
        absent = f"{POLICIES}/{OWNER}/{kind}_rules"
        assert operator.ask("POST", absent, body).status == 404


def test_floating_ips(operator: Operator) -> None:
    house, slow = operator.house, operator.policy()
    operator.rule(slow, max_kbps=1000)
    network, subnet = house.network()
    way = {"network_id": house.external()["id"]}
    router = house.make("router", external_gateway_info=way)
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    house.ok("PUT", path, {"subnet_id": subnet["id"]})
    port = operator.bound_port(network)
    made = house.make(
        "floatingip", floating_network_id=way["network_id"], qos_policy_id=slow["id"]
    )
    assert made["qos_policy_id"] == slow["id"]
    assert house.view().floating_qualities == ()  # it is on no router
    house.change("floatingip", made["id"], port_id=port["id"])
    (told,) = house.view().floating_qualities
    assert (told.address, told.quality.egress.kbps) == (
        made["floating_ip_address"],
        1000,
    )
    house.listen(WAKE)
    operator.rule(slow, max_kbps=5, direction="ingress")
    assert house.woken == [WAKE]
    listed = house.list("floatingip", qos_policy_id=slow["id"])
    assert [each["id"] for each in listed] == [made["id"]]
    house.change("floatingip", made["id"], qos_policy_id=None)
    assert house.view().floating_qualities == ()
    assert house.show("floatingip", made["id"])["port_id"] == port["id"]


def test_what_has_users_stays(operator: Operator) -> None:
    house, slow = operator.house, operator.policy(shared=True)
    network, _ = house.network(qos_policy_id=slow["id"], as_project=OWNER)
    path = f"{POLICIES}/{slow['id']}"
    got = operator.ask("DELETE", path)
    assert (got.status, got.error) == (409, "QosPolicyInUse")
    house.change("network", network["id"], qos_policy_id=None)
    theirs = house.make("network", qos_policy_id=slow["id"], as_project=OTHER)
    got = operator.ask("PUT", path, {"policy": {"shared": False}})
    assert (got.status, got.error) == (409, "InvalidSharedSetting")
    house.delete("network", theirs["id"], project=OTHER)
    assert operator.ask("PUT", path, {"policy": {"shared": False}}).status == 200
    assert operator.ask("DELETE", path).status == 204


def test_policies_are_lent(operator: Operator) -> None:
    house, slow = operator.house, operator.policy()
    refused = house.refused("network", qos_policy_id=slow["id"], as_project=OTHER)
    assert refused == (404, "QosPolicyNotFound")
    lent = house.make(
        "rbac_policy",
        object_type="qos_policy",
        object_id=slow["id"],
        action="access_as_shared",
        target_tenant=OTHER,
        as_roles="admin",
    )
    network = house.make("network", qos_policy_id=slow["id"], as_project=OTHER)
    got = house.delete("rbac_policy", lent["id"], roles="admin")
    assert (got.status, got.error) == (409, "RbacPolicyInUse")
    who = {"as_project": OTHER}
    house.change("network", network["id"], qos_policy_id=None, **who)
    assert house.delete("rbac_policy", lent["id"], roles="admin").status == 204


def test_what_an_operator_has_put_on_a_port_stays_there(operator: Operator) -> None:
    house, slow = operator.house, operator.policy()
    network = house.make("network", as_project=OTHER)
    who = {"as_project": OTHER}
    house.change("network", network["id"], qos_policy_id=slow["id"], as_roles="admin")
    refused = house.change_refused("network", network["id"], qos_policy_id=None, **who)
    assert refused == (403, "PolicyRemoveAuthorizationError")
    house.change("network", network["id"], name="renamed", **who)
    shown = house.show("network", network["id"], project=OTHER)
    assert shown["qos_policy_id"] == slow["id"]


def test_a_default_policy(operator: Operator) -> None:
    house, slow = operator.house, operator.policy(is_default=True)
    got = operator.ask("POST", POLICIES, {"policy": {"name": "x", "is_default": True}})
    assert (got.status, got.error) == (409, "QoSPolicyDefaultAlreadyExists")
    assert house.make("network")["qos_policy_id"] == slow["id"]
    assert house.make("network", as_project=OTHER)["qos_policy_id"] is None
    other = operator.policy("other")
    assert (
        house.make("network", qos_policy_id=other["id"])["qos_policy_id"]
        == (other["id"])
    )
    path = f"{POLICIES}/{slow['id']}"
    assert operator.ask("PUT", path, {"policy": {"is_default": False}}).status == 200
    assert house.make("network")["qos_policy_id"] is None


def test_rule_types(operator: Operator) -> None:
    house = operator.house
    found = house.ok("GET", "/v2.0/qos/rule-types")["rule_types"]
    assert len(found) == 3
    found = house.ok("GET", "/v2.0/qos/rule-types/bandwidth_limit")["rule_type"]
    (driver,) = found["drivers"]
    names = {each["parameter_name"] for each in driver["supported_parameters"]}
    assert names == {"max_kbps", "max_burst_kbps", "direction"}
    assert house.ask("GET", "/v2.0/qos/rule-types/minimum_bandwidth").status == 404
    assert house.ok("GET", "/v2.0/qos/rule-types", all_rules="true") == house.ok(
        "GET", "/v2.0/qos/rule-types", all_supported="true"
    )
    assert house.ask("GET", "/v2.0/qos/rule-types", some="true").status == 400
