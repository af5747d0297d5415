"""Two hosts with agents, haproxy and encrypted tunnels, and then one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from openstack.connection import Connection

from compute.network.client import balancer_namespace
from test.functional.compute.balancer.whole_cloud import make_network
from test.functional.compute.real_guests import wait_for
from test.functional.compute.two_hosts import HostPlace, run, two_hosts

ROOMS = ("identity", "network", "load-balancer")
HOST_ROLES = ("network-agent", "balancer-agent")
# More than two of an agent's heart beats.
DOWN_SECONDS = "32"
MOVE_SECONDS = 120.0
STOP_SECONDS = 60.0
# Haproxy's, where a listener has no pool.
UNAVAILABLE = "503"


def a_lost_host() -> None:
    """What the one host served the other serves, at the same address; when the first
    comes back it serves that no more."""
    settings = {
        "load-balancer": {"down_after": DOWN_SECONDS},
        "network": {"encrypt_tunnels": "yes"},
    }
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="ringstack-"))
        cloud, hosts = stack.enter_context(
            two_hosts(Path(name), ROOMS, HOST_ROLES, settings)
        )
        sdk = cloud.sdk()
        subnet_id = make_network(sdk)
        moving, staying = (_make(sdk, each, subnet_id) for each in ("one", "two"))
        first = _home(hosts, moving)
        second = _home(hosts, staying)
        assert first.name != second.name
        _is_answered(second, staying, moving)  # through the tunnel
        assert "latest handshake" in _said(second, "wg", "show")

        _lose(first)
        # It runs on, as if nothing were.
        assert _haproxies(moving, first), _all_haproxies()
        wait_for("another host", lambda: _serves(second, moving), MOVE_SECONDS)
        _is_answered(second, staying, moving)
        found = sdk.load_balancer.wait_for_load_balancer(moving.id, interval=0.5)
        assert found.vip_address == moving.vip_address

        process = _bring_back(first)
        stack.callback(_stop, process)
        back = replace(first, pid=process.pid)
        wait_for("it to see", lambda: not _haproxies(moving, back), MOVE_SECONDS)
        _is_answered(second, staying, moving)
        for each in (moving, staying):
            sdk.load_balancer.delete_load_balancer(each.id, cascade=True)
            sdk.load_balancer.wait_for_delete(each, interval=0.5)
            wait_for("no haproxy", lambda each=each: not _haproxies(each, second))


def _make(sdk: Connection, name: str, subnet_id: str) -> Any:
    service = sdk.load_balancer
    made = service.create_load_balancer(name=name, vip_subnet_id=subnet_id)
    service.wait_for_load_balancer(made.id, interval=0.2)
    service.create_listener(protocol="HTTP", protocol_port=80, load_balancer_id=made.id)
    return service.wait_for_load_balancer(made.id, interval=0.2)


def _home(hosts: dict[str, HostPlace], balancer: Any) -> HostPlace:
    """The host that serves it."""
    (found,) = (host for host in hosts.values() if _serves(host, balancer))
    return found


def _serves(host: HostPlace, balancer: Any) -> bool:
    return _code(host, balancer, balancer) == UNAVAILABLE


def _is_answered(host: HostPlace, client: Any, server: Any) -> None:
    """Packets of the one, which lives there, find the other wherever it lives."""
    wait_for(
        "an answer",
        lambda: _code(host, client, server) == UNAVAILABLE,
        MOVE_SECONDS,
    )


def _said(host: HostPlace, *words: str) -> str:
    done = subprocess.run(host.within(*words), capture_output=True, text=True)
    return done.stdout


def _code(host: HostPlace, client: Any, server: Any) -> str:
    """What one's haproxy answers to whoever is in the other's namespace."""
    there = f"--net=/run/netns/{balancer_namespace(client.id)}"
    ask = ("curl", "-s", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}")
    words = host.within("nsenter", there, *ask, f"http://{server.vip_address}")
    return subprocess.run(words, capture_output=True, text=True).stdout


def _lose(host: HostPlace) -> None:
    """Its agents die at once, and nobody reaches it; its haproxy knows of nothing."""
    run("ip", "link", "set", f"to-{host.name}", "down")
    # The supervisor's workers would be told when it dies, and clear away.
    workers = Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text("ascii")
    for number in (host.pid, *map(int, workers.split())):
        os.kill(number, signal.SIGKILL)


def _bring_back(host: HostPlace) -> subprocess.Popen[bytes]:
    run("ip", "link", "set", f"to-{host.name}", "up")
    return host.start()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(STOP_SECONDS)


def _haproxies(balancer: Any, host: HostPlace) -> list[str]:
    """Processes of the load balancer with that host's files."""
    state = str(host.settings.parent / host.name)
    return [
        line for line in _all_haproxies() if balancer.id in line and f"{state}/" in line
    ]


def _all_haproxies() -> list[str]:
    found = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if line.startswith("haproxy")]
