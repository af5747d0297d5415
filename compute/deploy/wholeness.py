"""Whether the store is whole: may a zone be restarted, a ring take a step?  Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

# Servers look for new rings every 5 s, each process by itself; a round that began with
# the old ones begins anew.
NOTICED_SECONDS = 15.0


def missing(
    recon: Mapping[str, Any],
    rings_seconds: float = math.inf,
    lost: Collection[str] = (),
    *,
    rolling: bool = False,
) -> list[str]:
    """Why it is not, by ``objectstore recon --json``; nothing: it is whole.

    Every server of the rings answers and serves its devices, no copy waits for one that
    was away, and each device has been through a clean round since the last start of any
    server, and since rings were brought, ``rings_seconds`` ago: then it has what was
    written meanwhile, and what moved has arrived.

    ``lost``: servers (ADDRESS:PORT) that need not answer, and what waits for them need
    not arrive.

    ``rolling``: asked between restarts.  A policy that some server does not know yet
    cannot be level before all have been restarted, and who is still to be has nothing
    of it that a restart could take away: it is not waited for.
    """
    servers = {
        name: page for name, page in recon["servers"].items() if name not in lost
    }
    noticed_seconds = rings_seconds - NOTICED_SECONDS
    new = _known_to_some(servers.values()) if rolling else frozenset()
    return list(_missing(servers, noticed_seconds, new, copies=not lost))


def _known_to_some(pages: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Policies that some server with objects does not know."""
    known = [
        frozenset(room["policy"] for room in rooms)
        for page in pages
        if (rooms := [room for room in _rooms(page) if room["room"] == "objects"])
    ]
    return frozenset().union(*known) - frozenset.intersection(*known or [frozenset()])


def _rooms(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for device in page.get("devices", ()):
        yield from device["rooms"]


def _missing(
    servers: Mapping[str, Mapping[str, Any]],
    noticed_seconds: float,
    new: Collection[int],
    *,
    copies: bool,
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
                if room["policy"] in new:
                    continue
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
