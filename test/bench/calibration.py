"""A loop that costs what a server's work costs, to measure a machine with.

CPU time for the same work differs between machines, and on one machine with what its
neighbours do.  The loop does a bit of everything that a request does (dictionaries,
packing, hashing, small system calls), so CPU per operation divided by CPU per turn of
the loop, both taken in the same seconds, is a number that may be compared.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import time

TURNS = 20_000
_PACK = struct.Struct("<QQ16sI")
_BODY = b"ringstack bench " * 256


def microseconds_per_turn() -> float:
    """CPU time of one turn, here and now."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        began = time.process_time()
        for number in range(TURNS):
            _turn(number, ours, theirs)
        return (time.process_time() - began) / TURNS * 1e6


def _turn(number: int, ours: socket.socket, theirs: socket.socket) -> None:
    digest = hashlib.md5(_BODY, usedforsecurity=False).digest()
    fields = {"number": number, "name": f"object-{number}", "size": len(_BODY)}
    for key, value in list(fields.items()):
        fields[key.upper()] = value
    packed = _PACK.pack(number, len(fields), digest, number & 0xFFFF)
    ours.send(packed + _BODY)
    if len(theirs.recv(8192)) != len(packed) + len(_BODY):
        raise AssertionError("a socket pair lost bytes")
