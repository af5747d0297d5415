"""A cloud as a process of its own, with both agents: from the API to packets."""

from __future__ import annotations

import tempfile
from pathlib import Path

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
    """Made by the SDK, served by haproxy, and gone."""
    with (
        tempfile.TemporaryDirectory(prefix="ringstack-balancer-") as name,
        running_cloud(Path(name), roles=ROLES) as cloud,
    ):
        connection = cloud.sdk()
        network = connection.network.create_network(name="inside")
        subnet = connection.network.create_subnet(
            network_id=network.id, ip_version=4, cidr="10.40.0.0/24"
        )
        service = connection.load_balancer
        wait_for("the network agent", lambda: list(connection.network.agents()))
        made = service.create_load_balancer(name="lb", vip_subnet_id=subnet.id)
        service.wait_for_load_balancer(made.id, interval=0.2)
        service.create_listener(
            protocol="HTTP", protocol_port=80, load_balancer_id=made.id
        )
        service.wait_for_load_balancer(made.id, interval=0.2)
        inside = f"--net=/run/netns/{balancer_namespace(made.id)}"
        url = f"http://{made.vip_address}/"
        code = run("nsenter", inside, "curl", "-s", "-o", "/dev/null", "-w",
                   "%{http_code}", url)  # fmt: skip
        assert code == "503", code  # there is no pool
        service.delete_load_balancer(made.id, cascade=True)
        service.wait_for_delete(made, interval=1)
        wait_for("no namespace", lambda: "rs-lb-" not in run("ip", "netns"))
        connection.close()
