"""What a load balancer does with real haproxy, real packets and real servers.

python -m test.functional.compute.balancer.scenarios NAME
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from compute.balancer.agent.processes import WAITING_MAX
from compute.network.client import balancer_namespace
from test.functional.compute.balancer.addresses import it_has_two_addresses
from test.functional.compute.balancer.datagrams import (
    datagrams_take_turns,
    pings_and_metrics,
)
from test.functional.compute.balancer.lost_host import a_lost_host
from test.functional.compute.balancer.scene import Scene
from test.functional.compute.balancer.tls import tls_ends_here
from test.functional.compute.balancer.whole_cloud import a_whole_cloud_serves
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.network_agent.guests import run

MONITOR = {
    "type": "HTTP",
    "url_path": "/health",
    "delay": 1,
    "timeout": 1,
    "max_retries": 1,
    "max_retries_down": 2,
}


def members_take_turns(scene: Scene) -> None:
    balancer, listener, pool = scene.balancer("one", "two", "three")
    path = f"pools/{pool['id']}/members"
    found = scene.names(balancer, 30)
    assert Counter(found) == {"one": 10, "two": 10, "three": 10}
    assert scene.operating(pool) == dict.fromkeys(("one", "two", "three"), "NO_MONITOR")
    # By weight; without one that is switched off; and a change of all at once.
    members = [
        scene.member("one", weight=3),
        scene.member("two"),
        scene.member("three", admin_state_up=False),
    ]
    scene.house.ok("PUT", f"/{path}", {"members": members})
    scene.settled()
    assert Counter(scene.names(balancer, 40)) == {"one": 30, "two": 10}
    wait_for("OFFLINE", lambda: scene.operating(pool)["three"] == "OFFLINE")
    scene.house.ok("PUT", f"/{path}", {"members": [scene.member("one", weight=0)]})
    scene.settled()
    wait_for("DRAINING", lambda: scene.operating(pool) == {"one": "DRAINING"})
    assert scene.names(balancer, 1) == []
    scene.house.ok("PUT", f"/{path}", {"members": [scene.member("two")]})
    scene.settled()
    headers = {"X-Forwarded-For": "true", "X-Forwarded-Port": "true"}
    headers["X-Forwarded-Proto"] = "true"
    scene.change(f"listeners/{listener['id']}", "listener", insert_headers=headers)
    sent = scene.get(balancer)["headers"]
    told = {name.lower(): value for name, value in sent.items()}
    assert told["x-forwarded-for"] == scene.address("client")
    assert (told["x-forwarded-port"], told["x-forwarded-proto"]) == ("80", "http")
    scene.change(f"listeners/{listener['id']}", "listener", admin_state_up=False)
    assert scene.names(balancer, 1) == []


def a_dead_member_is_left_out_until_it_is_well(scene: Scene) -> None:
    balancer, _, pool = scene.balancer("one", "two", healthmonitor=MONITOR)
    wait_for(
        "both are well",
        lambda: scene.operating(pool) == {"one": "ONLINE", "two": "ONLINE"},
    )
    scene.sick_file("two").touch()
    wait_for("ERROR", lambda: scene.operating(pool)["two"] == "ERROR")
    assert set(scene.names(balancer, 10)) == {"one"}
    path = f"/loadbalancers/{balancer['id']}"
    found = scene.house.ok("GET", path)["loadbalancer"]
    assert found["operating_status"] == "DEGRADED"
    scene.sick_file("one").touch()

    def fares() -> str:
        return str(scene.house.ok("GET", path)["loadbalancer"]["operating_status"])

    wait_for("all are dead", lambda: fares() == "ERROR")
    assert scene.status(balancer, "/").startswith("503")
    for name in ("one", "two"):
        scene.sick_file(name).unlink()
    wait_for("well again", lambda: fares() == "ONLINE")
    assert set(scene.names(balancer, 10)) == {"one", "two"}
    # A member that serves elsewhere for those who probe; and a backup.
    members = [
        scene.member("one", monitor_port=9),
        scene.member("two", backup=True),
    ]
    where = f"/pools/{pool['id']}/members"
    scene.house.ok("PUT", where, {"members": members})
    scene.settled()
    wait_for("nobody is there", lambda: scene.operating(pool)["one"] == "ERROR")
    assert set(scene.names(balancer, 4)) == {"two"}
    scene.house.ok("PUT", where, {"members": [scene.member("one"), members[1]]})
    scene.settled()
    # (What is not named in a batch is as it was by default: by its own port.)
    one = next(
        each
        for each in scene.house.ok("GET", where)["members"]
        if each["name"] == "one"
    )
    scene.change(f"{where[1:]}/{one['id']}", "member", monitor_port=None)
    wait_for("well", lambda: scene.operating(pool)["one"] == "ONLINE")
    assert set(scene.names(balancer, 4)) == {"one"}


def sessions_stay_where_they_are(scene: Scene) -> None:
    balancer, _, pool = scene.balancer(
        "one", "two", session_persistence={"type": "HTTP_COOKIE"}
    )
    path, jar = f"pools/{pool['id']}", str(scene.directory / "jar")
    assert len(set(scene.names(balancer, 6))) == 2
    cookies = ("-c", jar, "-b", jar)
    assert len(set(scene.names(balancer, 6, *cookies))) == 1
    # What sticks to an address, or to a server's own cookie, outlives a change.
    scene.change(path, "pool", session_persistence={"type": "SOURCE_IP"})
    kept = set(scene.names(balancer, 6))
    assert len(kept) == 1
    scene.change(path, "pool", name="renamed", lb_algorithm="LEAST_CONNECTIONS")
    assert set(scene.names(balancer, 6)) == kept
    persistence = {"type": "APP_COOKIE", "cookie_name": "SESSION"}
    scene.change(path, "pool", session_persistence=persistence)
    name = scene.get(balancer, "/login")["name"]
    cookie = ("-H", f"Cookie: SESSION=of-{name}")
    assert set(scene.names(balancer, 6, *cookie)) == {name}
    scene.change(path, "pool", lb_algorithm="SOURCE_IP", session_persistence=None)
    assert len(set(scene.names(balancer, 6))) == 1


def requests_go_by_what_they_ask_for(scene: Scene) -> None:
    balancer, listener, _ = scene.balancer("one")
    other = scene.make(
        "pools",
        "pool",
        loadbalancer_id=balancer["id"],
        protocol="HTTP",
        lb_algorithm="ROUND_ROBIN",
        members=[scene.member("two")],
    )

    def policy(action: str, *rules: tuple[str, str, str, str], **more: object) -> str:
        names = ("type", "compare_type", "key", "value")
        given = [dict(zip(names, each, strict=True)) for each in rules]
        for each in given:
            if not each["key"]:
                del each["key"]
        made = scene.make(
            "l7policies",
            "l7policy",
            listener_id=listener["id"],
            action=action,
            rules=given,
            **more,
        )
        return str(made["id"])

    policy(
        "REDIRECT_TO_POOL",
        ("HOST_NAME", "EQUAL_TO", "", "shop.example"),
        ("PATH", "STARTS_WITH", "", "/it's 100%"),
        redirect_pool_id=other["id"],
    )
    policy(
        "REDIRECT_TO_URL",
        ("FILE_TYPE", "EQUAL_TO", "", "php"),
        redirect_url="http://old.example/?a=%41%[src]'x'",
        redirect_http_code=301,
    )
    policy(
        "REDIRECT_PREFIX",
        ("PATH", "REGEX", "", "^/v[0-9]+/"),
        redirect_prefix="https://api.example",
    )
    last = policy("REJECT", ("HEADER", "CONTAINS", "User-Agent", "evil bot"))
    policy(
        "REDIRECT_TO_POOL",
        ("COOKIE", "ENDS_WITH", "tier", "-beta"),
        redirect_pool_id=other["id"],
    )
    shop = ("-H", "Host: SHOP.example:80")
    assert scene.get(balancer)["name"] == "one"
    assert scene.get(balancer, "/", *shop)["name"] == "one"
    raw = ("--request-target", "/it's 100%")
    assert "400" in scene.status(balancer, "/", *shop, *raw)  # a space in the way
    assert scene.status(balancer, "/a/b.php") == (
        "301 http://old.example/?a=%41%[src]'x'"
    )
    assert scene.status(balancer, "/b.php5").startswith("200")
    assert scene.status(balancer, "/v2/servers") == (
        "302 https://api.example/v2/servers"
    )
    assert scene.status(balancer, "/", "-A", "an evil bot").startswith("403")
    beta = ("-H", "Cookie: tier=x-beta")
    assert scene.get(balancer, "/", *beta)["name"] == "two"
    # The position decides: whoever is refused first sees nothing else.
    both = ("-A", "an evil bot", *beta)
    assert scene.status(balancer, "/", *both).startswith("403")
    assert scene.status(balancer, "/x.php", *both).startswith("301")
    scene.change(f"l7policies/{last}", "l7policy", position=1)
    assert scene.status(balancer, "/x.php", *both).startswith("403")
    (rule,) = scene.house.ok("GET", f"/l7policies/{last}/rules")["rules"]
    scene.change(f"l7policies/{last}/rules/{rule['id']}", "rule", invert=True)
    assert scene.status(balancer, "/", *both).startswith("200")
    assert scene.status(balancer, "/").startswith("403")
    scene.change(f"l7policies/{last}", "l7policy", admin_state_up=False)
    assert scene.status(balancer, "/").startswith("200")


def traffic_is_counted(scene: Scene) -> None:
    balancer, listener, _ = scene.balancer("one", "two")
    where = (f"/listeners/{listener['id']}/stats",)
    assert scene.house.ok("GET", *where)["stats"]["total_connections"] == 0
    scene.names(balancer, 20)

    def stats() -> dict[str, int]:
        found: dict[str, int] = scene.house.ok("GET", *where)["stats"]
        return found

    wait_for("20 connections", lambda: stats()["total_connections"] == 20)
    seen = stats()
    assert seen["bytes_in"] > 20 * 50 and seen["bytes_out"] > 20 * 100
    assert seen["request_errors"] == 0
    # Figures go on growing over a new process.
    scene.change(f"listeners/{listener['id']}", "listener", connection_limit=100)
    scene.names(balancer, 5)
    wait_for("25 connections", lambda: stats()["total_connections"] == 25)
    scene.guests["client"].run(
        "sh", "-c", f"echo nonsense | nc -q 1 {balancer['vip_address']} 80"
    )
    wait_for("an error", lambda: stats()["request_errors"] == 1)
    whole = scene.house.ok("GET", f"/loadbalancers/{balancer['id']}/stats")["stats"]
    assert whole == stats()


def changes_under_load_lose_no_request(scene: Scene) -> None:
    balancer, listener, pool = scene.balancer("one", "two")
    program = str(Path(__file__).parent / "load.py")
    url = f"http://{balancer['vip_address']}/"
    process = scene.guests["client"].start(sys.executable, program, url, "4")
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == b"asking\n"
    first = {each.name for each in scene.processes(balancer)}
    scene.make(f"pools/{pool['id']}/members", "member", **scene.member("three"))
    scene.change(f"listeners/{listener['id']}", "listener", timeout_client_data=30000)
    scene.change(f"pools/{pool['id']}", "pool", lb_algorithm="LEAST_CONNECTIONS")
    monitor = {**MONITOR, "pool_id": pool["id"]}
    made = scene.make("healthmonitors", "healthmonitor", **monitor)
    scene.delete(f"healthmonitors/{made['id']}")
    assert scene.processes(balancer)[0].name not in first
    process.stdin.close()
    found = json.loads(process.stdout.readline())
    process.wait()
    print(f"{found['answered']} requests over five changes")
    assert found["failures"] == [], found["failures"][:5]
    assert found["answered"] > 100


def those_that_wait_are_few(scene: Scene) -> None:
    """Whoever holds a connection to each process that there ever was."""
    balancer, _, pool = scene.balancer("one")
    listener = scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        default_pool_id=pool["id"],
        protocol="TCP",
        protocol_port=81,
    )
    held = []
    for number in range(WAITING_MAX + 2):
        held.append(scene.guests["client"].connect(balancer["vip_address"], 81))
        scene.change(
            f"listeners/{listener['id']}", "listener", connection_limit=100 + number
        )
    assert len(scene.processes(balancer)) == WAITING_MAX + 1
    assert scene.names(balancer, 1) == ["one"]
    for each in held:
        each.close()


def it_serves_on_without_the_agent(scene: Scene) -> None:
    balancer, listener, _ = scene.balancer("one", "two")
    (before,) = scene.processes(balancer)
    scene.agent.stop()
    assert len(set(scene.names(balancer, 6))) == 2
    # What is wanted meanwhile waits; the next agent finds the process and goes on.
    path = f"/listeners/{listener['id']}"
    scene.house.ok("PUT", path, {"listener": {"name": "same"}})
    scene.start_agent()
    scene.settled()
    assert [each.name for each in scene.processes(balancer)] == [before.name]
    owner = Path(f"/proc/{before.number}").stat().st_uid
    assert owner != 0, "haproxy is root"
    # Killed by hand, or its namespace wiped: it comes back.
    run("kill", "-9", str(before.number))
    wait_for("another process", lambda: _serves(scene, balancer))
    run("ip", "netns", "delete", balancer_namespace(balancer["id"]))
    wait_for("another place", lambda: _serves(scene, balancer))


def _serves(scene: Scene, balancer: dict[str, str]) -> bool:
    return scene.status(balancer, "/").startswith("200")


def walls_are_where_they_should_be(scene: Scene) -> None:
    balancer, listener, pool = scene.balancer("one")
    vip = balancer["vip_address"]
    namespace = f"--net=/run/netns/{balancer_namespace(balancer['id'])}"
    # Something else listens at its address: no rule lets anybody in.
    other = scene.guests["client"]
    program = (sys.executable, str(Path(__file__).parent / "backend.py"))
    stray = subprocess.Popen(
        ["nsenter", namespace, *program, "8080", "stray", "/nowhere"],
        stdout=subprocess.PIPE,
    )
    assert stray.stdout is not None and stray.stdout.readline() == b"open\n"
    assert scene.curl(f"http://{vip}:8080/", "-m", "1") == ""
    stray.kill()
    stray.wait()
    scene.change(
        f"listeners/{listener['id']}", "listener", allowed_cidrs=["192.0.2.0/24"]
    )
    wait_for("closed", lambda: scene.curl(f"http://{vip}/", "-m", "1") == "")
    scene.change(
        f"listeners/{listener['id']}",
        "listener",
        allowed_cidrs=[f"{scene.address('client')}/32"],
    )
    wait_for("open", lambda: _serves(scene, balancer))
    # TCP: what is inside is nobody's business.
    tcp = scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="TCP",
        protocol_port=9000,
        default_pool_id=pool["id"],
    )
    assert scene.get(balancer, port=9000)["name"] == "one"
    scene.delete(f"listeners/{tcp['id']}")
    assert scene.curl(f"http://{vip}:9000/", "-m", "1") == ""
    assert other.pings(scene.address("one"))
    scene.clear()
    it_has_two_addresses(scene)


def a_floating_address_leads_to_it(scene: Scene) -> None:
    balancer, _, _ = scene.balancer("one", "two")
    network = scene.house.network
    external = network.external()["id"]
    router = network.make("router", external_gateway_info={"network_id": external})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    network.ok("PUT", path, {"subnet_id": scene.house.subnet["id"]})
    floating = network.make(
        "floatingip",
        floating_network_id=external,
        port_id=balancer["vip_port_id"],
    )
    url = f"http://{floating['floating_ip_address']}/"

    def answer() -> str:
        return run("curl", "-s", "-m", "2", url, check=False)

    wait_for("an answer from outside", lambda: '"name"' in answer())
    names = {json.loads(answer())["name"] for _ in range(4)}
    assert names == {"one", "two"}
    # Only what a listener serves: not even from outside does anything else answer.
    assert run("curl", "-s", "-m", "1", f"{url[:-1]}:81/", check=False) == ""
    network.delete("floatingip", floating["id"])


def datagrams_pings_and_tls(scene: Scene) -> None:
    """One after the other, among the same guests."""
    for each in (datagrams_take_turns, pings_and_metrics, tls_ends_here):
        each(scene)
        scene.clear()


SCENARIOS: dict[str, tuple[Callable[[Scene], None], tuple[str, ...]]] = {
    each.__name__: (each, servers)
    for each, servers in (
        (members_take_turns, ("one", "two", "three")),
        (a_dead_member_is_left_out_until_it_is_well, ("one", "two")),
        (sessions_stay_where_they_are, ("one", "two")),
        (requests_go_by_what_they_ask_for, ("one", "two")),
        (traffic_is_counted, ("one", "two")),
        (changes_under_load_lose_no_request, ("one", "two", "three")),
        (those_that_wait_are_few, ("one",)),
        (it_serves_on_without_the_agent, ("one", "two")),
        (walls_are_where_they_should_be, ("one",)),
        (a_floating_address_leads_to_it, ("one", "two")),
        (datagrams_pings_and_tls, ("one", "two")),
    )
}


CLOUDS = {each.__name__: each for each in (a_whole_cloud_serves, a_lost_host)}
NAMES = (*SCENARIOS, *CLOUDS)


def main(name: str) -> None:
    if name in CLOUDS:
        CLOUDS[name]()
        return
    scenario, servers = SCENARIOS[name]
    scene = Scene(*servers)
    scenario(scene)
    scene.close()


if __name__ == "__main__":
    main(sys.argv[1])
