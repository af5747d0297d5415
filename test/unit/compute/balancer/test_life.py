"""A load balancer's life: made, served, changed, deleted."""

from __future__ import annotations

from itertools import product

import pytest

from compute.balancer.counters import Traffic
from compute.balancer.model import ACTIVE, DEEDS, ERROR, PENDING, Deed
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST, OWNER


def test_made_served_deleted(house: House) -> None:
    body = {"name": "web", "vip_subnet_id": house.subnet["id"], "tags": ["a"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    assert (made["provisioning_status"], made["operating_status"]) == (
        "PENDING_CREATE",
        "OFFLINE",
    )
    assert made["vip_address"].startswith("10.1.0.")
    assert made["vip_network_id"] == house.net["id"]
    assert (made["project_id"], made["provider"]) == (OWNER, "haproxy")
    assert (made["tags"], made["updated_at"]) == (["a"], None)
    path = f"loadbalancers/{made['id']}"
    assert house.ask("DELETE", f"/{path}").status == 409
    house.settle()
    found = house.show(path, "loadbalancer")
    assert (found["provisioning_status"], found["operating_status"]) == (
        "ACTIVE",
        "ONLINE",
    )
    assert found["updated_at"] >= found["created_at"]
    port = house.network.show("port", made["vip_port_id"])
    assert (port["device_owner"], port["project_id"]) == ("Octavia", OWNER)
    assert port["fixed_ips"][0]["ip_address"] == made["vip_address"]
    assert house.ask("DELETE", f"/{path}").status == 204
    assert house.show(path, "loadbalancer")["provisioning_status"] == "PENDING_DELETE"
    house.loop.once()
    assert house.ask("GET", f"/{path}").status == 404
    assert house.network.ask("GET", f"/v2.0/ports/{port['id']}").status == 404
    groups = house.network.list("security_group", roles="admin")
    assert not [each for each in groups if each["name"].startswith("octavia")]


def test_everything_of_it(house: House) -> None:
    balancer = house.balancer()
    pool = house.pool(loadbalancer_id=balancer["id"], name="p")
    listener = house.listener(balancer, default_pool_id=pool["id"])
    first = house.member(pool, "10.1.0.50", weight=3)
    monitor = house.make(
        "healthmonitors",
        "healthmonitor",
        pool_id=pool["id"],
        type="HTTP",
        delay=2,
        timeout=1,
        max_retries=2,
    )
    policy = house.make(
        "l7policies",
        "l7policy",
        listener_id=listener["id"],
        action="REDIRECT_TO_URL",
        redirect_url="http://elsewhere.example/",
    )
    rule = house.make(
        f"l7policies/{policy['id']}/rules",
        "rule",
        type="PATH",
        compare_type="STARTS_WITH",
        value="/old",
    )
    found = house.show(f"pools/{pool['id']}", "pool")
    assert found["members"] == [{"id": first["id"]}]
    assert found["listeners"] == [{"id": listener["id"]}]
    assert found["healthmonitor_id"] == monitor["id"]
    assert (monitor["http_method"], monitor["url_path"]) == ("GET", "/")
    assert (monitor["expected_codes"], monitor["max_retries_down"]) == ("200", 3)
    found = house.show(f"l7policies/{policy['id']}", "l7policy")
    assert (found["rules"], found["position"]) == ([{"id": rule["id"]}], 1)
    found = house.show(f"loadbalancers/{balancer['id']}", "loadbalancer")
    assert found["pools"] == [{"id": pool["id"]}]
    text = house.configuration(balancer)
    assert f"server {first['id']} 10.1.0.50:80 weight 3 check" in text
    tree = house.ok("GET", f"/loadbalancers/{balancer['id']}/status")["statuses"]
    (shown,) = tree["loadbalancer"]["listeners"]
    assert shown["pools"][0]["members"][0]["address"] == "10.1.0.50"
    assert shown["pools"][0]["health_monitor"]["type"] == "HTTP"
    assert house.ask("DELETE", f"/loadbalancers/{balancer['id']}").status == 400
    assert house.delete(f"loadbalancers/{balancer['id']}", cascade="true").status == 204
    for path in (f"pools/{pool['id']}", f"listeners/{listener['id']}"):
        assert house.ask("GET", f"/{path}").status == 404
    assert house.client.host_view(HOST) == []


def test_all_at_once(house: House) -> None:
    pool = {
        "protocol": "HTTP",
        "lb_algorithm": "LEAST_CONNECTIONS",
        "members": [{"address": "10.1.0.7", "protocol_port": 8000}],
        "healthmonitor": {"type": "TCP", "delay": 3, "timeout": 2, "max_retries": 1},
    }
    policy = {
        "action": "REJECT",
        "rules": [{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/x"}],
    }
    listener = {
        "protocol": "HTTP",
        "protocol_port": 80,
        "default_pool": pool,
        "l7policies": [policy],
    }
    balancer = house.balancer(listeners=[listener])
    text = house.configuration(balancer)
    for part in ("leastconn", "10.1.0.7:8000", "deny", "'/x'"):
        assert part in text
    wrong = {"protocol": "HTTP", "protocol_port": 80, "default_pool": {"x": 1}}
    fields = {"vip_subnet_id": house.subnet["id"], "listeners": [wrong]}
    assert house.refused("loadbalancers", "loadbalancer", **fields)[0] == 400
    assert len(house.ok("GET", "/loadbalancers")["loadbalancers"]) == 1
    ports = house.network.list("port", device_owner="Octavia")
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("deed", "status"), list(product(Deed, (ACTIVE, ERROR, *PENDING)))
)
def test_every_deed_in_every_state(house: House, deed: Deed, status: str) -> None:
    """2xx where the table says so, else 409 and nothing has happened."""
    balancer = house.balancer()
    with house.network.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE balancer_balancers SET provisioning_status = ?", (status,)
        )
    path = f"/loadbalancers/{balancer['id']}"
    got = {
        Deed.CHANGE: lambda: house.ask("PUT", path, {"loadbalancer": {"name": "n"}}),
        Deed.DELETE: lambda: house.ask("DELETE", path),
        Deed.FAIL_OVER: lambda: house.ask("PUT", f"{path}/failover", roles="admin"),
    }[deed]()
    allowed, after = DEEDS[deed]
    now = house.show(path[1:], "loadbalancer")["provisioning_status"]
    if status in allowed:
        assert got.status in (200, 202, 204), got.body
        assert now == after
    else:
        assert (got.status, now) == (409, status)
        assert "immutable" in got.json["faultstring"]


def test_immutable_while_something_is_under_way(house: House) -> None:
    balancer = house.balancer()
    pool = house.pool(loadbalancer_id=balancer["id"])
    member = {"address": "10.1.0.9", "protocol_port": 80}
    path = f"/pools/{pool['id']}/members"
    made = house.ok("POST", path, {"member": member})["member"]
    assert made["provisioning_status"] == "PENDING_CREATE"
    assert house.show(path[1:-8], "pool")["provisioning_status"] == "PENDING_UPDATE"
    again = {"address": "10.1.0.10", "protocol_port": 80}
    for method, where, body in (
        ("POST", path, {"member": again}),
        ("DELETE", f"{path}/{made['id']}", None),
        ("PUT", f"/pools/{pool['id']}", {"pool": {"name": "n"}}),
        ("PUT", path, {"members": []}),
    ):
        assert house.ask(method, where, body).status == 409, where
    house.settle()
    assert house.delete(f"pools/{pool['id']}/members/{made['id']}").status == 204
    assert house.ok("GET", path)["members"] == []


def test_what_the_network_lets_in(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    house.listener(
        balancer, protocol="TCP", protocol_port=22, allowed_cidrs=["192.0.2.9/24"]
    )

    def openings() -> set[tuple[int, str | None]]:
        (group,) = (
            each["id"]
            for each in house.network.list("security_group", roles="admin")
            if each["name"].startswith("octavia")
        )
        rules = house.network.list(
            "security_group_rule", security_group_id=group, roles="admin"
        )
        return {
            (each["port_range_min"], each["remote_ip_prefix"])
            for each in rules
            if each["direction"] == "ingress"
        }

    assert openings() == {(80, None), (22, "192.0.2.0/24")}
    house.change(f"listeners/{listener['id']}", "listener", admin_state_up=False)
    assert openings() == {(22, "192.0.2.0/24")}
    house.change(
        f"loadbalancers/{balancer['id']}", "loadbalancer", admin_state_up=False
    )
    assert openings() == set()


def test_how_it_fares(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    one, two = house.member(pool, "10.1.0.5"), house.member(pool, "10.1.0.6")
    assert one["operating_status"] == "NO_MONITOR"
    traffic = {listener["id"]: Traffic(1, 10, 20, 0, 3)}

    def fares(first: str, second: str) -> tuple[str, ...]:
        servers = {one["id"]: [first], two["id"]: [second]}
        house.settle(servers=servers, traffic=traffic)
        where = (
            (f"pools/{pool['id']}/members/{one['id']}", "member"),
            (f"pools/{pool['id']}/members/{two['id']}", "member"),
            (f"pools/{pool['id']}", "pool"),
            (f"loadbalancers/{balancer['id']}", "loadbalancer"),
        )
        return tuple(house.show(*each)["operating_status"] for each in where)

    assert fares("UP", "UP") == ("ONLINE",) * 4
    assert fares("UP", "DOWN 1/2") == ("ONLINE", "ERROR", "DEGRADED", "DEGRADED")
    assert fares("DOWN", "DOWN") == ("ERROR",) * 4
    assert fares("DRAIN", "no check") == ("DRAINING", "NO_MONITOR", "ONLINE", "ONLINE")
    assert fares("DOWN", "MAINT") == ("ERROR", "OFFLINE", "ERROR", "ERROR")
    found = house.ok("GET", "/loadbalancers", operating_status="ERROR")
    assert len(found["loadbalancers"]) == 1


def test_a_pool_that_no_listener_leads_to_is_offline(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(loadbalancer_id=balancer["id"])
    house.settle(traffic={listener["id"]: Traffic()})
    path = f"pools/{pool['id']}"
    assert house.show(path, "pool")["operating_status"] == "OFFLINE"
    house.change(f"listeners/{listener['id']}", "listener", default_pool_id=pool["id"])
    house.settle(traffic={listener["id"]: Traffic()})
    assert house.show(path, "pool")["operating_status"] == "ONLINE"
