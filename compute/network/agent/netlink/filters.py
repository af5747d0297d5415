"""Programs that stand where a device's frames arrive: put there, seen, taken away.

They stand before what a guest's speed needs there (``desired/shaping.py``), on the
same queue where that has made one, and else on one of a kind of its own.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from compute.network.agent.netlink.talk import index_of, talking

QUEUE = "clsact"
QUEUES = (QUEUE, "ingress")
# Where frames arrive, on queues of either kind.
ARRIVING = 0xFFFFFFF2
PRIORITY = 1
HANDLE = 1
OWN_NAME = "ringstack "


def attach(device: str, program: int, name: str) -> None:
    """Put the program there, in the place of the one that stands there."""
    with talking(device) as netlink:
        index = index_of(netlink, device)
        try:
            netlink.tc("add", QUEUE, index)
        except NetlinkError as error:
            if error.code not in (errno.EEXIST, errno.EINVAL):
                raise
        netlink.tc(
            "replace-filter",
            "bpf",
            index,
            HANDLE,
            fd=program,
            name=name,
            parent=ARRIVING,
            prio=PRIORITY,
            direct_action=True,
        )


def detach(device: str) -> None:
    """Take it away; a device that is gone has none."""
    with talking(device) as netlink:
        found = netlink.link_lookup(ifname=device)
        if not found:
            return
        kinds = _queues(netlink, {found[0]})
        if kinds.get(found[0]) == QUEUE:
            netlink.tc("del", QUEUE, found[0])
        elif kinds:
            netlink.tc("del-filter", "bpf", found[0], parent=ARRIVING, prio=PRIORITY)


def names(devices: Mapping[int, str]) -> dict[str, str]:
    """What our programs are called, by device; ``devices``: names by number."""
    found: dict[str, str] = {}
    with talking("programs") as netlink:
        for index in _queues(netlink, set(devices)):
            for row in netlink.get_filters(index=index, parent=ARRIVING):
                options = row.get("TCA_OPTIONS")
                is_program = row.get("TCA_KIND") == "bpf" and options is not None
                name = str(options.get("TCA_BPF_NAME") or "") if is_program else ""
                if name.startswith(OWN_NAME):
                    found[devices[index]] = name
    return found


def _queues(netlink: Any, indexes: set[int]) -> dict[int, str]:
    """The kinds of queues at which programs could stand, by device's number."""
    return {
        row["index"]: row.get("TCA_KIND")
        for row in netlink.get_qdiscs()
        if row["index"] in indexes and row.get("TCA_KIND") in QUEUES
    }
