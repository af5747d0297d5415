"""``SourceDestCheck``: whether a port may carry what is not from or to itself.

Every port of the network room is held to its own addresses; one that may forward for
others (a NAT instance, a VPN) is allowed the pair of all of them.
"""

from __future__ import annotations

from compute.ec2.frame.errors import coded
from compute.ec2.inventory import Thing
from compute.ec2.rooms import Rooms
from compute.ec2.vpcs import EVERYWHERE


def is_checked(port: Thing) -> bool:
    """Whether it is held to its own addresses."""
    pairs = {each["ip_address"] for each in port.get("allowed_address_pairs", ())}
    return EVERYWHERE not in pairs


def check_source(rooms: Rooms, port: Thing, is_wanted: bool) -> None:
    """Hold a port to its addresses, or do not."""
    if is_checked(port) is is_wanted:
        return
    pairs = [
        dict(each)
        for each in port.get("allowed_address_pairs", ())
        if each["ip_address"] != EVERYWHERE
    ]
    if not is_wanted:
        pairs.append({"ip_address": EVERYWHERE, "mac_address": port["mac_address"]})
    body = {"port": {"allowed_address_pairs": pairs}}
    with coded(missing="InvalidNetworkInterfaceID.NotFound"):
        rooms.put("network", "ports", port["id"], body=body)
