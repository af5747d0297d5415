"""What a load balancer does with datagrams, real packets and real servers."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from compute.network.client import balancer_namespace
from test.functional.compute.balancer.scene import Scene
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.network_agent.guests import run

MONITOR = {
    "type": "UDP-CONNECT",
    "delay": 1,
    "timeout": 1,
    "max_retries": 1,
    "max_retries_down": 1,
}
VIP_PORT = 5300


def flows(scene: Scene, balancer: Any, count: int, times: int = 1) -> list[list[str]]:
    """Who answers so many flows."""
    program = str(Path(__file__).parent / "ask.py")
    words = (balancer["vip_address"], str(VIP_PORT), str(count), str(times))
    text = scene.guests["client"].run(sys.executable, program, *words)
    found: list[list[str]] = json.loads(text)
    return found


def names(scene: Scene, balancer: Any, count: int) -> Counter[str]:
    """Who answers so many flows of one datagram each."""
    return Counter(name for flow in flows(scene, balancer, count) for name in flow)


def datagrams_take_turns(scene: Scene) -> None:
    pool = {
        "protocol": "UDP",
        "lb_algorithm": "ROUND_ROBIN",
        "members": [scene.member("one", weight=3), scene.member("two")],
        "healthmonitor": MONITOR,
    }
    given = {"protocol": "UDP", "protocol_port": VIP_PORT, "default_pool": pool}
    balancer = scene.make(
        "loadbalancers",
        "loadbalancer",
        vip_subnet_id=scene.house.subnet["id"],
        listeners=[given],
    )
    (listener,) = scene.house.ok("GET", "/listeners")["listeners"]
    (pool,) = scene.house.ok("GET", "/pools")["pools"]
    both = {"one": "ONLINE", "two": "ONLINE"}
    wait_for("both are well", lambda: scene.operating(pool) == both)
    assert names(scene, balancer, 8) == {"one": 6, "two": 2}
    # A flow stays where it is.
    (flow,) = flows(scene, balancer, 1, 5)
    assert len(flow) == 5 and len(set(flow)) == 1
    _a_dead_member_gets_no_datagrams(scene, balancer, pool)
    _figures_are_true(scene, balancer, listener)
    _addresses_stick(scene, balancer, pool)
    _it_serves_on(scene, balancer, listener)


def _a_dead_member_gets_no_datagrams(scene: Scene, balancer: Any, pool: Any) -> None:
    path = f"/loadbalancers/{balancer['id']}"
    scene.sick_file("one").touch()
    wait_for("ERROR", lambda: scene.operating(pool)["one"] == "ERROR")
    assert names(scene, balancer, 4) == {"two": 4}
    found = scene.house.ok("GET", path)["loadbalancer"]
    assert found["operating_status"] == "DEGRADED"
    # A host that is not there at all is not well, either.
    scene.guests["two"].run("ip", "link", "set", "eth0", "down")
    # (Where it was is remembered for a while.)
    place = balancer_namespace(balancer["id"])
    run("ip", "-n", place, "neighbour", "flush", "all")
    wait_for("both ERROR", lambda: set(scene.operating(pool).values()) == {"ERROR"})
    assert names(scene, balancer, 1) == {}
    scene.guests["two"].run("ip", "link", "set", "eth0", "up")
    scene.sick_file("one").unlink()
    both = {"one": "ONLINE", "two": "ONLINE"}
    wait_for("well again", lambda: scene.operating(pool) == both)


def _figures_are_true(scene: Scene, balancer: Any, listener: Any) -> None:
    def stats() -> Any:
        return scene.house.ok("GET", f"/listeners/{listener['id']}/stats")["stats"]

    before = stats()
    flows(scene, balancer, 10, 3)
    wait_for(
        "ten more",
        lambda: stats()["total_connections"] == before["total_connections"] + 10,
    )
    now = stats()
    # Each datagram is 28 bytes of headers and three of ours.
    assert now["bytes_in"] - before["bytes_in"] == 10 * 3 * 31
    assert now["bytes_out"] - before["bytes_out"] == 10 * 3 * 31
    assert now["active_connections"] >= 10
    # They outlive a change of the rules.
    scene.change(f"listeners/{listener['id']}", "listener", connection_limit=1000)
    assert stats()["total_connections"] == now["total_connections"]


def _addresses_stick(scene: Scene, balancer: Any, pool: Any) -> None:
    path = f"pools/{pool['id']}"
    sticky = {
        "type": "SOURCE_IP",
        "persistence_timeout": 60,
        "persistence_granularity": "255.255.255.0",
    }
    scene.change(path, "pool", session_persistence=sticky)
    kept = names(scene, balancer, 6)
    assert len(kept) == 1
    # Over changes, too, and for all of the prefix.
    scene.change(path, "pool", lb_algorithm="LEAST_CONNECTIONS")
    client = scene.guests["client"]
    client.run("ip", "address", "add", f"{_another(scene)}/24", "dev", "eth0")
    assert set(names(scene, balancer, 4)) == set(kept)
    scene.change(path, "pool", session_persistence=None)
    assert len(names(scene, balancer, 6)) == 2
    for algorithm in ("SOURCE_IP", "SOURCE_IP_PORT"):
        scene.change(path, "pool", lb_algorithm=algorithm)
        found = names(scene, balancer, 24)
        assert found.total() == 24
        assert (len(found) == 1) is (algorithm == "SOURCE_IP")


def _another(scene: Scene) -> str:
    return f"{scene.address('client').rpartition('.')[0]}.250"


def _it_serves_on(scene: Scene, balancer: Any, listener: Any) -> None:
    scene.agent.stop()
    assert names(scene, balancer, 8).total() == 8
    scene.start_agent()
    run("ip", "netns", "delete", balancer_namespace(balancer["id"]))
    wait_for("another place", lambda: names(scene, balancer, 1).total() == 1)
    # The same port is another listener's over TCP; and nothing else answers.
    scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="TCP",
        protocol_port=VIP_PORT,
        default_pool={
            "protocol": "TCP",
            "lb_algorithm": "ROUND_ROBIN",
            "members": [scene.member("two")],
        },
    )
    assert scene.get(balancer, port=VIP_PORT)["name"] == "two"
    scene.delete(f"listeners/{listener['id']}")
    assert names(scene, balancer, 1) == {}
    assert scene.get(balancer, port=VIP_PORT)["name"] == "two"


def pings_and_metrics(scene: Scene) -> None:
    monitor = {**MONITOR, "type": "PING"}
    balancer, _, pool = scene.balancer("one", "two", healthmonitor=monitor)
    both = {"one": "ONLINE", "two": "ONLINE"}
    wait_for("both are well", lambda: scene.operating(pool) == both)
    assert len(set(scene.names(balancer, 4))) == 2
    deaf = ("sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
    scene.guests["one"].run(*deaf)
    wait_for("ERROR", lambda: scene.operating(pool)["one"] == "ERROR")
    wait_for("left out", lambda: set(scene.names(balancer, 4)) == {"two"})
    # Another process hears of it at once.
    scene.change(f"pools/{pool['id']}", "pool", lb_algorithm="LEAST_CONNECTIONS")
    wait_for("left out again", lambda: set(scene.names(balancer, 4)) == {"two"})
    scene.guests["one"].run(*deaf[:2], deaf[2][:-1] + "0")
    wait_for("well again", lambda: scene.operating(pool) == both)
    assert len(set(scene.names(balancer, 4))) == 2
    made = scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="PROMETHEUS",
        protocol_port=8088,
        allowed_cidrs=[f"{scene.address('client')}/32"],
    )
    url = f"http://{balancer['vip_address']}:8088"
    wait_for("open", lambda: scene.curl(f"{url}/metrics", "-m", "1") != "")
    text = scene.curl(f"{url}/metrics")
    member = scene.house.ok("GET", f"/pools/{pool['id']}/members")["members"][0]
    found = [line for line in text.splitlines() if member["id"] in line]
    assert any(line.startswith("octavia_member_status{") for line in found)
    assert "# TYPE octavia_listener_http_requests_total counter\n" in text
    assert "octavia_loadbalancer_current_connections " in text
    code = scene.curl(f"{url}/other", "-o", "/dev/null", "-w", "%{http_code}")
    assert code == "404"
    scene.change(f"listeners/{made['id']}", "listener", allowed_cidrs=["192.0.2.0/24"])
    wait_for("closed", lambda: scene.curl(f"{url}/metrics", "-m", "1") == "")
