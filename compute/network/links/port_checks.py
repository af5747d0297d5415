"""What is refused of a port: whose it may be, and what goes with what."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.errors import Forbidden, PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import is_service
from compute.network.frame.work import Work
from compute.network.links.visibility import usable_by
from compute.network.model import (
    COMPUTE_OWNER_PREFIX,
    NETWORK_OWNER_PREFIX,
    Network,
    Port,
)
from compute.network.port_names import OWNER_BALANCER, OWNER_ROUTER_INTERFACE


def check_use(work: Work, network: Network, project_id: str) -> None:
    """An external network is for routers, unless it is the project's own or lent."""
    if not network.external or work.is_admin or is_service(work):
        return
    found = work.records(
        Network,
        tables.networks,
        tables.networks.c.id == network.id,
        usable_by(project_id),
    )
    if not found:
        raise Forbidden(
            f"Ports cannot be created on external network {network.id}.",
            kind="PolicyNotAuthorized",
        )


def check_owner(work: Work, owner: str | None) -> None:
    """Only the cloud's own services say that a port is a server's or a router's: by
    its device a port leads to a server's metadata, and into a router."""
    if _is_ours(owner or "") and not (work.is_admin or is_service(work)):
        raise PolicyNotAuthorized("(create_port:device_owner) is disallowed by policy")


def _is_ours(owner: str) -> bool:
    return owner == OWNER_BALANCER or owner.startswith(
        (COMPUTE_OWNER_PREFIX, NETWORK_OWNER_PREFIX)
    )


def check_rewiring(work: Work, port: Port, body: Body) -> None:
    """A server's, router's or load balancer's port stays that one's, whoever owns the
    port."""
    if work.is_admin or is_service(work) or not _is_ours(port.device_owner):
        return
    for name, value in (
        ("device_id", port.device_id),
        ("device_owner", port.device_owner),
    ):
        if name in body and (body[name] or "") != value:
            raise PolicyNotAuthorized(f"(update_port:{name}) is disallowed by policy")
    is_service_port = not port.is_guest or port.device_owner == OWNER_BALANCER
    if (
        "fixed_ips" in body
        and is_service_port
        and not _is_readdressed(work, port, body["fixed_ips"])
    ):
        raise PolicyNotAuthorized("(update_port:fixed_ips) is disallowed by policy")


def _is_readdressed(work: Work, port: Port, wishes: Sequence[Body] | None) -> bool:
    """Whether the network's owner gives his router other addresses of the subnets
    that it has joined."""
    network = work.find(Network, tables.networks, port.network_id)
    is_own = network is not None and network.project_id == work.project_id
    if port.device_owner != OWNER_ROUTER_INTERFACE or not is_own:
        return False
    addresses = tables.addresses
    joined = work.connection.execute(
        sa.select(addresses.c.subnet_id).where(addresses.c.port_id == port.id)
    )
    wanted = {each.get("subnet_id") for each in wishes or ()}
    return wanted == set(joined.scalars())


def check_removal(work: Work, port: Port) -> None:
    """A load balancer's address goes with the load balancer."""
    if port.device_owner == OWNER_BALANCER and not (work.is_admin or is_service(work)):
        raise conflict(
            "ServicePortInUse",
            f"Port {port.id} cannot be deleted directly via the port API: has device"
            f" owner {port.device_owner}.",
        )


def check_device(port: Port, body: Body) -> None:
    """A server's or load balancer's port is given to another one only after it was
    given back."""
    wanted = body.get("device_id")
    is_held = port.device_owner == OWNER_BALANCER or port.device_owner.startswith(
        COMPUTE_OWNER_PREFIX
    )
    if wanted and port.device_id and wanted != port.device_id and is_held:
        raise conflict(
            "PortInUse",
            f"Unable to complete operation on port {port.id} for network"
            f" {port.network_id}. Port already has an attached device"
            f" {port.device_id}.",
        )


def check_security(port: Port) -> None:
    """Allowed address pairs mean something on checked ports only."""
    if port.address_pairs and not port.port_security:
        raise conflict(
            "AddressPairAndPortSecurityRequired",
            "Port Security must be enabled in order to have allowed address pairs on a"
            " port.",
        )
