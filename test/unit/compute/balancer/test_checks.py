"""What is refused, filters and pages, rights, quotas."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from test.unit.compute.balancer.conftest import Make
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import OTHER, OWNER


@pytest.fixture
def served(house: House) -> dict[str, Any]:
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    return {"balancer": balancer, "listener": listener, "pool": pool}


def test_listeners(house: House, served: dict[str, Any]) -> None:
    good = {"loadbalancer_id": served["balancer"]["id"], "protocol": "HTTP"}
    good["protocol_port"] = 81
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"protocol_port": 80}, 409),
        ({"protocol_port": 0}, 400),
        ({"protocol": "GOPHER"}, 400),
        ({"protocol": "SCTP"}, 501),
        ({"protocol": "UDP", "default_pool_id": served["pool"]["id"]}, 400),
        ({"protocol": "PROMETHEUS", "default_pool_id": served["pool"]["id"]}, 400),
        ({"protocol": "TERMINATED_HTTPS"}, 400),
        ({"default_tls_container_ref": "x"}, 400),
        ({"default_pool_id": served["listener"]["id"]}, 400),
        ({"insert_headers": {"X-Evil": "true"}}, 400),
        ({"insert_headers": {"X-Forwarded-For": "perhaps"}}, 400),
        ({"allowed_cidrs": ["nonsense"]}, 400),
        ({"allowed_cidrs": ["fd00::/64"]}, 400),
        ({"connection_limit": -2}, 400),
        ({"timeout_client_data": -1}, 400),
        ({"colour": "red"}, 400),
        ({"tags": [""]}, 400),
        ({"protocol": "HTTPS", "default_pool_id": served["pool"]["id"]}, 400),
        ({"protocol": "TCP", "insert_headers": {"X-Forwarded-For": "true"}}, 400),
    ]
    for fields, status in wrong:
        got = house.refused("listeners", "listener", **{**good, **fields})
        assert got[0] == status, (fields, got)
    got = house.ask("POST", "/listeners", {"listener": {**good, "protocol_port": "81"}})
    assert got.status == 201
    house.settle()
    path = f"/listeners/{served['listener']['id']}"
    body = {"listener": {"protocol_port": 99}}
    assert house.ask("PUT", path, body).status == 400
    changed = house.change(path[1:], "listener", connection_limit="5")
    assert changed["connection_limit"] == 5
    assert house.change(path[1:], "listener", connection_limit=None)[
        "connection_limit"
    ] == (-1)


def test_pools_and_members(house: House, served: dict[str, Any]) -> None:
    good = {
        "loadbalancer_id": served["balancer"]["id"],
        "protocol": "HTTP",
        "lb_algorithm": "ROUND_ROBIN",
    }
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"lb_algorithm": "MAGIC"}, 400),
        ({"protocol": "SCTP"}, 501),
        ({"protocol": "UDP", "tls_enabled": True}, 400),
        ({"loadbalancer_id": None}, 400),
        ({"listener_id": served["listener"]["id"]}, 409),
        ({"session_persistence": {"type": "MAGIC"}}, 400),
        ({"session_persistence": {"type": "APP_COOKIE"}}, 400),
        (
            {"session_persistence": {"type": "APP_COOKIE", "cookie_name": "a b)#"}},
            400,
        ),
        (
            {"session_persistence": {"type": "HTTP_COOKIE", "cookie_name": "x"}},
            400,
        ),
        (
            {"protocol": "TCP", "session_persistence": {"type": "HTTP_COOKIE"}},
            400,
        ),
        ({"tls_ciphers": "x"}, 400),
    ]
    for fields, status in wrong:
        got = house.refused("pools", "pool", **{**good, **fields})
        assert got[0] == status, (fields, got)
    path = f"pools/{served['pool']['id']}/members"
    place = {"address": "10.1.0.9", "protocol_port": 80}
    house.make(path, "member", **place)
    for fields, status in (
        ({}, 409),
        ({"address": "nobody"}, 400),
        ({"address": "127.0.0.1"}, 400),
        ({"address": "0.0.0.0"}, 400),
        ({"address": "169.254.169.254"}, 400),
        ({"address": "10.1.0.10", "monitor_address": "::1"}, 400),
        ({"address": "10.1.0.10", "weight": 257}, 400),
        ({"address": "10.1.0.10", "monitor_address": "x"}, 400),
        ({"address": "10.1.0.10", "request_sriov": True}, 501),
    ):
        got = house.refused(path, "member", **{**place, **fields})
        assert got[0] == status, (fields, got)


def test_a_batch_of_members(house: House, served: dict[str, Any]) -> None:
    path = f"/pools/{served['pool']['id']}/members"

    def put(*members: dict[str, Any], **query: str) -> None:
        assert house.ask("PUT", path, {"members": members}, **query).status == 202
        house.settle()

    def there() -> dict[str, int]:
        found = house.ok("GET", path)["members"]
        return {each["address"]: each["weight"] for each in found}

    one = {"address": "10.1.0.1", "protocol_port": 80}
    two = {"address": "10.1.0.2", "protocol_port": 80, "weight": 5}
    put(one, two)
    kept = house.ok("GET", path, address="10.1.0.2")["members"][0]["id"]
    put({**two, "weight": 6})
    assert there() == {"10.1.0.2": 6}
    assert house.ok("GET", path)["members"][0]["id"] == kept
    put(one, additive_only="true")
    assert there() == {"10.1.0.1": 1, "10.1.0.2": 6}
    assert house.ask("PUT", path, {"members": [one, one]}).status == 409
    assert house.ask("PUT", path, {"members": "x"}).status == 400
    assert house.ask("PUT", path, {"members": [one]}, project=OTHER).status == 404
    assert house.ask("PUT", path, {"members": []}, roles="reader").status == 403


def test_addresses_stay_as_they_are_written(
    house: House, served: dict[str, Any]
) -> None:
    """Clients compare them; for the pool they are one address all the same."""
    pool, long = served["pool"], "2001:db8:0:0:0:0:0:1"
    made = house.member(pool, long)
    assert made["address"] == long
    path = f"pools/{pool['id']}/members"
    again = {"address": "2001:db8::1", "protocol_port": made["protocol_port"]}
    assert house.refused(path, "member", **again)[0] == 409
    house.ok("PUT", f"/{path}", {"members": [{**again, "weight": 7}]})
    house.settle()
    (left,) = house.ok("GET", f"/{path}")["members"]
    assert (left["id"], left["address"], left["weight"]) == (made["id"], long, 7)


def test_monitors(house: House, served: dict[str, Any]) -> None:
    good = {
        "pool_id": served["pool"]["id"],
        "type": "HTTP",
        "delay": 5,
        "timeout": 3,
        "max_retries": 2,
    }
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"type": "UDP-CONNECT"}, 400),
        ({"type": "SCTP"}, 400),
        ({"timeout": 0}, 400),
        ({"max_retries": 11}, 400),
        ({"url_path": "nonsense"}, 400),
        ({"url_path": "/a b"}, 400),
        ({"expected_codes": "20x"}, 400),
        ({"expected_codes": "200 ; bad"}, 400),
        ({"domain_name": "a b"}, 400),
        ({"http_version": 2.0}, 400),
        ({"type": "TCP", "url_path": "/"}, 400),
        ({"pool_id": served["listener"]["id"]}, 400),
    ]
    for fields, status in wrong:
        got = house.refused("healthmonitors", "healthmonitor", **{**good, **fields})
        assert got[0] == status, (fields, got)
    made = house.make("healthmonitors", "healthmonitor", **good)
    assert house.refused("healthmonitors", "healthmonitor", **good)[0] == 409
    path = f"/healthmonitors/{made['id']}"
    # Longer than the delay: haproxy waits so long for an answer that has begun.
    body = {"healthmonitor": {"timeout": 9}}
    assert house.ok("PUT", path, body)["healthmonitor"]["timeout"] == 9
    house.settle()
    assert house.delete(path[1:]).status == 204


def test_policies_and_rules(house: House, served: dict[str, Any]) -> None:
    listener = served["listener"]["id"]
    for fields in (
        {"action": "MAGIC"},
        {"action": "REDIRECT_TO_URL"},
        {"action": "REDIRECT_TO_URL", "redirect_url": "ftp://x"},
        {"action": "REDIRECT_TO_URL", "redirect_url": "http://a b"},
        {"action": "REDIRECT_TO_POOL", "redirect_pool_id": listener},
        {"action": "REJECT", "redirect_http_code": 301},
        {"action": "REJECT", "listener_id": served["pool"]["id"]},
        {"action": "REDIRECT_PREFIX", "redirect_prefix": "x"},
    ):
        given = {"listener_id": listener, **fields}
        got = house.refused("l7policies", "l7policy", **given)
        assert got[0] == 400, (fields, got)
    tcp = house.listener(served["balancer"], protocol="TCP", protocol_port=9)
    fields = {"listener_id": tcp["id"], "action": "REJECT"}
    assert house.refused("l7policies", "l7policy", **fields)[0] == 400
    made = house.make("l7policies", "l7policy", listener_id=listener, action="REJECT")
    path = f"l7policies/{made['id']}/rules"
    good = {"type": "PATH", "compare_type": "EQUAL_TO", "value": "/x"}
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"type": "SSL_DN_FIELD", "key": "CN"}, 400),
        ({"type": "HEADER"}, 400),
        ({"type": "HEADER", "key": "a b"}, 400),
        ({"type": "HEADER", "key": "a)#"}, 400),
        ({"key": "x"}, 400),
        ({"value": ""}, 400),
        ({"value": "a\nb"}, 400),
        ({"value": "a\u2028b"}, 400),
        ({"type": "FILE_TYPE", "compare_type": "CONTAINS"}, 400),
        ({"compare_type": "REGEX", "value": "("}, 400),
    ]
    for fields, status in wrong:
        got = house.refused(path, "rule", **{**good, **fields})
        assert got[0] == status, (fields, got)
    pool = house.pool(loadbalancer_id=served["balancer"]["id"])
    changed = house.change(
        f"l7policies/{made['id']}",
        "l7policy",
        action="REDIRECT_TO_POOL",
        redirect_pool_id=pool["id"],
    )
    assert changed["redirect_pool_id"] == pool["id"]
    assert house.ask("DELETE", f"/pools/{pool['id']}").status == 409
    changed = house.change(f"l7policies/{made['id']}", "l7policy", action="REJECT")
    assert changed["redirect_pool_id"] is None
    assert house.delete(f"pools/{pool['id']}").status == 204


def test_lists(house: House) -> None:
    for name in ("c", "a", "b"):
        house.clock.advance(1)
        house.balancer(name=name, description="odd" if name in "ac" else "")
    house.hear()

    def names(**query: Any) -> list[str]:
        found = house.ok("GET", "/loadbalancers", **query)["loadbalancers"]
        return [each["name"] for each in found]

    assert names() == ["c", "a", "b"]
    assert names(name=["a", "b"]) == ["a", "b"]
    assert names(sort="name:asc") == names(sort_key="name") == ["a", "b", "c"]
    assert names(sort_key="name", sort_dir="desc") == ["c", "b", "a"]
    assert names(description="odd", admin_state_up="true") == ["c", "a"]
    assert names(provider="haproxy", limit=1) == ["c"]
    assert names(provider="amphora") == []
    assert names(project_id=OTHER) == []
    for wrong in ({"colour": "x"}, {"sort_key": "x"}, {"admin_state_up": "x"}):
        assert house.ask("GET", "/loadbalancers", **wrong).status == 400
    seen, path = [], "//v2.0/lbaas/loadbalancers?limit=2&sort_key=name"
    while path:
        got = house.ok("GET", path)
        seen.append([each["name"] for each in got["loadbalancers"]])
        following = [x for x in got["loadbalancers_links"] if x["rel"] == "next"]
        parts = urlsplit(following[0]["href"]) if following else None
        path = f"/{parts.path}?{parts.query}" if parts else ""
    assert seen == [["a", "b"], ["c"]]
    got = house.ok("GET", "/loadbalancers", fields=["id", "name"], name="a")
    assert got["loadbalancers"][0].keys() == {"id", "name"}
    first = got["loadbalancers"][0]["id"]
    house.change(f"loadbalancers/{first}", "loadbalancer", tags=["x", "y"])
    assert names(tags="x,y") == ["a"] and names(**{"not-tags": "x"}) == ["c", "b"]
    assert house.ok("GET", "//v2/lbaas/loadbalancers")["loadbalancers"]


def test_rights(house: House, served: dict[str, Any]) -> None:
    path = f"/loadbalancers/{served['balancer']['id']}"
    for who, status in (
        ({"project": OTHER}, 404),
        ({"roles": "reader"}, 200),
        ({"project": OTHER, "roles": "admin"}, 200),
    ):
        assert house.ask("GET", path, **who).status == status, who
    for what in (f"{path}/stats", f"{path}/status"):
        assert house.ask("GET", what, project=OTHER).status == 404
    body = {"loadbalancer": {"name": "n"}}
    assert house.ask("PUT", path, body, project=OTHER).status == 404
    assert house.ask("PUT", path, body, roles="reader").status == 403
    assert house.ask("DELETE", path, roles="reader").status == 403
    assert house.ok("GET", "/pools", project=OTHER)["pools"] == []
    new = {"loadbalancer": {"vip_subnet_id": house.subnet["id"], "project_id": OTHER}}
    assert house.ask("POST", "/loadbalancers", new).status == 403
    assert house.ask("POST", "/loadbalancers", new, roles="reader").status == 403
    listener = {"loadbalancer_id": served["balancer"]["id"], "protocol": "HTTP"}
    listener["protocol_port"] = 99
    body = {"listener": listener}
    assert house.ask("POST", "/listeners", body, project=OTHER).status == 404
    assert house.ask("POST", "/listeners", body, roles="reader").status == 403
    for inner in ("view", "report"):
        method = "GET" if inner == "view" else "POST"
        assert house.ask(method, f"//internal/hosts/alpha/{inner}").status == 404
    assert house.ask("GET", "/octavia").status == 404
    assert house.ask("GET", "//v2/octavia/amphorae").status == 403
    assert house.ok("GET", "//v2/octavia/amphorae", roles="admin")["amphorae"] == []


def test_quotas(make: Make) -> None:
    house = make(quota_load_balancer=1, quota_member=1)
    balancer = house.balancer()
    refused = house.refused(
        "loadbalancers", "loadbalancer", vip_subnet_id=house.subnet["id"]
    )
    assert refused[0] == 403 and "Quota" in refused[1]
    pool = house.pool(loadbalancer_id=balancer["id"])
    house.member(pool, "10.1.0.1")
    path = f"pools/{pool['id']}/members"
    place = {"address": "10.1.0.2", "protocol_port": 80}
    assert house.refused(path, "member", **place)[0] == 403
    quota = f"/quotas/{OWNER}"
    body = {"quota": {"member": 2, "healthmonitor": 7}}
    assert house.ask("PUT", quota, body).status == 403
    got = house.ask("PUT", quota, body, roles="admin")
    assert (got.status, got.json["quota"]["health_monitor"]) == (202, 7)
    house.make(path, "member", **place)
    assert house.ok("GET", quota)["quota"]["member"] == 2
    (listed,) = house.ok("GET", "/quotas", roles="admin")["quotas"]
    assert listed["project_id"] == OWNER
    assert house.ok("GET", "/quotas", project=OTHER)["quotas"] == []
    assert house.ask("GET", quota, project=OTHER).status == 403
    assert house.ask("DELETE", quota, roles="admin").status == 204
    assert house.ok("GET", "/quotas/defaults")["quota"]["load_balancer"] == 1
    assert house.ok("GET", quota)["quota"]["member"] == 1


def test_versions(house: House) -> None:
    found = house.ok("GET", "//")["versions"]
    assert found[0]["id"] == "v2.0" and found[-1]["status"] == "CURRENT"
    # Clients compare the numbers before they ask for listeners of PROMETHEUS (2.25).
    assert found[-1]["id"] == "v2.27"


def test_no_amphora_is_there(house: House) -> None:
    amphora = f"//v2/octavia/amphorae/{uuid4()}"
    for method, path in (
        ("GET", ""),
        ("GET", "/stats"),
        ("DELETE", ""),
        ("PUT", "/config"),
        ("PUT", "/failover"),
    ):
        assert house.ask(method, amphora + path, roles="admin").status == 404
