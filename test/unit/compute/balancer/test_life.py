"""A load balancer's life: states, what the network has of it, what goes wrong."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from compute.balancer.counters import Traffic
from compute.balancer.model import ACTIVE, DEEDS, ERROR, PENDING, Deed
from test.unit.compute.balancer.conftest import Make
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST, OTHER, OWNER


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


def test_traffic_outlives_processes(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    key = listener["id"]
    house.settle(process="one", traffic={key: Traffic(2, 10, 20, 1, 3)})
    house.settle(process="one", traffic={key: Traffic(1, 11, 22, 1, 4)})
    house.settle(process="two", traffic={key: Traffic(5, 100, 200, 0, 5)})
    wanted = {
        "active_connections": 5,
        "bytes_in": 111,
        "bytes_out": 222,
        "request_errors": 1,
        "total_connections": 9,
    }
    assert house.ok("GET", f"/listeners/{key}/stats") == {"stats": wanted}
    assert house.ok("GET", f"/loadbalancers/{balancer['id']}/stats")["stats"] == wanted
    assert house.ask("GET", f"/listeners/{key}/stats", project=OTHER).status == 404


def test_what_goes_wrong_is_told_and_mended(house: House) -> None:
    balancer = house.balancer()
    body = {"listener": {"loadbalancer_id": balancer["id"], "protocol": "HTTP"}}
    body["listener"]["protocol_port"] = 80
    made = house.ok("POST", "/listeners", body)["listener"]
    house.settle(error="haproxy does not like it")
    for path, key in (
        (f"listeners/{made['id']}", "listener"),
        (f"loadbalancers/{balancer['id']}", "loadbalancer"),
    ):
        assert house.show(path, key)["provisioning_status"] == "ERROR"
    house.settle()
    assert house.show(f"listeners/{made['id']}", "listener")["provisioning_status"] == (
        "ACTIVE"
    )


def test_what_takes_too_long_is_in_error_and_can_be_deleted(make: Make) -> None:
    house = make(pending_seconds=100)
    house.clock.advance(61)  # the host is silent: nobody will serve it
    body = {"vip_subnet_id": house.subnet["id"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    path = f"loadbalancers/{made['id']}"
    house.loop.once()
    assert house.show(path, "loadbalancer")["provisioning_status"] == "PENDING_CREATE"
    house.clock.advance(101)
    house.loop.once()
    assert house.show(path, "loadbalancer")["provisioning_status"] == "ERROR"
    assert house.ask("DELETE", f"/{path}").status == 204
    house.loop.once()
    assert house.ask("GET", f"/{path}").status == 404


@pytest.mark.parametrize("calls", range(8))
def test_the_network_room_goes_away_while_one_is_made(make: Make, calls: int) -> None:
    """Whatever was asked of it by then: it is made, or nothing stays (for long)."""
    house = make()
    house.wire.cut_after = calls
    body = {"loadbalancer": {"vip_subnet_id": house.subnet["id"]}}
    got = house.ask("POST", "/loadbalancers", body)
    house.wire.cut_after = -1
    house.loop.step._steps = 0  # type: ignore[attr-defined]
    house.settle()
    left = house.ok("GET", "/loadbalancers")["loadbalancers"]
    ports = house.network.list("port", device_owner="Octavia")
    if got.status == 201:
        assert [each["vip_port_id"] for each in left] == [ports[0]["id"]]
        assert left[0]["provisioning_status"] == "ACTIVE"
    else:
        assert (got.status, left, ports) == (503, [], [])


def test_deleting_goes_on_until_it_is_done(make: Make) -> None:
    house = make(pending_seconds=1)
    balancer = house.balancer()
    path = f"loadbalancers/{balancer['id']}"
    house.wire.is_cut = True
    assert house.ask("DELETE", f"/{path}").status == 204
    for _ in range(3):
        house.clock.advance(2)
        house.settle()
        shown = house.show(path, "loadbalancer")
        assert shown["provisioning_status"] == "PENDING_DELETE"
    house.wire.is_cut = False
    house.settle()
    assert house.ask("GET", f"/{path}").status == 404
    assert house.network.list("port", device_owner="Octavia") == []


def test_a_part_that_is_being_deleted_never_comes_back(house: House) -> None:
    balancer = house.balancer()
    listener = house.listener(balancer)
    path = f"/listeners/{listener['id']}"
    assert house.ask("DELETE", path).status == 204
    house.settle(error="haproxy does not like it")
    shown = house.show(path[1:], "listener")
    assert shown["provisioning_status"] == "PENDING_DELETE"
    house.settle()
    assert house.ask("GET", path).status == 404


def test_it_waits_for_a_host(make: Make) -> None:
    house = make()
    house.clock.advance(61)
    body = {"vip_subnet_id": house.subnet["id"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    assert house.network.show("port", made["vip_port_id"], roles="admin")[
        "binding:host_id"
    ] == ("")
    house.network.report("beta")
    house.hear("beta")
    house.settle("beta")
    found = house.show(f"loadbalancers/{made['id']}", "loadbalancer")
    assert found["provisioning_status"] == "ACTIVE"


def host_of(house: House, balancer: Any) -> str:
    port = house.network.show("port", balancer["vip_port_id"], roles="admin")
    return str(port["binding:host_id"])


def test_it_leaves_a_host_that_is_silent(house: House) -> None:
    balancer = house.balancer()
    path = f"loadbalancers/{balancer['id']}"
    house.clock.advance(61)
    house.loop.once()
    assert house.show(path, "loadbalancer")["operating_status"] == "ERROR"
    house.network.report("beta")
    house.hear("beta")
    house.loop.once()
    assert host_of(house, balancer) == "beta"
    assert house.show(path, "loadbalancer")["provisioning_status"] == "PENDING_UPDATE"
    # What the former host says of it counts no more.
    house.client.report(HOST, "", [])
    house.settle("beta")
    found = house.show(path, "loadbalancer")
    assert (found["provisioning_status"], found["operating_status"]) == (
        "ACTIVE",
        "ONLINE",
    )


def test_failover(house: House) -> None:
    balancer = house.balancer()
    path = f"/loadbalancers/{balancer['id']}"
    assert house.ask("PUT", f"{path}/failover").status == 403
    house.ok("PUT", f"{path}/failover", roles="admin")
    house.settle()
    assert host_of(house, balancer) == HOST  # there is no other
    house.network.report("beta")
    house.hear("beta")
    house.ok("PUT", f"{path}/failover", roles="admin")
    house.settle("beta")
    assert host_of(house, balancer) == "beta"
    assert house.show(path[1:], "loadbalancer")["provisioning_status"] == "ACTIVE"


def test_where_the_fewest_are(house: House) -> None:
    house.network.report("beta")
    house.hear("beta")
    made = [house.balancer(name=f"lb{number}") for number in range(4)]
    hosts = [host_of(house, each) for each in made]
    assert sorted(hosts) == [HOST, HOST, "beta", "beta"]


def test_places_for_the_address(house: House) -> None:
    subnet, net = house.subnet["id"], house.net["id"]
    made = house.balancer(vip_address="10.1.0.77")
    assert made["vip_address"] == "10.1.0.77"
    by_network = house.make("loadbalancers", "loadbalancer", vip_network_id=net)
    assert by_network["vip_subnet_id"] == subnet
    port = house.network.make("port", network_id=net)
    by_port = house.make("loadbalancers", "loadbalancer", vip_port_id=port["id"])
    assert by_port["vip_address"] == port["fixed_ips"][0]["ip_address"]
    wanted: list[tuple[dict[str, Any], int]] = [
        ({}, 400),
        ({"vip_subnet_id": net}, 400),
        ({"vip_network_id": subnet}, 400),
        ({"vip_port_id": port["id"]}, 409),
        ({"vip_subnet_id": subnet, "vip_address": "10.1.0.77"}, 409),
        ({"vip_subnet_id": subnet, "vip_address": "192.0.2.1"}, 400),
        ({"vip_subnet_id": subnet, "vip_address": "nonsense"}, 400),
        ({"vip_subnet_id": subnet, "provider": "amphora"}, 400),
        ({"vip_subnet_id": subnet, "flavor_id": subnet}, 501),
    ]
    for fields, status in wanted:
        got = house.refused("loadbalancers", "loadbalancer", **fields)
        assert got[0] == status, (fields, got)
    assert len(house.ok("GET", "/loadbalancers")["loadbalancers"]) == 3
    assert house.delete(f"loadbalancers/{by_port['id']}").status == 204
    kept = house.network.show("port", port["id"])
    assert (kept["device_owner"], kept["device_id"]) == ("", "")


def test_ports_of_nobody_are_swept(house: House) -> None:
    from compute.network.client import VipClient

    client = VipClient(house.network.caller, house.tokens)
    gone = "0b5a1c00-0000-4000-8000-00000000000b"
    client.create_port(OWNER, gone, network_id=house.net["id"])
    kept = house.balancer()
    house.loop.step._steps = 0  # type: ignore[attr-defined]
    house.loop.once()
    assert [each.id for each in client.all_ports()] == [kept["vip_port_id"]]
