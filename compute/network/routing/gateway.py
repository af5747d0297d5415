"""A router's gateway: its port on an external network."""

from __future__ import annotations

from typing import Any

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.work import Work
from compute.network.links import addressing, networks
from compute.network.links.ports import remove_port
from compute.network.model import FloatingIp, Network, Port, Router
from compute.network.port_names import OWNER_ROUTER_GATEWAY
from compute.network.qos import users
from compute.network.routing.placement import place_router
from compute.network.routing.router_ports import gateway_of, make_router_port


def set_gateway(work: Work, router: Router, info: dict[str, Any]) -> Router:
    """Join the router to an external network as ``external_gateway_info`` says."""
    network = networks.COLLECTION.find(work, info.get("network_id") or "")
    if not network.external:
        raise invalid(f"Network {network.id} is not an external network", "BadRequest")
    port = gateway_of(work, router)
    if port is not None and port.network_id != network.id:
        _refuse_while_floating(work, router)
        remove_port(work, port)
        port = None
    wishes = info.get("external_fixed_ips") or None
    if port is None:
        port = _new_gateway(work, router, network, wishes)
    elif wishes is not None:
        _readdress(work, port, wishes)
    changed = work.save(
        tables.routers,
        router,
        external_network_id=network.id,
        gateway_port_id=port.id,
        snat=info.get("enable_snat", True),
        qos_policy_id=users.changed(work, router, info),
    )
    return place_router(work, changed)


def clear_gateway(work: Work, router: Router) -> Router:
    """Take the router off its external network; not while floating IPs need it."""
    port = gateway_of(work, router)
    if port is None:
        return router
    _refuse_while_floating(work, router)
    remove_port(work, port)
    work.touch([router.host])
    return work.save(
        tables.routers,
        router,
        external_network_id="",
        gateway_port_id="",
        snat=True,
        qos_policy_id="",
    )


def _new_gateway(work: Work, router: Router, network: Network, wishes: Any) -> Port:
    # A network without subnets gives it no address, and nothing goes out: as Neutron.
    # Gateways belong to the cloud: a project must not delete or count them.
    return make_router_port(
        work,
        network,
        owner=OWNER_ROUTER_GATEWAY,
        device_id=router.id,
        project_id="",
        host=router.host,
        wishes=wishes,
    )


def _readdress(work: Work, port: Port, wishes: Any) -> None:
    had = addressing.addresses_of(work, [port.id]).get(port.id, [])
    pairs = addressing.wanted_addresses(
        work,
        networks.subnets_of(work, [port.network_id]),
        wishes,
        network_id=port.network_id,
        mac=port.mac,
        keep=had,
        owner=OWNER_ROUTER_GATEWAY,
    )
    addressing.assign(work, port.id, pairs)
    work.bump(tables.ports, port)


def _refuse_while_floating(work: Work, router: Router) -> None:
    floating = tables.floating_ips
    if work.records(FloatingIp, floating, floating.c.router_id == router.id):
        raise conflict(
            "RouterExternalGatewayInUseByFloatingIp",
            f"Gateway cannot be updated for router {router.id}, since a gateway to"
            f" external network {router.external_network_id} is required by one or"
            " more floating IPs.",
        )


def external_network(work: Work, network_id: str) -> Network:
    """An external network that the caller sees; ``NetworkNotFound``, 400."""
    network = networks.COLLECTION.find(work, network_id)
    if not network.external:
        raise invalid(f"Network {network.id} is not an external network", "BadRequest")
    return network
