"""MAC addresses: canonical form, and new ones that nobody on the network has."""

from __future__ import annotations

import re

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.work import Work

MAC = re.compile(r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")
# Of 2^24 addresses, a free one is missed so often only when nearly all are in use.
TRIES_MAX = 16


def parse_mac(text: str) -> str:
    """In lower case with colons.  ``InvalidInput``."""
    found = text.lower().replace("-", ":")
    if not MAC.match(found):
        raise invalid(f"mac_address: '{text[:40]}' is not a valid MAC address.")
    if int(found[:2], 16) & 1:
        raise invalid(f"mac_address: '{found}' is a group's address, not a device's.")
    return found


def is_mac_taken(work: Work, network_id: str, mac: str) -> bool:
    """Whether a port of the network has it."""
    ports = tables.ports
    return bool(
        work.rows(
            sa.select(ports.c.id).where(
                ports.c.network_id == network_id, ports.c.mac == mac
            )
        )
    )


def new_mac(work: Work, network_id: str) -> str:
    """One that nobody on the network has.  ``MacAddressGenerationFailure``."""
    for _ in range(TRIES_MAX):
        # The last bytes of a random uuid are random.
        tail = work.identifiers.hexadecimal()[-6:]
        mac = f"{work.settings.mac_prefix}:{tail[:2]}:{tail[2:4]}:{tail[4:]}"
        if not is_mac_taken(work, network_id, mac):
            return mac
    raise conflict(
        "MacAddressGenerationFailure",
        f"Unable to generate unique mac on network {network_id}.",
    )
