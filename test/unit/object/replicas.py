"""Several devices with real stores on disks in memory, and their replicators."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.device import Device as OpenDevice
from objectstore.object.exchange import ObjectExchange
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.replication.healing import Healing
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.owed import CopiesOwed
from objectstore.replication.places import FollowedPlaces
from objectstore.replication.replicator import Replicator
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import Throttle
from objectstore.wire.records import ObjectName, ObjectState
from test.fakes.databases import Databases
from test.fakes.disk import MemoryDisk
from test.fakes.nodes import Faults, Faulty
from test.unit.object.bench import key_of, put_state
from test.unit.replication.levelled import Cluster, Levelled

RECLAIM_SECONDS = 100
SETTINGS = ReplicationSettings(node_timeout=5.0)


class Replica(Levelled):
    """One device: its store, what peers see of it, what looks after it."""

    def __init__(self, number: int, cluster: Replicas) -> None:
        self.number = number
        self.cluster = cluster
        self.faults = Faults()
        self.disk = MemoryDisk()
        self.databases = Databases(self.disk)
        self.open()

    def open(self) -> None:
        clock, cluster = self.cluster.clock, self.cluster
        self.device = OpenDevice.open(self.disk, "/srv/sda")
        options = StoreOptions(
            reclaim_seconds=RECLAIM_SECONDS, reserve_bytes=0, body_reserve_bytes=0
        )
        self.store = ObjectStore.open(self.device, 0, clock, options, self.databases)
        self.owed = CopiesOwed(clock)
        self.node = LocalObjectNode(self.store, self.owed)
        self.peer = Faulty(self.node, self.faults)
        places: FollowedPlaces[Any] = FollowedPlaces(
            lambda: cluster.ring,
            lambda device: device.id == self.number,
            lambda device: cluster.replicas[device.id].peer,
        )
        exchange = ObjectExchange(
            self.node,
            Throttle(0, clock),
            clock,
            reclaim_seconds=RECLAIM_SECONDS,
            node_seconds=5.0,
        )
        self.status = ReplicationStatus("object", f"d{self.number}")
        self.replicator = Replicator(
            self.node, places, exchange, SETTINGS, clock, self.status
        )
        quarantined = self.store.index.quarantined
        self.healing = Healing(
            self.owed,
            places,
            exchange,
            lambda: list(quarantined.items),
            quarantined.drop,
            SETTINGS,
            clock,
            self.status,
        )

    def restart(self) -> None:
        self.store.close()
        self.device.close()
        self.open()

    def wipe(self) -> None:
        """A new disk in the place of the old one."""
        self.store.close()
        self.device.close()
        self.disk = MemoryDisk()
        self.databases = Databases(self.disk)
        self.open()

    # ---- writing and looking ------------------------------------------------------

    def put(self, name: str, at: int, body: bytes = b"body", **meta: str) -> None:
        state = put_state(name, at, body, **meta)
        if len(body) <= 1000:
            self.node.put(key_of(name), state, body, row_owed=False).wait(10)
            return
        upload = self.node.begin(key_of(name), len(body)).wait(10)
        for start in range(0, len(body), 1 << 20):
            upload.write(memoryview(body)[start : start + (1 << 20)]).wait(10)
        upload.commit(state, row_owed=False).wait(10)

    def post(self, name: str, at: int, color: str) -> None:
        change = ObjectState(
            ObjectName("AUTH_test", "box", name),
            metadata={"X-Object-Meta-Color": color},
            metadata_timestamp=at,
        )
        assert self.node.post(key_of(name), change).wait(10).found

    def delete(self, name: str, at: int) -> None:
        state = ObjectState(ObjectName("AUTH_test", "box", name), deleted_timestamp=at)
        self.node.delete(key_of(name), state, row_owed=False).wait(10)

    def state(self, name: str) -> ObjectState | None:
        return self.node.lookup(key_of(name), want_body=False).wait(10).state

    def body(self, name: str) -> bytes | None:
        state = self.state(name)
        if state is None or not state.exists:
            return None
        read = self.node.read(key_of(name), state.timestamp, 0, state.size)
        return b"".join(map(bytes, read.wait(10)))

    def names(self) -> dict[str, ObjectState]:
        """Everything that is held, tombstones too."""
        rows = self.store.index.ranges.rows()
        states = [held.state for _, held in rows if held.state is not None]
        return {state.name.object: state for state in states}


class Replicas(Cluster[Replica]):
    """The devices, and the ring that they all follow."""

    def replica(self, number: int) -> Replica:
        return Replica(number, self)

    def key(self, name: str) -> bytes:
        return key_of(name)

    def check_level(self) -> None:
        """Every key is on its primaries, alike, and nowhere else."""
        every: dict[str, ObjectState] = {}
        for replica in self.replicas:
            for name, state in replica.names().items():
                assert every.setdefault(name, state) == state, name
        for name, state in every.items():
            for replica in self.replicas:
                is_primary = replica in self.primaries(name)
                assert (replica.state(name) == state) == is_primary, name
            bodies = {replica.body(name) for replica in self.primaries(name)}
            assert len(bodies) == 1, name

    def close(self) -> None:
        for replica in self.replicas:
            replica.store.close()
            replica.device.close()
