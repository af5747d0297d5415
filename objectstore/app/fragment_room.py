"""The fragments of an erasure-coded policy on one device.

The same kind of store as that of the objects' records, beside it, and a node under a
number of its own; what is in it the reconstructor sees to.
"""

from __future__ import annotations

from objectstore.app.neighbours import Neighbours
from objectstore.app.open_device import OpenDevice, Room
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop
from objectstore.object.fragments.fate import Delays
from objectstore.object.fragments.reconstructor import Reconstructor
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.store import ObjectStore
from objectstore.replication.status import ReplicationStatus
from objectstore.settings import StoreSettings

# A new ring's primaries know of an object when its record has been moved: in seconds or
# hours.  What nobody knows of stays that long, and longer.
RING_SECONDS = 24 * 3600.0


def add_fragments(
    opened: OpenDevice,
    records: ObjectStore,
    store: ObjectStore,
    neighbours: Neighbours,
    settings: StoreSettings,
    clock: Clock,
    upkeep: list[Loop],
) -> None:
    """Let the device answer for its fragments, and look after them.

    ``records`` and ``store``: of the same policy; ``upkeep``: what looks after any
    store.
    """
    policy = records.policy
    node = LocalObjectNode(store)
    opened.nodes.objects[store.policy, opened.name] = node
    status = ReplicationStatus("fragment", opened.name, policy)
    reconstructor = Reconstructor(
        records,
        node,
        neighbours.of_objects(opened.name, policy),
        neighbours.of_objects(opened.name, policy, store.policy),
        settings.replication,
        opened.throttle,
        Delays(
            settings.daemons.fragment_delay,
            settings.server.reclaim_age,
            min(RING_SECONDS, settings.server.reclaim_age),
        ),
        clock,
        status,
    )
    rest = settings.replication.interval
    loops = [Loop(reconstructor, idle_seconds=rest), *upkeep]
    opened.rooms.append(Room("fragments", policy, store, status, loops))
