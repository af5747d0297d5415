"""Free ports on loopback, chosen at run time.

They come from below the range from which the kernel gives clients their own
ports, so no connection can take one between choosing it and listening on it.
"""

from __future__ import annotations

import socket
from random import Random

FIRST, LAST = 12_000, 32_000
# Every process of a parallel run draws from a sequence of its own; not by its process
# id, which is the same one in each run that has a process namespace.
_random = Random()
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, never the same one twice in a process."""
    found: list[int] = []
    while len(found) < count:
        port = _random.randrange(FIRST, LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


def free_port_range(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = _random.randrange(FIRST, LAST - count)
        ports = range(first, first + count)
        if not _given.intersection(ports) and all(map(_is_free, ports)):
            _given.update(ports)
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
