"""Rules of what routers lead into subnets, and servers of time."""

from __future__ import annotations

import pytest

from compute.network.security.packet_rules import RULES_MAX
from compute.network.view import Direction, PacketRule, Rule
from test.unit.compute.network.house import HOST, House

WEB = {
    "direction": "ingress",
    "action": "allow",
    "protocol": "tcp",
    "port_range_min": 80,
    "port_range_max": 81,
    "remote_ip_prefix": "10.0.0.1/8",
}
NOBODY = {"direction": "egress", "action": "deny"}


def test_a_hosts_view_has_the_rules_of_its_subnets(house: House) -> None:
    network, subnet = house.network("10.1.0.0/24")
    assert not {"packet_rules", "ntp_servers"} & set(subnet)
    house.make(
        "port",
        network_id=network["id"],
        device_owner="compute:nova",
        binding__host_id=HOST,
        as_roles="admin",
    )
    (seen,) = (one for one in house.view().networks if one.id == network["id"])
    assert seen.subnets[0].packet_rules is None
    house.listen("network.host." + HOST)
    wanted = {"packet_rules": [WEB, NOBODY], "ntp_servers": ["192.0.2.1"]}
    shown = house.change("subnet", subnet["id"], **wanted)
    assert house.woken
    empty = {
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
    }
    assert shown["packet_rules"] == [
        {**WEB, "remote_ip_prefix": "10.0.0.0/8"},
        {**empty, **NOBODY},
    ]
    (seen,) = (one for one in house.view().networks if one.id == network["id"])
    told = seen.subnets[0]
    assert told.ntp_servers == ("192.0.2.1",)
    assert told.packet_rules == (
        PacketRule(True, Rule("0", Direction.INGRESS, 4, 6, 80, 81, "10.0.0.0/8")),
        PacketRule(False, Rule("1", Direction.EGRESS, 4)),
    )
    none = house.change("subnet", subnet["id"], packet_rules=[])
    assert none["packet_rules"] == []
    again = house.change("subnet", subnet["id"], packet_rules=None)
    assert "packet_rules" not in again


@pytest.mark.parametrize(
    "wrong",
    [
        {"packet_rules": [{**WEB, "action": "reject"}]},
        {"packet_rules": [{**WEB, "direction": "up"}]},
        {"packet_rules": [{**WEB, "protocol": None}]},
        {"packet_rules": [{**WEB, "remote_ip_prefix": "fd00::/64"}]},
        {"packet_rules": [{**WEB, "remote_group_id": "x"}]},
        {"packet_rules": [NOBODY] * (RULES_MAX + 1)},
        {"packet_rules": "all"},
        {"ntp_servers": ["fd00::1"]},
        {"ntp_servers": ["time.example"]},
        {"ntp_servers": [f"192.0.2.{n}" for n in range(1, 6)]},
    ],
)
def test_what_cannot_be_a_rule(house: House, wrong: dict[str, object]) -> None:
    _, subnet = house.network("10.1.0.0/24")
    path = f"/v2.0/subnets/{subnet['id']}"
    got = house.ask("PUT", path, {"subnet": wrong})
    assert got.status == 400, got.json
