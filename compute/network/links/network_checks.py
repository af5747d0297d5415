"""What is refused of a network: a change that takes away what others use."""

from __future__ import annotations

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.collection import is_service
from compute.network.frame.work import Work
from compute.network.links.network_wires import LOCAL
from compute.network.model import FloatingIp, Network, Port, PortForwarding


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


def give_back_floating_ips(work: Work, network: Network) -> None:
    """Floating IPs that stand for nobody do not keep their network."""
    floating, forwardings = tables.floating_ips, tables.port_forwardings
    found = work.records(
        FloatingIp, floating, floating.c.external_network_id == network.id
    )
    forwarding = work.records(
        PortForwarding,
        forwardings,
        forwardings.c.floating_ip_id.in_([each.id for each in found]),
    )
    if forwarding or any(each.port_id for each in found):
        return
    for each in found:
        work.delete(floating, each)
        addresses = tables.addresses
        work.connection.execute(
            addresses.delete().where(addresses.c.port_id == each.floating_port_id)
        )
        port = work.find(Port, tables.ports, each.floating_port_id)
        if port is not None:
            work.delete(tables.ports, port)


def check_gateway_s_giver(work: Work, network: Network) -> None:
    """The gateways of an external network without an uplink are addresses of its hosts:
    what they are is not its owner's to say."""
    is_on_hosts = network.external and network.network_type == LOCAL
    if is_on_hosts and not (work.is_admin or is_service(work)):
        raise PolicyNotAuthorized("(create_subnet:gateway_ip) is disallowed by policy")


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
