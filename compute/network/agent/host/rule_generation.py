"""How often the rules of a namespace have changed: one number, for one system call.

Every transaction of nftables, whoever makes it, raises the generation of its
namespace (``NFT_MSG_GETGEN``).  While it stands still nobody has touched the rules,
and a listing of thousands of them need not be read.
"""

from __future__ import annotations

import socket
import struct

NETLINK_NETFILTER = 12
NFNL_SUBSYS_NFTABLES = 10
NFT_MSG_GETGEN = 16
NLM_F_REQUEST = 1
NLMSG_ERROR = 2
NFTA_GEN_ID = 1

_HEAD = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_FAMILY = struct.Struct("=BBH")  # nfgenmsg: family, version, resource
_ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
RECEIVE_BYTES = 4096
SECONDS_MAX = 2.0


def rule_generation() -> int:
    """Of the namespace that the thread is in; 0 where the kernel does not say."""
    kind = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN
    body = _FAMILY.pack(0, 0, 0)
    request = _HEAD.pack(_HEAD.size + len(body), kind, NLM_F_REQUEST, 1, 0) + body
    try:
        with socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER
        ) as sock:
            sock.settimeout(SECONDS_MAX)
            sock.bind((0, 0))
            sock.send(request)
            return parse_generation(sock.recv(RECEIVE_BYTES))
    except OSError:
        return 0


def parse_generation(message: bytes) -> int:
    """The number in the kernel's answer; 0 when there is none."""
    if len(message) < _HEAD.size + _FAMILY.size:
        return 0
    length, kind, _, _, _ = _HEAD.unpack_from(message)
    if kind == NLMSG_ERROR:
        return 0
    place = _HEAD.size + _FAMILY.size
    while place + _ATTRIBUTE.size <= min(length, len(message)):
        size, attribute = _ATTRIBUTE.unpack_from(message, place)
        if attribute == NFTA_GEN_ID:
            return int.from_bytes(message[place + 4 : place + 8], "big")
        place += max(_ATTRIBUTE.size, size + 3 & ~3)
    return 0
