"""Texts that would be more than texts in haproxy's configuration."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.balancer.house import House

LINES = "fe80::1%x\nglobal\n insecure-fork-wanted\n#"


@pytest.mark.parametrize("zoned", [LINES, "fe80::1%eth0"])
def test_addresses_have_no_zone(house: House, zoned: str) -> None:
    """A zone may be any text, with new lines too."""
    balancer = house.balancer()
    pool = house.pool(loadbalancer_id=balancer["id"])
    members = f"pools/{pool['id']}/members"
    good = house.member(pool, "10.1.0.70")
    place: dict[str, Any] = {"protocol_port": 80}
    for fields in (
        {"address": zoned, **place},
        {"address": "10.1.0.71", "monitor_address": zoned, **place},
    ):
        assert house.refused(members, "member", **fields)[0] == 400
        body: dict[str, Any] = {"members": [fields]}
        assert house.ask("PUT", f"/{members}", body).status == 400
    body = {"member": {"monitor_address": zoned}}
    assert house.ask("PUT", f"/{members}/{good['id']}", body).status == 400
    place = {"loadbalancer_id": balancer["id"], "protocol": "TCP", "protocol_port": 1}
    cidrs = [f"{zoned}/64"]
    assert house.refused("listeners", "listener", allowed_cidrs=cidrs, **place)[0] == (
        400
    )
    given = {"vip_subnet_id": house.subnet["id"], "vip_address": zoned}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400


def test_members_are_not_the_host_by_another_name(house: House) -> None:
    """An IPv4 address can be written as an IPv6 one."""
    pool = house.pool(loadbalancer_id=house.balancer()["id"])
    members = f"pools/{pool['id']}/members"
    for address in ("::ffff:169.254.169.254", "::ffff:127.0.0.1", "::ffff:0.0.0.0"):
        fields = {"address": address, "protocol_port": 80}
        assert house.refused(members, "member", **fields)[0] == 400, address
    assert house.member(pool, "::ffff:10.1.0.70")["address"] == "10.1.0.70"


@pytest.mark.parametrize("codes", ["200,\n202", "\uff12\uff10\uff10", "300-200"])
def test_codes_that_haproxy_would_refuse(house: House, codes: str) -> None:
    pool = house.pool(loadbalancer_id=house.balancer()["id"])
    good = {"pool_id": pool["id"], "type": "HTTP", "delay": 5, "timeout": 3}
    good |= {"max_retries": 1}
    refused = house.refused(
        "healthmonitors", "healthmonitor", **good, expected_codes=codes
    )
    assert refused[0] == 400


def test_values_that_look_alike(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    house.member(pool, "10.1.0.70", monitor_address="fd00::1")
    good = {"pool_id": pool["id"], "type": "HTTP", "delay": 5, "timeout": 3}
    house.make("healthmonitors", "healthmonitor", **good, max_retries=1, http_version=1)
    text = house.configuration(balancer)
    assert "ver HTTP/1.0\n" in text and "addr [fd00::1]" in text
    given = {"type": "SOURCE_IP", "persistence_timeout": 2147484}
    body = {"pool": {"session_persistence": given}}
    assert house.ask("PUT", f"/pools/{pool['id']}", body).status == 400


@pytest.mark.parametrize("owner", [["x"], {"a": 1}, 7, True])
def test_owners_that_are_no_texts(house: House, owner: object) -> None:
    given = {"vip_subnet_id": house.subnet["id"], "project_id": owner}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400


def test_regular_expressions_of_another_language(house: House) -> None:
    """Haproxy would refuse them, and with them the whole load balancer."""
    listener = house.listener(house.balancer())
    policy = house.make(
        "l7policies", "l7policy", listener_id=listener["id"], action="REJECT"
    )
    path = f"l7policies/{policy['id']}/rules"
    good = {"type": "PATH", "compare_type": "REGEX"}
    for value in ("(?a)x", "(?iu:x)", r"\u00e9", r"\\\N{DASH}", "(x", "*"):
        assert house.refused(path, "rule", **good, value=value)[0] == 400, value
    for value in ("(?i)x", "(?P<n>a|u)", r"\\u", r"\d+u", "(?:a|L)"):
        assert house.make(path, "rule", **good, value=value)["value"] == value
