"""Ports of servers that are not there: addresses that nobody gives back."""

from __future__ import annotations

from collections.abc import Iterator

from compute.app.doctor.finding import Finding
from compute.instance.client import InstanceClient
from compute.network.client import NetworkClient


def stray_ports(network: NetworkClient, instances: InstanceClient) -> Iterator[Finding]:
    """The ports are listed before the servers: a server's port is never older."""
    ports = network.server_ports()
    known = {server.id for server in instances.servers()}
    for port in ports:
        if port.device_id not in known:
            addresses = ", ".join(port.addresses)
            yield Finding(
                "port",
                port.id,
                f"{addresses or 'no address'}, of server {port.device_id}",
                lambda port_id=port.id: network.delete_port(port_id),  # type: ignore[misc]
            )
