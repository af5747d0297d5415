"""Several devices with real container databases, and their replicators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.database.exchange import DatabaseExchange
from objectstore.kernel.device import Device as OpenDevice
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.replication.healing import Healing
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.owed import CopiesOwed
from objectstore.replication.places import FollowedPlaces
from objectstore.replication.replicator import Replicator
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import Throttle
from objectstore.wire.records import ContainerName, ListingQuery, ObjectRow
from ring.hashing import hash_path
from test.fakes.nodes import Faults, Faulty
from test.unit.replication.levelled import Cluster, Levelled

RECLAIM_SECONDS = 100
SETTINGS = ReplicationSettings(node_timeout=20.0)
ACCOUNT = "AUTH_test"


def key_of(container: str) -> bytes:
    return hash_path(ACCOUNT, container, suffix=b"test")


def row(name: str, at: int, *, gone: bool = False, size: int = 1) -> ObjectRow:
    if gone:
        return ObjectRow(name, at, 1, 0, "", 0, "", at)
    return ObjectRow(name, at, 0, size, "text/plain", at, "etag", at)


class Replica(Levelled):
    """One device with containers."""

    def __init__(self, number: int, cluster: Replicas, directory: Path) -> None:
        self.number = number
        self.cluster = cluster
        self.faults = Faults()
        self.path = directory / f"d{number}"
        self.open()

    def open(self) -> None:
        cluster, clock = self.cluster, self.cluster.clock
        self.device = OpenDevice.open(SystemDisk(), str(self.path))
        self.store = ContainerStore.open(self.device, HybridClock(clock))
        self.databases = self.store.databases
        self.owed = CopiesOwed(clock)
        self.node = LocalContainerNode(self.store, self.owed)
        self.peer = Faulty(self.node, self.faults)
        places: FollowedPlaces[Any] = FollowedPlaces(
            lambda: cluster.ring,
            lambda device: device.id == self.number,
            lambda device: cluster.replicas[device.id].peer,
        )
        exchange = DatabaseExchange(
            self.node,
            Throttle(0, clock),
            clock,
            reclaim_seconds=RECLAIM_SECONDS,
            node_seconds=20.0,
            settling_seconds=0.0,
        )
        self.status = ReplicationStatus("container", f"d{self.number}")
        self.replicator = Replicator(
            self.node, places, exchange, SETTINGS, clock, self.status
        )
        aside = self.databases.put_aside
        self.healing = Healing(
            self.owed,
            places,
            exchange,
            lambda: list(aside),
            aside.discard,
            SETTINGS,
            clock,
            self.status,
        )

    def close(self) -> None:
        self.store.close()
        self.device.close()

    def restart(self) -> None:
        self.close()
        self.open()

    # ---- writing and looking ----------------------------------------------------

    def create(self, container: str, at: int = 5, **metadata: str) -> None:
        timed = {f"X-Container-Meta-{key}": (it, at) for key, it in metadata.items()}
        name = ContainerName(ACCOUNT, container)
        self.node.create(key_of(container), name, at, timed, 0).wait(20)

    def merge(self, container: str, *rows: ObjectRow) -> None:
        assert self.node.merge(key_of(container), rows).wait(20).found

    def delete(self, container: str, at: int) -> None:
        assert self.node.delete(key_of(container), at).wait(20).stored

    def copy(self, container: str) -> Any:
        return self.node.copy_of(key_of(container)).wait(20)

    def rows(self, container: str) -> list[Any]:
        query = ListingQuery(limit=100_000)
        return list(self.node.rows(key_of(container), query).wait(20).rows)

    def names(self, container: str) -> list[str]:
        listing = self.node.list(key_of(container), ListingQuery()).wait(20)
        return [entry[0] for entry in listing]


class Replicas(Cluster[Replica]):
    """The devices, and the ring that they all follow."""

    def __init__(self, directory: Path, devices: int = 4) -> None:
        self.directory = directory
        super().__init__(devices)

    def replica(self, number: int) -> Replica:
        return Replica(number, self, self.directory)

    def key(self, name: str) -> bytes:
        return key_of(name)

    def check_level(self, *containers: str) -> None:
        """Each is on its primaries, alike, and nowhere else."""
        for container in containers:
            primaries = self.primaries(container)
            copies = [replica.copy(container) for replica in primaries]
            assert copies[0] is not None
            assert copies[1:] == copies[:-1], container
            rows = [replica.rows(container) for replica in primaries]
            assert rows[1:] == rows[:-1]
            for handoff in self.handoffs(container):
                assert handoff.copy(container) is None

    def close(self) -> None:
        for replica in self.replicas:
            replica.close()
