"""IPv6 zones, which may be any text: they never reach the rules and files of hosts."""

from __future__ import annotations

import pytest

from test.unit.compute.network.house import House

LINES = "fe80::1%x\n} evil {"


@pytest.mark.parametrize("zoned", [LINES, "fe80::1%eth0"])
def test_prefixes_have_no_zone(house: House, zoned: str) -> None:
    network, _ = house.network()
    group = house.make("security_group", name="g")
    for text in (zoned, f"{zoned}/128"):
        rule = {"security_group_id": group["id"], "ethertype": "IPv6"}
        rule |= {"direction": "ingress", "remote_ip_prefix": text}
        assert house.refused("security_group_rule", **rule)[0] == 400
        assert house.refused("address_group", name="a", addresses=[text])[0] == 400
        pairs = [{"ip_address": text}]
        port = {"network_id": network["id"], "allowed_address_pairs": pairs}
        assert house.refused("port", **port)[0] == 400
        subnet = {"network_id": network["id"], "ip_version": 6}
        assert house.refused("subnet", **subnet, cidr=text)[0] == 400
        routes = [{"destination": text, "nexthop": "fd00::1"}]
        subnet |= {"cidr": "fd00::/64", "host_routes": routes}
        assert house.refused("subnet", **subnet)[0] == 400
        pool = {"name": "p", "prefixes": [text]}
        assert house.refused("subnetpool", **pool)[0] == 400
