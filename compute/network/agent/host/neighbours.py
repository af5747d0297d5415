"""Tells neighbours that an address is here now (gratuitous ARP, RFC 5227 section 3).

A floating address may have been on another router a moment ago; without this,
whoever talked to it would go on sending there until his ARP entry expires.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct

ETHERTYPE_ARP = 0x0806
BROADCAST = b"\xff" * 6
ARP_REQUEST = 1


def announcement(mac: bytes, address: str) -> bytes:
    """The frame: everybody is told, nobody answers."""
    own = ipaddress.IPv4Address(address).packed
    head = BROADCAST + mac + struct.pack("!H", ETHERTYPE_ARP)
    kind = struct.pack("!HHBBH", 1, 0x0800, 6, 4, ARP_REQUEST)
    return head + kind + mac + own + bytes(6) + own


def announce(device: str, address: str) -> None:
    """Send it, in the namespace that the thread is in.  It is a courtesy: where it
    cannot be sent, entries expire."""
    if ":" in address:
        return
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with contextlib.suppress(OSError), sock:
        sock.bind((device, ETHERTYPE_ARP))
        sock.send(announcement(sock.getsockname()[4], address))
