"""Work that costs what a server's work costs, to measure a machine with.

CPU time for the same work differs between machines, and on one machine with what its
neighbours do to caches.  A turn does a bit of everything that a request does
(dictionaries, packing, hashing, small system calls, and memory all over the place), so
CPU per operation divided by CPU per turn, both taken in the same moment, is a number
that may be compared.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import time
from random import Random

TURNS = 4000
# More than a core's own caches hold: a request finds little of the last one there.
_SCATTERED = 200_000
# Looked at by one turn.
_LOOKS = 12
_PACK = struct.Struct("<QQ16sI")
_BODY = b"ringstack bench " * 256


class Calibration:
    """See the module."""

    def __init__(self) -> None:
        random = Random(1)
        names = [f"object-{number}" for number in range(_SCATTERED)]
        random.shuffle(names)
        self._known = {name: [number] for number, name in enumerate(names)}
        self._names = names
        self._at = 0

    def microseconds_per_turn(self) -> float:
        """CPU time of one turn, here and now."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            began = time.process_time()
            for number in range(TURNS):
                self._turn(number, ours, theirs)
            return (time.process_time() - began) / TURNS * 1e6

    def _turn(self, number: int, ours: socket.socket, theirs: socket.socket) -> None:
        digest = hashlib.md5(_BODY, usedforsecurity=False).digest()
        known, names, at = self._known, self._names, self._at
        # A stride that is prime to their number: no turn meets what one before met.
        for look in range(_LOOKS):
            known[names[(at + look * 7919) % _SCATTERED]][0] += 1
        self._at = (at + _LOOKS * 7919) % _SCATTERED
        packed = _PACK.pack(number, len(names), digest, number & 0xFFFF)
        ours.send(packed + _BODY)
        if len(theirs.recv(8192)) != len(packed) + len(_BODY):
            raise AssertionError("a socket pair lost bytes")
