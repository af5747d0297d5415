"""Addresses as operators write them, in the one form the ring compares.

An IPv6 address has many spellings; here it gets its shortest, in lower case. A host
name is allowed wherever a device's address is given, and is not resolved.
"""

from __future__ import annotations

import ipaddress
import re

from ring.errors import Refused

# RFC 1123: labels of letters, digits and inner hyphens.
HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
HOST_NAME_CHARACTERS_MAX = 255


def normalize_address(address: str) -> str:
    """Return an address's canonical form; brackets around it are dropped."""
    bare = address
    if address.startswith("[") and address.endswith("]"):
        bare = address[1:-1]
    bare = bare.lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    labels = bare.removesuffix(".").split(".")
    # Digits and dots that are not an IPv4 address are a typing error, not a name.
    named = not labels[-1].isdigit() and all(map(HOST_LABEL.fullmatch, labels))
    if not named or len(bare) > HOST_NAME_CHARACTERS_MAX:
        raise Refused(f"{address!r} is neither an IP address nor a host name")
    return bare
