"""Which of the host's user and group numbers a container has as its own.

Each container has a range that no other one has: its root is nobody on the host, and
whoever breaks out of one container is nobody in the others too.  Pure.
"""

from __future__ import annotations

from collections.abc import Collection

from objectstore.kernel.errors import Unavailable

# What systemd and adduser let a system have: every number of 16 bits.
IDENTITIES = 65_536
FIRST = 0x4000_0000
"""Above whatever Debian gives to people (60,000), to their own containers
(/etc/subuid, from 100,000) and to systemd (up to 0x6fff0000 for its containers, which
are not told to be on the same host)."""
RANGES_MAX = 8_192


def free_range(used: Collection[int]) -> int:
    """The first number of a range that is not used.  ``Unavailable`` when all are."""
    for number in range(RANGES_MAX):
        first = FIRST + number * IDENTITIES
        if first not in used:
            return first
    raise Unavailable("this host has no user numbers left for another container")
