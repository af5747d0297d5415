"""The files that guests' overlays stand on: as long as there is one that does, a file
must not be taken away below it."""

from __future__ import annotations

import os

from compute.agent.disks import files
from compute.agent.disks.layout import (
    CDROM_FILE,
    RESCUE_FILE,
    ROOT_FILE,
    Layout,
    is_uuid,
)
from compute.agent.disks.overlay import read_backing
from objectstore.kernel.errors import Corrupt


def backing_paths(layout: Layout) -> frozenset[str]:
    """What all guests' overlays stand on: what the cache must keep."""
    used: set[str] = set()
    for uuid in filter(is_uuid, files.names_in(layout.guests)):
        for name in (ROOT_FILE, CDROM_FILE, RESCUE_FILE):
            path = layout.file(uuid, name)
            if files.is_file(path):
                used |= backing_of(path)
    return frozenset(used)


def backing_of(path: str) -> set[str]:
    """What one overlay stands on: a path, or nothing."""
    try:
        backing = read_backing(lambda start, size: files.read_piece(path, start, size))
    except Corrupt:
        return set()  # no guest can run from it
    return set() if backing is None else {os.path.abspath(backing.name)}
