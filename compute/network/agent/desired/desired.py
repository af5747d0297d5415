"""From a view to what should be on the host: pure, and the same for the same view.

Networks (``networks.py``) and routers (``routers.py``) say what each of
them needs.  What a view says of things that it does not hold is left out; the rest of
the host must not suffer for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compute.network.agent.desired.balancers import add_balancer_port
from compute.network.agent.desired.encryption import add_encryption
from compute.network.agent.desired.host_rules import host_rules
from compute.network.agent.desired.networks import add_network, add_tap
from compute.network.agent.desired.parts import Parts
from compute.network.agent.desired.routers import add_router
from compute.network.agent.desired.shaping import shapings, speed_links
from compute.network.agent.desired.trunks import add_subport
from compute.network.agent.model import Desired
from compute.network.agent.names import bridge_name
from compute.network.agent.rules.flows import port_flows
from compute.network.agent.settings import AgentSettings
from compute.network.view import HostView, NetworkKind

# Bridged packets must pass the ip hooks, or no connection would be tracked.
BRIDGE_SYSCTLS = (
    ("net/bridge/bridge-nf-call-iptables", "1"),
    ("net/bridge/bridge-nf-call-ip6tables", "1"),
)


def desired_state(
    view: HostView, settings: AgentSettings, zones: Mapping[str, int]
) -> Desired:
    """What should be on the host.  ``zones``: see ``host_rules.assign_zones``."""
    parts = Parts(view, settings, zones)
    wireguards = add_encryption(parts)
    for network in view.networks:
        add_network(parts, network)
    for port in parts.ports.values():
        if port.balancer_id:
            add_balancer_port(parts, port)
        elif port.trunk_port_id:
            add_subport(parts, port)
        elif port.is_guest:
            add_tap(parts, port)
    for router in view.routers:
        if router.admin_up:
            add_router(parts, router)
    forwards = any(network.masquerade for network in view.networks)
    return Desired(
        links=parts.links | speed_links(view),
        uplinks=dict(_uplinks(view, settings)),
        namespaces=parts.namespaces,
        processes=parts.processes,
        listeners=parts.listeners,
        rules=host_rules(view, zones),
        sysctls=BRIDGE_SYSCTLS + ((("net/ipv4/ip_forward", "1"),) if forwards else ()),
        flows=port_flows(view, zones),
        shapings=shapings(view, parts.namespaces),
        wireguards=wireguards,
        turns=parts.turns,
    )


def _uplinks(view: HostView, settings: AgentSettings) -> Iterator[tuple[str, str]]:
    for network in view.networks:
        uplink = settings.uplinks.get(network.physical_network)
        if network.kind is NetworkKind.FLAT and uplink:
            yield uplink, bridge_name(network.id)
