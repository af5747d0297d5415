"""Makes devices as slow as they are to be, and sees whether they still are.

What tc was told is remembered, with the handle that names it; a device whose queues
bear another handle, or whose frames go through another device than then, is told
anew.  A new agent remembers nothing and tells all of them once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from compute.network.agent.commands import CommandFailed, run
from compute.network.agent.kernel_namespaces import command_prefix
from compute.network.agent.model import SeenLink, Shaping
from compute.network.agent.netlink.filters import QUEUE
from objectstore.kernel.errors import Unavailable

KIND, ARRIVING = "htb", "ingress"
ROOT = 0xFFFFFFFF
UNKNOWN = "?"


class Shapers:
    """Of one host.  Methods block."""

    def __init__(self) -> None:
        # By namespace, device and side: what was told, and the device it names.
        self._told: dict[tuple[str, str, bool], tuple[Shaping, int]] = {}
        # Namespaces in which there is nothing that an earlier agent left.
        self._known: set[str] = set()

    def seen(
        self, namespace: str, links: Mapping[str, SeenLink]
    ) -> dict[tuple[str, bool], str]:
        """By device and side (whether of arriving frames), what was told; ``UNKNOWN``
        where somebody else told.  Called inside the namespace."""
        ours = any(key[0] == namespace for key in self._told)
        if namespace in self._known and not ours:
            return {}
        handles = _handles()
        names = {link.index: name for name, link in links.items()}
        found: dict[tuple[str, bool], str] = {}
        for (index, is_arriving), handle in handles.items():
            device = names.get(index, "")
            told = self._told.get((namespace, device, is_arriving))
            found[device, is_arriving] = UNKNOWN
            if told is not None and _is_same(told, handle, links):
                found[device, is_arriving] = told[0].text
        if found:
            self._known.discard(namespace)
        else:
            self._known.add(namespace)
        return found

    def forget(self, namespace: str) -> None:
        """The namespace is another one now, or none."""
        self._told = {key: self._told[key] for key in self._told if key[0] != namespace}
        self._known.discard(namespace)

    def apply(self, shaping: Shaping) -> None:
        """Let the device be so."""
        self.clear(shaping.namespace, shaping.device, is_arriving=shaping.is_arriving)
        prefix = command_prefix(shaping.namespace)
        run(*prefix, "tc", "-batch", "-", text=shaping.text)
        index = _index(shaping.through) if shaping.through else 0
        key = (shaping.namespace, shaping.device, shaping.is_arriving)
        self._told[key] = (shaping, index)

    def clear(self, namespace: str, device: str, *, is_arriving: bool) -> None:
        """Let the device go as fast as it will."""
        self._told.pop((namespace, device, is_arriving), None)
        # A trunk's program has made a queue of its own kind where there was none.
        sides = (ARRIVING, QUEUE) if is_arriving else ("root",)
        prefix = command_prefix(namespace)
        for side in sides:
            with contextlib.suppress(CommandFailed):  # there is nothing
                run(*prefix, "tc", "qdisc", "del", "dev", device, side)


def _is_same(
    told: tuple[Shaping, int], handle: int, links: Mapping[str, SeenLink]
) -> bool:
    shaping, index = told
    if shaping.is_arriving:
        through = links.get(shaping.through)
        return through is not None and through.index == index
    return shaping.handle == handle


def _handles() -> dict[tuple[int, bool], int]:
    """Of the namespace that the thread is in: device and side -> handle, of what is of
    our kinds."""
    try:
        with IPRoute() as netlink:
            rows: list[Any] = list(netlink.get_qdiscs())
    except (NetlinkError, OSError) as error:
        raise Unavailable(f"queues: {error}") from error
    found = {}
    for row in rows:
        kind, handle = row.get("TCA_KIND"), row["handle"] >> 16
        if kind == ARRIVING:
            found[row["index"], True] = handle
        elif kind == KIND and row["parent"] == ROOT:
            found[row["index"], False] = handle
    return found


def _index(device: str) -> int:
    with IPRoute() as netlink:
        found = netlink.link_lookup(ifname=device)
    return int(found[0]) if found else 0
