"""Whose a port is, by its owner and device, and what leads to it on a host.

A port's *owner* says what kind of thing it belongs to, its *device* which one.  Guests'
owners are the instance room's (``compute:nova``); those of the network's own services
and of load balancers are here.
"""

from __future__ import annotations

import re

OWNER_DHCP = "network:dhcp"
OWNER_ROUTER_INTERFACE = "network:router_interface"
OWNER_ROUTER_GATEWAY = "network:router_gateway"
OWNER_FLOATING_IP = "network:floatingip"
# Spoken for by the guest of its trunk's parent port.
OWNER_SUBPORT = "trunk:subport"
# The prefix of every owner that is a service of the network itself: no tap.
OWNER_NETWORK_PREFIX = "network:"

# A load balancer's address: its device is this and the balancer's id.
OWNER_BALANCER = "Octavia"
BALANCER_DEVICE_PREFIX = "lb-"
_BALANCER_DEVICE = re.compile(f"{BALANCER_DEVICE_PREFIX}[0-9a-f-]{{36}}")
BALANCER_NAMESPACE_PREFIX = "rs-lb-"

TAP_PREFIX = "tap"
# Interface names have 15 bytes at most; this many leave room for any prefix of ours.
ID_CHARACTERS = 11


def tap_name(port_id: str) -> str:
    """The tap of a guest's port, for whoever starts the guest."""
    return TAP_PREFIX + port_id[:ID_CHARACTERS]


def balancer_device(balancer_id: str) -> str:
    """What the port of a load balancer names as its device."""
    return BALANCER_DEVICE_PREFIX + balancer_id


def balancer_namespace(balancer_id: str) -> str:
    """The namespace that a load balancer's port leads into."""
    return BALANCER_NAMESPACE_PREFIX + balancer_id


def balancer_of(device_owner: str, device_id: str) -> str:
    """The load balancer whose address such a port is; "" for all other ports."""
    is_one = device_owner == OWNER_BALANCER
    if not is_one or _BALANCER_DEVICE.fullmatch(device_id) is None:
        return ""
    return device_id.removeprefix(BALANCER_DEVICE_PREFIX)
