"""One device that is open: its stores, the nodes that answer for it, its loops."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from objectstore.account.store import AccountStore
from objectstore.app.directory import NodeTable
from objectstore.app.repairing import Repairer
from objectstore.container.store import ContainerStore
from objectstore.kernel.loop import Loop
from objectstore.kernel.space import SpaceGuard
from objectstore.object.locks import NameLocks
from objectstore.object.store.store import ObjectStore
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import Throttle


@dataclass(slots=True)
class Room:
    """One kind of data on a device, and who looks after it."""

    name: str  # objects, fragments, containers, accounts
    policy: int
    store: ObjectStore | ContainerStore | AccountStore
    status: ReplicationStatus
    loops: list[Loop]
    # None: it owes nobody a copy, each device having something else.
    repairer: Repairer | None = None


@dataclass(slots=True)
class OpenDevice:
    """See the module.  ``close`` ends all of it."""

    name: str
    space: SpaceGuard
    closing: ExitStack
    throttle: Throttle
    nodes: NodeTable = field(default_factory=NodeTable)
    locks: list[NameLocks] = field(default_factory=list)  # of its objects' names
    rooms: list[Room] = field(default_factory=list)
    own_loops: list[Loop] = field(default_factory=list)

    @property
    def loops(self) -> list[Loop]:
        """Everybody who looks after the device."""
        return self.own_loops + [loop for room in self.rooms for loop in room.loops]

    def close(self) -> None:
        """Stop the loops, bring everything to rest, release the device."""
        for loop in self.loops:
            loop.stop()
        self.closing.close()
