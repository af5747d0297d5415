"""Talking rtnetlink: this folder alone knows pyroute2.

Every function of the folder works in the namespace that its thread is in, and blocks (a
millisecond or two).  What the kernel refuses is ``Unavailable`` with the device's name;
what is already as asked for is no error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from objectstore.kernel.errors import Unavailable


@contextlib.contextmanager
def talking(what: str) -> Iterator[Any]:
    """A socket to ask by; ``what`` is asked about, for the error's text."""
    try:
        with IPRoute() as netlink:
            yield netlink
    except (NetlinkError, OSError) as error:
        raise Unavailable(f"{what}: {error}") from error


def index_of(netlink: Any, name: str) -> int:
    """The number by which the kernel knows a device."""
    found = netlink.link_lookup(ifname=name)
    if not found:
        raise Unavailable(f"there is no device {name}")
    return int(found[0])


def unless(number: int, call: Callable[[], Any]) -> None:
    """Make the call; the error of that number says that it is done already."""
    try:
        call()
    except NetlinkError as error:
        if error.code != number:
            raise
