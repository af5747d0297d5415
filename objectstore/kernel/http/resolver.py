"""Where a host is: an address as it stands, or a name that the system resolves.

The system's resolver blocks, for many seconds when nobody answers it, so names are
looked up on a native thread; peers of a ring have addresses and never get here.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from objectstore.kernel import concurrency

# Look-ups at once: with a name server that is silent, each holds a native thread
# until the system gives up, and the disks need theirs.
LOOKUPS_MAX = 4
LOOKUP_RETRY_SECONDS = 0.01

# Given back by the thread: who waited may have run out of time long before it ends.
_places = threading.Semaphore(LOOKUPS_MAX)


class Endpoint(NamedTuple):
    """What a socket can be connected to."""

    family: socket.AddressFamily
    where: Any  # as ``socket.connect`` wants it


def endpoints(host: str, port: int) -> Sequence[Endpoint]:
    """Where to connect to, best first.  A name that is not known, or is no name at
    all, raises ``OSError``.  The greenlet waits."""
    for family in (socket.AF_INET, socket.AF_INET6):
        if _is_address(family, host):
            return [Endpoint(family, (host, port))]
    while not _places.acquire(blocking=False):
        concurrency.sleep(LOOKUP_RETRY_SECONDS)
    return concurrency.offload(_look_up, host, port)


def _is_address(family: socket.AddressFamily, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True


def _look_up(host: str, port: int) -> Sequence[Endpoint]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # of the codec of international names
        raise OSError(f"{host!r} cannot be the name of a host") from None
    finally:
        _places.release()
    return [Endpoint(family, where) for family, _, _, _, where in found]
