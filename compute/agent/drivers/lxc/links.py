"""A container's cards on the host.  Blocks: on threads.

The network agent makes a tap for each port and puts it on the port's bridge.  A
container has no use for a tap: at its start, or when a card is plugged in, libvirt
makes a pair of devices in its place, of which one has the tap's name.  By its name all
rules hold for it from its first frame on; the network agent takes it for what it is.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress

SECONDS_MAX = 20.0


def bridge_of(tap: str) -> str:
    """The bridge that the device is on; "" when it is on none, or not there."""
    # Not from /sys: that shows the devices of whoever mounted it.
    found = json.loads(_ip("-json", "link", "show", "dev", tap) or "[]")
    return str(found[0].get("master", "")) if found else ""


def make_way(tap: str) -> None:
    """After it, no device has that name."""
    _ip("link", "delete", "dev", tap)


def dress(tap: str, mtu: int | None) -> None:
    """As the network agent would have it, until it looks: no address of the host's by
    which a guest could reach it, and the network's frame size."""
    path = f"/proc/sys/net/ipv6/conf/{tap}/disable_ipv6"
    with suppress(OSError), open(path, "w", encoding="ascii") as file:
        file.write("1")
    if mtu is not None:
        _ip("link", "set", "dev", tap, "mtu", str(mtu))


def _ip(*arguments: str) -> str:
    """What it says; "" when there is no such device."""
    done = subprocess.run(
        ["ip", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
