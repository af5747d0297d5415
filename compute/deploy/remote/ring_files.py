"""The rings that a host has: of which version, and since when."""

from __future__ import annotations

import gzip
import json
import os
import struct
import time
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from compute.deploy.remote.places import SETTINGS
from compute.deploy.remote.services import has_systemd, running

RING_SUFFIX = ".ring.gz"
# A thousand devices are some 200 KB.
RING_HEAD_BYTES_MAX = 16 * 2**20


def rings(_: Mapping[str, Any]) -> dict[str, Any]:
    """The versions of all, by name; and how many seconds ago the last one was brought
    to a store that ran already.  None: it has begun with these."""
    now, versions, written = time.time(), {}, 0.0
    for entry in os.scandir(SETTINGS):
        if entry.name.endswith(RING_SUFFIX):
            with open(entry.path, "rb") as file:
                name = entry.name.removesuffix(RING_SUFFIX)
                versions[name] = ring_version(file)
                written = max(written, os.fstat(file.fileno()).st_mtime)
    pid = running("store", has_systemd())["pid"]
    age = max(now - written, 0.0)
    was_there = pid and age < process_seconds(pid)
    return {"versions": versions, "brought_seconds": age if was_there else None}


def process_seconds(pid: int) -> float:
    """How long it has been running."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return 0.0
    # Not /proc/uptime, which is the container's where we are in one.
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - ticks / os.sysconf("SC_CLK_TCK")


def ring_version(file: BinaryIO) -> int | None:
    """As the head of a ring's file says, in the format that is deployed (the first)."""
    file.seek(0)
    try:
        with gzip.open(file) as unpacked:
            magic, form, size = struct.unpack("!4sHI", unpacked.read(10))
            if magic != b"R1NG" or form != 1 or size > RING_HEAD_BYTES_MAX:
                return None
            return int(json.loads(unpacked.read(size))["version"])
    except (OSError, EOFError, ValueError, LookupError, struct.error, zlib.error):
        return None
