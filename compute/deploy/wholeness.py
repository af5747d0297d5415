"""Whether the store is whole: may a zone be restarted, a ring take a step?  Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

# Servers look for new rings every 5 s, each process by itself; a round that began with
# the old ones begins anew.
NOTICED_SECONDS = 15.0


def missing(
    recon: Mapping[str, Any],
    rings_seconds: float = math.inf,
    lost: Collection[str] = (),
) -> list[str]:
    """Why it is not, by ``objectstore recon --json``; nothing: it is whole.

    Every server of the rings answers and serves its devices, no copy waits for one that
    was away, and each device has been through a clean round since the last start of any
    server, and since rings were brought, ``rings_seconds`` ago: then it has what was
    written meanwhile, and what moved has arrived.

    ``lost``: servers (ADDRESS:PORT) that need not answer, and what waits for them need
    not arrive.
    """
    servers = {
        name: page for name, page in recon["servers"].items() if name not in lost
    }
    noticed_seconds = rings_seconds - NOTICED_SECONDS
    return list(_missing(servers, noticed_seconds, copies=not lost))


def _missing(
    servers: Mapping[str, Mapping[str, Any]], noticed_seconds: float, *, copies: bool
) -> Iterator[str]:
    uptimes = (
        page["uptime_seconds"] for page in servers.values() if "problem" not in page
    )
    youngest = min(noticed_seconds, *uptimes, math.inf)
    for name, page in servers.items():
        if "problem" in page:
            yield f"{name} does not answer: {page['problem']}"
            continue
        if page["workers_silent"]:
            yield f"{name}: a worker does not answer"
        for device, why in page["unserved"].items():
            yield f"{name}/{device} is not served: {why}"
        for device in page["devices"]:
            for room in device["rooms"]:
                where = f"{name}/{device['device']} {room['room']}"
                yield from _room_missing(where, room, youngest, copies=copies)


def _room_missing(
    where: str, room: Mapping[str, Any], youngest: float, *, copies: bool
) -> Iterator[str]:
    told = room["replication"] or {}
    if room["quarantined"]:
        yield f"{where}: {room['quarantined']} bad copies are not replaced yet"
    if copies and told.get("copies_owed"):
        yield f"{where}: {told['copies_owed']} copies wait for another device"
    age = told.get("age_seconds")
    if age is None or age >= youngest:
        yield f"{where} has not levelled with its peers yet"
