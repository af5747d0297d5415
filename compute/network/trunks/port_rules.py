"""What is refused of ports because of their trunks, and of trunks because of ports."""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.collection import is_service
from compute.network.frame.work import Work
from compute.network.links.port_list import COLLECTION as PORTS
from compute.network.links.subnets import on_network
from compute.network.model import Network, Port
from compute.network.port_names import OWNER_BALANCER
from compute.network.trunks.members import trunk_of_parent, trunk_of_subport
from compute.network.trunks.model import SEGMENTATION_TYPE, Subport, Trunk

# What says whose a port is, and where: of a subport its trunk alone does.
_PLACE = (
    ("device_id", "device_id"),
    ("device_owner", "device_owner"),
    ("binding:host_id", "host"),
)


def check_place(work: Work, port: Port, body: Body) -> None:
    """A subport is where its trunk is, and nobody else's."""
    moved = [
        name
        for name, column in _PLACE
        if name in body and (body[name] or "") != getattr(port, column)
    ]
    trunk_id = trunk_of_subport(work, port.id) if moved else ""
    if trunk_id:
        raise _is_subport(port.id, trunk_id)


def check_in_no_trunk(work: Work, port: Port) -> None:
    """Nobody takes a port of a trunk away by hand; with what a service takes away that
    it has made itself, the trunk goes."""
    if is_service(work):
        return
    trunk_id = trunk_of_subport(work, port.id)
    if trunk_id:
        raise _is_subport(port.id, trunk_id)
    check_is_no_parent(work, port)


def check_is_no_parent(work: Work, port: Port) -> None:
    """Where a trunk's parent is, a guest is, or will be."""
    trunk = trunk_of_parent(work, port.id)
    if trunk is not None:
        raise conflict(
            "PortInUseAsTrunkParent",
            f"Port {port.id} is currently a parent port for trunk {trunk.id}.",
        )


def find_parent(work: Work, port_id: str) -> Port:
    """A port that may become a trunk's parent."""
    port = _own_port(work, port_id)
    if trunk_of_subport(work, port.id):
        raise conflict("TrunkPortInUse", f"Port {port.id} is in use by another trunk.")
    if (
        not port.is_guest
        or port.device_owner == OWNER_BALANCER
        or trunk_of_parent(work, port.id) is not None
    ):
        raise _no_parent(port.id)
    return port


def find_subport(work: Work, port_id: str, parent: Port) -> Port:
    """A port that may become a subport there."""
    if port_id == parent.id:
        raise _no_parent(port_id)
    port = _own_port(work, port_id)
    if trunk_of_subport(work, port.id):
        raise conflict("TrunkPortInUse", f"Port {port.id} is in use by another trunk.")
    if trunk_of_parent(work, port.id) is not None:
        raise _no_parent(port.id)
    if port.device_id or not port.is_guest:
        raise conflict(
            "PortInUse",
            f"Unable to complete operation on port {port.id} for network"
            f" {port.network_id}. Port already has an attached device"
            f" {port.device_id}.",
        )
    _check_mtu(work, port, parent)
    return port


def check_free(trunk: Trunk, held: Sequence[Subport], vlan: int) -> None:
    """No two subports have one VLAN id."""
    if any(each.vlan == vlan for each in held):
        raise conflict(
            "DuplicateSubPort",
            f"segmentation_type {SEGMENTATION_TYPE} and segmentation_id {vlan} already"
            f" in use on trunk {trunk.id}.",
        )


def check_enabled(trunk: Trunk) -> None:
    """What its owner has locked stays as it is."""
    if not trunk.admin_up:
        raise conflict("TrunkDisabled", f"Trunk {trunk.id} is currently disabled.")


def no_subport(trunk: Trunk, port_id: str) -> Exception:
    """The port is none of the trunk's."""
    return not_found("SubPortNotFound", f"On trunk {trunk.id} subport", port_id)


def _own_port(work: Work, port_id: str) -> Port:
    """One that the caller may change: who merely sees it (it is on his network) must
    not get hold of what is sent to it."""
    port = PORTS.find(work, port_id)
    facts = {name: getattr(port, name) for name in ("id", "project_id", "network_id")}
    if not work.policy.allows(work.context, "update_port", on_network(work, facts)):
        raise PolicyNotAuthorized("(update_port) is disallowed by policy")
    return port


def _check_mtu(work: Work, port: Port, parent: Port) -> None:
    """What the parent's device carries, tagged or not, has one size."""
    mtus = {
        network.id: network.mtu
        for network in work.records(
            Network,
            tables.networks,
            tables.networks.c.id.in_([port.network_id, parent.network_id]),
        )
    }
    its, most = mtus[port.network_id], mtus[parent.network_id]
    if its > most:
        raise conflict(
            "SubPortMtuGreaterThanTrunkPortMtu",
            f"MTU {its} of subport {port.id} cannot be greater than MTU {most} of trunk"
            f" port {parent.id}.",
        )


def _is_subport(port_id: str, trunk_id: str) -> Exception:
    return conflict(
        "PortInUseAsSubPort",
        f"Port {port_id} is currently a subport for trunk {trunk_id}.",
    )


def _no_parent(port_id: str) -> Exception:
    return conflict(
        "ParentPortInUse",
        f"Port {port_id} is currently in use and is not eligible for use as a parent"
        " port.",
    )
