"""Letting a volume's daemon give it at a larger size.

NBD tells a size at the handshake only, and a node with exports cannot change its own.
So the exports go, the node grows, and the exports come back: when nobody is connected,
or (``cut``) whoever is connected is cut off, and connects again.
"""

from __future__ import annotations

from compute.core.disks import storage_daemon
from compute.core.disks.qmp import OrderRefused, order
from compute.core.disks.storage_daemon import READABLE, WRITABLE, Place
from objectstore.kernel import concurrency

GONE_SECONDS_MAX = 5.0
POLL_SECONDS = 0.02


def let_grow(place: Place, size_bytes: int, *, cut: bool = False) -> None:
    """After it, who connects sees the size; unless somebody was connected and is not
    to be ``cut`` off: then nothing has changed."""
    nodes = order(place.monitor, "query-named-block-nodes", {"flat": True})
    node = next(each for each in nodes if each["node-name"] == storage_daemon.NODE)
    is_large = node["image"]["virtual-size"] >= size_bytes
    if is_large and not cut:
        return
    mode = "hard" if cut else "safe"
    there = {each["id"] for each in order(place.monitor, "query-block-exports")}
    # What a killed call has taken away comes back too.
    missing = [name for name in (WRITABLE, READABLE) if name not in there]
    try:
        for name in sorted(there):
            order(place.monitor, "block-export-del", {"id": name, "mode": mode})
            missing.append(name)
        _wait_until_gone(place)
        if not is_large:
            resize = {"node-name": storage_daemon.NODE, "size": size_bytes}
            order(place.monitor, "block_resize", resize)
    except OrderRefused:
        if cut:
            raise
    finally:
        for name in missing:
            order(place.monitor, "block-export-add", _export_order(name))


def _wait_until_gone(place: Place) -> None:
    with concurrency.deadline(GONE_SECONDS_MAX):
        while order(place.monitor, "query-block-exports"):
            concurrency.sleep(POLL_SECONDS)


def _export_order(name: str) -> dict[str, object]:
    return {
        "type": "nbd",
        "id": name,
        "node-name": storage_daemon.NODE,
        "name": name,
        "writable": name == WRITABLE,
    }
