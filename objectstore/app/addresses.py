"""Which addresses are this machine's own: how a process finds its devices."""

from __future__ import annotations

import netifaces

EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})


def own_addresses(bound_host: str) -> frozenset[str]:
    """The addresses under which the ring may know a server bound to this host.

    A server that is bound to one address is known by that one; a server bound
    to every interface by any address of the machine.
    """
    if bound_host not in EVERY_INTERFACE:
        return frozenset({bound_host})
    found = set()
    for interface in netifaces.interfaces():
        for family in (netifaces.AF_INET, netifaces.AF_INET6):
            for item in netifaces.ifaddresses(interface).get(family, ()):
                # Link-local IPv6 addresses carry their interface: fe80::1%eth0
                found.add(item["addr"].partition("%")[0])
    return frozenset(found)
