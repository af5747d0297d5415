"""A volume as the bytes of a file of this host, by a storage daemon.

    NBD --nbd--> [luks] --throttle--> raw --FUSE--> the file

The kernel here may know no network block devices; what it knows is files.  All above
the connection is there under two sets of names, so that the way to a volume that has
grown can be laid beside the old one, and the last node be put upon it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from compute.core.disks.qemu_luks import in_memory
from compute.core.disks.qmp import OrderRefused, order
from compute.core.disks.storage_daemon import AWAY_SECONDS, NODE, Place, start_daemon

SECRET, PACE = "key", "pace"
_WAYS = ("one", "two")
# libvirt's words for how fast a disk may be -> QEMU's for the same.
_SPANS = {"total": "total", "read": "read", "write": "write"}
_KINDS = {"bytes": "bps", "iops": "iops"}
_ENDINGS = {"sec": "", "sec_max": "-max", "sec_max_length": "-max-length"}
_SIZE = {"size_iops_sec": "iops-size"}


@dataclass(frozen=True, slots=True)
class NetworkVolume:
    """Where its bytes are served, and what they are."""

    socket: str
    export: str
    read_only: bool = False
    encrypted: bool = False


def show(
    place: Place,
    volume: NetworkVolume,
    file: str,
    limits: Mapping[str, int],
    passphrase: str = "",
) -> None:
    """After it, the regular file, which is there, has the volume's bytes.
    ``passphrase``: what opens an encrypted one.  ``Unavailable``."""
    objects: list[dict[str, Any]] = [
        {"qom-type": "throttle-group", "id": PACE, "limits": paces(limits)}
    ]
    shown = {
        "type": "fuse",
        "id": "shown",
        "node-name": NODE,
        "mountpoint": file,
        "writable": not volume.read_only,
        "allow-other": "on",
    }
    with in_memory(passphrase) as descriptor:
        if volume.encrypted:
            secret = f"/proc/self/fd/{descriptor}"
            objects.append({"qom-type": "secret", "id": SECRET, "file": secret})
        words = [("--object", each) for each in objects]
        nodes = [*way(volume, _WAYS[0]), _last(volume, _WAYS[0])]
        words += [("--blockdev", each) for each in nodes]
        words.append(("--export", shown))
        arguments = [text for name, each in words for text in (name, _json(each))]
        start_daemon(place, arguments, descriptors=[descriptor])


def pace(place: Place, limits: Mapping[str, int]) -> None:
    """As fast as that from now on."""
    values = {"path": f"/objects/{PACE}", "property": "limits", "value": paces(limits)}
    order(place.monitor, "qom-set", values)


def connect_anew(place: Place, volume: NetworkVolume) -> int:
    """The file is as long as the volume is now, that is so many bytes; the kernel may
    take a moment to see it."""
    there = _lengths(place)
    old = next(each for each in _WAYS if f"{NODE}-{each}" in there)
    new = next(each for each in _WAYS if each != old)
    for node in way(volume, new):
        order(place.monitor, "blockdev-add", node)
    order(place.monitor, "blockdev-reopen", {"options": [_last(volume, new)]})
    for node in reversed(way(volume, old)):
        with suppress(OrderRefused):  # what cannot go now goes with the daemon
            order(place.monitor, "blockdev-del", {"node-name": node["node-name"]})
    return _lengths(place)[NODE]


def _lengths(place: Place) -> dict[str, int]:
    found = order(place.monitor, "query-named-block-nodes", {"flat": True})
    return {each["node-name"]: each["image"]["virtual-size"] for each in found}


def way(volume: NetworkVolume, name: str) -> list[dict[str, Any]]:
    """The nodes from the connection on, under one set of names."""
    base = _base(volume)
    below = f"{NODE}-net-{name}"
    nodes = [
        {
            **base,
            "driver": "nbd",
            "node-name": below,
            "server": {"type": "unix", "path": volume.socket},
            "export": volume.export,
            "reconnect-delay": AWAY_SECONDS,
        }
    ]
    if volume.encrypted:
        plain = f"{NODE}-plain-{name}"
        keyed = {"driver": "luks", "node-name": plain, "key-secret": SECRET}
        nodes.append({**base, **keyed, "file": below})
        below = plain
    paced = {"driver": "throttle", "throttle-group": PACE}
    nodes.append({**base, **paced, "node-name": f"{NODE}-{name}", "file": below})
    return nodes


def _last(volume: NetworkVolume, name: str) -> dict[str, Any]:
    own = {"driver": "raw", "node-name": NODE, "file": f"{NODE}-{name}"}
    return {**_base(volume), **own}


def _base(volume: NetworkVolume) -> dict[str, Any]:
    return {"discard": "unmap", "read-only": volume.read_only}


def paces(limits: Mapping[str, int]) -> dict[str, int]:
    """How fast, in QEMU's words; pure.  What it has no word for is left out."""
    found = {}
    for name, value in limits.items():
        span, _, rest = name.partition("_")
        kind, _, ending = rest.partition("_")
        if name in _SIZE:
            found[_SIZE[name]] = value
        elif span in _SPANS and kind in _KINDS and ending in _ENDINGS:
            found[f"{_KINDS[kind]}-{_SPANS[span]}{_ENDINGS[ending]}"] = value
    return found


def _json(value: Mapping[str, Any]) -> str:
    return os.fsdecode(orjson.dumps(value))
