"""What is refused of a network: a change that takes away what others use."""

from __future__ import annotations

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.work import Work
from compute.network.model import Network, Port


def only_default(work: Work, network_id: str) -> None:
    """No other network is the one of automatic topologies."""
    networks = tables.networks
    others = [
        each
        for each in work.records(Network, networks, networks.c.is_default.is_(True))
        if each.id != network_id
    ]
    if others:
        raise conflict(
            "DefaultExternalNetworkExists",
            f"A default external network already exists: {others[0].id}.",
        )


def refuse_while_external(work: Work, network: Network) -> None:
    """Gateways and floating IPs keep their network external."""
    ports = tables.ports
    owners = ("network:router_gateway", "network:floatingip")
    if work.records(
        Port, ports, ports.c.network_id == network.id, ports.c.device_owner.in_(owners)
    ):
        raise conflict(
            "ExternalNetworkInUse",
            f"External network {network.id} cannot be updated to be made non-external,"
            " since it has existing gateway ports.",
        )


def refuse_while_shared(work: Work, network: Network) -> None:
    """Other projects' ports keep their network shared."""
    ports = tables.ports
    others = [
        port
        for port in work.records(Port, ports, ports.c.network_id == network.id)
        if port.is_guest and port.project_id != network.project_id
    ]
    if others:
        raise conflict(
            "InvalidSharedSetting",
            f"Unable to reconfigure sharing settings for network {network.id}."
            " Multiple tenants are using it.",
        )
