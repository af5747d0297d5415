"""A cloud as a process of its own, with both agents: from the API to packets."""

from __future__ import annotations

import tempfile
from pathlib import Path

from openstack.connection import Connection

from compute.network.client import balancer_namespace
from test.functional.compute.house import running_cloud
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.network_agent.guests import run

ROLES = (
    "identity",
    "network",
    "network-agent",
    "compute",
    "load-balancer",
    "balancer-agent",
)


def a_whole_cloud_serves() -> None:
    """Made by the SDK, served by haproxy while the cloud runs and while it does not,
    found again, and gone."""
    with tempfile.TemporaryDirectory(prefix="ringstack-balancer-") as name:
        with running_cloud(Path(name), roles=ROLES) as cloud:
            balancer_id, address = _make(cloud.sdk())
            assert _code(balancer_id, address) == "503"  # there is no pool
            before = _processes(balancer_id)
        assert _processes(balancer_id) == before
        assert _code(balancer_id, address) == "503"
        with running_cloud(Path(name), roles=ROLES) as cloud:
            service = cloud.sdk().load_balancer
            service.update_load_balancer(balancer_id, name="renamed")
            found = service.wait_for_load_balancer(balancer_id, interval=0.2)
            assert (found.name, found.operating_status) == ("renamed", "ONLINE")
            assert _processes(balancer_id) == before
            service.delete_load_balancer(balancer_id, cascade=True)
            service.wait_for_delete(found, interval=1)
            wait_for("no namespace", lambda: "rs-lb-" not in run("ip", "netns"))
            wait_for("no haproxy", lambda: not _processes(balancer_id))


def _make(connection: Connection) -> tuple[str, str]:
    """A load balancer with a listener; its id and address."""
    subnet_id = make_network(connection)
    service = connection.load_balancer
    wait_for("the network agent", lambda: list(connection.network.agents()))
    made = service.create_load_balancer(name="lb", vip_subnet_id=subnet_id)
    service.wait_for_load_balancer(made.id, interval=0.2)
    service.create_listener(protocol="HTTP", protocol_port=80, load_balancer_id=made.id)
    service.wait_for_load_balancer(made.id, interval=0.2)
    return str(made.id), str(made.vip_address)


def make_network(connection: Connection) -> str:
    """A network with a subnet; the subnet's id."""
    network = connection.network.create_network(name="inside")
    subnet = connection.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.40.0.0/24"
    )
    return str(subnet.id)


def _code(balancer_id: str, address: str) -> str:
    """What haproxy answers, inside its namespace."""
    inside = f"--net=/run/netns/{balancer_namespace(balancer_id)}"
    words = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}")
    return run("nsenter", inside, *words)


def _processes(balancer_id: str) -> list[str]:
    found = run("ps", "-eo", "pid,args", check=False).splitlines()
    return [each for each in found if "haproxy -f" in each and balancer_id in each]
