"""What a load balancer's port should have on a host: a namespace, and a way into it.

The outer end of the veth is named like a guest's tap, and so it is one to all rules:
anti-spoofing, security groups and speed are those of the port.  What serves inside the
namespace is another agent's affair.
"""

from __future__ import annotations

from compute.network.agent.desired.parts import DEFAULT_ROUTES, Parts, has_address
from compute.network.agent.model import Namespace, Route
from compute.network.port_names import balancer_namespace, tap_name
from compute.network.view import Port


def add_balancer_port(parts: Parts, port: Port) -> None:
    """The namespace, and its veth on the network's bridge."""
    network = parts.networks[port.network_id]
    name = balancer_namespace(port.balancer_id)
    routes: dict[str, Route] = {}
    for subnet in network.subnets:
        if not has_address(port, subnet.id):
            continue
        for route in subnet.host_routes:
            found = Route(route.destination, route.nexthop)
            routes.setdefault(found.destination, found)
        default = DEFAULT_ROUTES[subnet.version]
        if subnet.gateway:
            routes.setdefault(default, Route(default, subnet.gateway))
    parts.add_veth(port, network, name, tap_name(port.id))
    parts.namespaces[name] = Namespace(name, routes=frozenset(routes.values()))
