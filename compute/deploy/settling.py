"""Waiting until every replica is where the rings say, before and after what hurts."""

from __future__ import annotations

import time

from compute.deploy.acting import Say
from compute.deploy.draining import store_missing
from compute.deploy.fleet import Fleet
from compute.deploy.inventory import Inventory
from compute.deploy.site import Site

# A zone's devices level with their peers within a round or two; the default rests 30 s.
WHOLE_SECONDS = 900.0
LOOK_SECONDS = 1.0


def wait_until_whole(
    fleet: Fleet, inventory: Inventory, site: Site, say: Say, *, rolling: bool = False
) -> list[str]:
    """Why the store is still not whole after ``WHOLE_SECONDS``; empty: it is.

    ``rolling``: as between restarts, without the policies that not all know yet.
    """
    last = time.monotonic() + WHOLE_SECONDS
    told = False
    while reasons := store_missing(fleet, inventory, site, rolling=rolling):
        if time.monotonic() > last:
            break
        if not told:
            say(f"waiting until the store is whole ({reasons[0]})")
            told = True
        time.sleep(LOOK_SECONDS)
    return reasons
