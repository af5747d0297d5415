"""Which ports are wired: those for which nothing is left to do on this host.

A server boots when its ports are, so a port waits for all that a guest's first packets
need: the rules, its network's bridge and tunnel, its DHCP service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compute.network.agent.names import (
    bridge_name,
    dhcp_device,
    dhcp_namespace,
    router_device,
    router_namespace,
    tags_of,
    trunk_device,
    tunnel_device,
)
from compute.network.agent.operations import RULES, Operation
from compute.network.port_names import balancer_namespace, tap_name
from compute.network.view import HostView, Port


def wired(view: HostView, outstanding: Iterable[Operation]) -> dict[str, bool]:
    """For each local port, whether nothing is left to do for it."""
    waiting = {operation.concerns for operation in outstanding}
    return {
        port.id: port.admin_up and waiting.isdisjoint(_things_of(port))
        for port in view.ports
    }


def _things_of(port: Port) -> Iterator[str]:
    """Everything that has to be right for the port to work."""
    yield RULES
    yield bridge_name(port.network_id)
    yield tunnel_device(port.network_id)
    yield dhcp_namespace(port.network_id)
    if port.balancer_id:
        yield balancer_namespace(port.balancer_id)
    if port.is_guest:
        yield tap_name(port.id)
        if port.trunk_port_id:
            yield trunk_device(port.id)
            yield tags_of(tap_name(port.trunk_port_id))
    else:
        yield dhcp_device(port.id)
        yield router_device(port.id)
        yield router_namespace(port.device_id)
