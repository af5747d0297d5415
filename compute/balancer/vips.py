"""A load balancer's address: where it is to be, and making and giving it back.

The row comes first, then what the network makes for it, so that whoever dies in between
leaves a row that tells what to look for (``keeper.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compute.balancer import rules
from compute.balancer.frame.kind import Item
from compute.balancer.model import Balancer
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.network.client import VipClient, VipPort


@dataclass(frozen=True, slots=True)
class Place:
    """Where the address is wanted.  ``port_id``: of a port that is there already."""

    network_id: str
    subnet_id: str = ""
    address: str = ""
    port_id: str = ""
    more: tuple[tuple[str, str], ...] = ()  # subnets, and addresses ("": any)


def find_place(network: VipClient, project_id: str, wanted: Item) -> Place:
    """From what a request says.  ``BadRequest``, ``Conflict``."""
    place = _first(network, project_id, wanted)
    more = wanted["additional_vips"]
    if more and place.port_id:
        raise BadRequest("additional_vips: a port that was there has its addresses")
    found = []
    for each in more:
        subnets = network.subnets(project_id, id=each["subnet_id"])
        if not subnets or subnets[0].network_id != place.network_id:
            raise BadRequest(
                f"additional_vips: {each['subnet_id']} is no subnet of the network"
            )
        text = each.get("ip_address") or ""
        address = rules.address(text, "additional_vips") if text else ""
        found.append((each["subnet_id"], address))
    return replace(place, more=tuple(found))


def check_groups(network: VipClient, project_id: str, group_ids: Sequence[str]) -> None:
    """``BadRequest`` for security groups that the project does not see."""
    for group_id in group_ids:
        if not network.has_group(project_id, group_id):
            raise BadRequest(f"Security group {group_id} not found.")


def _first(network: VipClient, project_id: str, wanted: Item) -> Place:
    address = wanted["vip_address"]
    if address:
        address = rules.address(address, "vip_address")
    if wanted["vip_port_id"]:
        return _of_port(network, project_id, wanted["vip_port_id"], address)
    subnet_id, network_id = wanted["vip_subnet_id"], wanted["vip_network_id"]
    if subnet_id:
        found = network.subnets(project_id, id=subnet_id)
        if not found:
            raise BadRequest(f"Subnet {subnet_id} not found.")
        if network_id and found[0].network_id != network_id:
            raise BadRequest("The subnet is not of that network")
        return Place(found[0].network_id, subnet_id, address)
    if not network_id:
        raise BadRequest(
            "Validation failure: VIP must contain one of: vip_port_id, vip_network_id,"
            " vip_subnet_id."
        )
    if not network.may_use(project_id, network_id):
        raise BadRequest(f"Network {network_id} not found.")
    if address:  # the network room finds the subnet that it is of
        return Place(network_id, "", address)
    subnets = network.subnets(project_id, network_id=network_id)
    if not subnets:
        raise BadRequest(
            f"Validation failure: Supplied network {network_id} does not contain a"
            " subnet."
        )
    order = sorted(subnets, key=lambda each: each.version)
    return Place(network_id, order[0].id)


def check_quality(network: VipClient, project_id: str, policy_id: str) -> None:
    """``BadRequest`` for a QoS policy that the project does not see: the network takes
    all of them from us."""
    if policy_id and not network.has_quality(project_id, policy_id):
        raise BadRequest(f"QoS policy {policy_id} not found.")


def _of_port(network: VipClient, project_id: str, port_id: str, address: str) -> Place:
    try:
        port = network.find_port(project_id, port_id)
    except NotFound:
        raise BadRequest(f"Port {port_id} not found.") from None
    if port.device_id or port.device_owner:
        raise Conflict(f"Port {port_id} is already in use.")
    if not port.address or address not in ("", port.address):
        raise BadRequest(f"Port {port_id} has not that address.")
    return Place(port.network_id, port.subnet_id, port.address, port_id)


def make(network: VipClient, balancer: Balancer, place: Place) -> tuple[VipPort, str]:
    """The port, bound to the balancer's host, and its group."""
    group_id = network.make_group(balancer.id)
    groups = replace(balancer, group_id=group_id).groups
    try:
        if place.port_id:
            port = network.take_port(
                place.port_id, balancer.id, host=balancer.host, groups=groups
            )
            if balancer.vip_qos_policy_id:
                network.set_quality(port.id, balancer.vip_qos_policy_id)
        else:
            port = network.create_port(
                balancer.project_id,
                balancer.id,
                network_id=place.network_id,
                places=[(place.subnet_id, place.address), *place.more],
                host=balancer.host,
                groups=groups,
                qos_policy_id=balancer.vip_qos_policy_id,
            )
    except Exception:
        network.delete_group(group_id)
        raise
    return port, group_id


def unmake(network: VipClient, balancer: Balancer) -> None:
    """Give back all that the network has of it; nothing where that is gone."""
    for port in network.ports_of(balancer.id):
        if balancer.owns_port:
            network.delete_port(port.id)
        else:
            network.give_back(port.id)
    if balancer.group_id:
        network.delete_group(balancer.group_id)
