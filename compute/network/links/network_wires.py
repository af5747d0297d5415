"""What carries a network's packets: its kind, its uplink, how long they may be."""

from __future__ import annotations

from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.work import Work

# What each version of IP needs (RFC 791, RFC 8200).
MTU_MIN = {4: 68, 6: 1280}
# What VXLAN over IPv4 puts around a packet (RFC 7348): two more headers of Ethernet
# and IP, UDP's and its own.
TUNNEL_BYTES = 50
# The same over IPv6, and what WireGuard puts around that: IPv4, UDP and its own.
ENCRYPTED_TUNNEL_BYTES = 70 + 60
LOCAL, FLAT = "local", "flat"


def default_mtu(work: Work, network_type: str, *, external: bool) -> int:
    """What fits through the wires between hosts, in a tunnel where there is one."""
    if external or network_type == FLAT:
        return work.settings.mtu
    encrypts = work.settings.encrypt_tunnels
    around = ENCRYPTED_TUNNEL_BYTES if encrypts else TUNNEL_BYTES
    return max(MTU_MIN[4], work.settings.mtu - around)


def check_mtu(work: Work, wanted: int | None) -> int:
    """A wanted MTU, 0 for the usual one.  ``InvalidInput`` for more than the wires
    between hosts carry."""
    most = work.settings.mtu
    if not wanted:
        return 0
    if not 0 < wanted <= most:
        raise invalid(f"mtu: {wanted} is not between 1 and {most}.")
    return wanted


def check_mtu_of_version(version: int, mtu: int) -> None:
    """``NetworkMTUSubnetConflict`` when that version of IP needs more."""
    if mtu < MTU_MIN[version]:
        raise conflict(
            "NetworkMTUSubnetConflict",
            f"IPv{version} needs an MTU of {MTU_MIN[version]}: {mtu} is too little.",
        )


def provider(work: Work, body: Body) -> tuple[str, str]:
    """The kind and the uplink that a body names.  ``InvalidInput``."""
    network_type = body.get("provider:network_type") or LOCAL
    physical = body.get("provider:physical_network") or ""
    if body.get("provider:segmentation_id") is not None:
        raise invalid("provider:segmentation_id: networks here have no segments.")
    if network_type not in (LOCAL, FLAT):
        raise invalid(
            f"provider:network_type: {network_type} is not one of {LOCAL}, {FLAT}."
        )
    if network_type == LOCAL and physical:
        raise invalid("provider:physical_network: a local network has no uplink.")
    if network_type == FLAT:
        physical = physical or work.settings.physical_network
        if not physical:
            raise invalid("provider:physical_network: a flat network needs an uplink.")
    return network_type, physical
