"""Look into the devices of a store whose servers are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from objectstore.app.devices import LocalDevices
from objectstore.app.row_sender import RowSender
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.settings import load_settings
from objectstore.wire.nodes import AccountNode, ContainerNode, ObjectNode
from objectstore.wire.records import ListingQuery, ObjectState
from ring.file import load_ring
from ring.hashing import hash_path
from ring.ring import Ring
from test.functional.harness.store import Store

SECONDS = 20.0
POLICY = 0


@dataclass(frozen=True, slots=True)
class Replica:
    """What one device holds of an object."""

    device: str
    zone: int
    state: ObjectState
    body: bytes


class Devices:
    """Every device of a store, open; ``keys`` as the store itself hashes names."""

    def __init__(self, store: Store, opened: list[LocalDevices]) -> None:
        directory = store.place.settings_directory
        self._rings: dict[str, Ring] = {
            kind: load_ring(directory / f"{kind}.ring.gz")
            for kind in ("account", "container", "object")
        }
        settings = load_settings(store.place.settings_file(store.plans[0].name))
        self._prefix = settings.cluster.hash_prefix.encode()
        self._suffix = settings.cluster.hash_suffix.encode()
        self.objects: dict[str, ObjectNode] = {}
        self.containers: dict[str, ContainerNode] = {}
        self.accounts: dict[str, AccountNode] = {}
        for each in opened:
            for (_, device), node in each.nodes.objects.items():
                self.objects[device] = node
            self.containers.update(each.nodes.containers)
            self.accounts.update(each.nodes.accounts)

    def key(self, *path: str) -> bytes:
        return hash_path(*path, prefix=self._prefix, suffix=self._suffix)

    def zones(self, kind: str) -> dict[str, int]:
        """The zone of every device in a ring."""
        return {each.device: each.zone for each in self._rings[kind].devices if each}

    def primaries(self, kind: str, key: bytes) -> set[str]:
        """The names of the devices that the ring gives a key to."""
        ring = self._rings[kind]
        return {device.device for device in ring.primaries(ring.partition(key))}

    def replicas(self, *path: str) -> list[Replica]:
        """What every device holds of an object; its tombstones too."""
        key = self.key(*path)
        zones = self.zones("object")
        found = []
        for device, node in self.objects.items():
            lookup = node.lookup(key, want_body=True).wait(SECONDS)
            state = lookup.state
            if state is None:
                continue
            body = lookup.body or b""
            if state.exists and lookup.body is None:
                pieces: Any = node.read(key, state.timestamp, 0, state.size)
                body = b"".join(map(bytes, pieces.wait(SECONDS)))
            found.append(Replica(device, zones[device], state, body))
        return found

    def listings(self, *path: str) -> dict[str, list[str]]:
        """Device to the names that its replica of a container or account lists."""
        kind = "container" if len(path) == 2 else "account"
        nodes: dict[str, Any] = dict(
            self.containers if kind == "container" else self.accounts
        )
        key = self.key(*path)
        found = {}
        for device in self.primaries(kind, key):
            rows = nodes[device].list(key, ListingQuery()).wait(SECONDS)
            found[device] = [row.name for row in rows]
        return found


@contextmanager
def opened(store: Store) -> Iterator[Devices]:
    """The devices of a store that has been stopped."""
    clock = SystemClock()
    timestamps = HybridClock(clock)
    opened: list[LocalDevices] = []
    try:
        for plan in store.plans:
            settings = load_settings(store.place.settings_file(plan.name))
            devices = LocalDevices(
                settings, SystemDisk(), clock, timestamps, RowSender(_nobody, clock, 0)
            )
            opened.append(devices)
            devices.open(plan.devices)
        yield Devices(store, opened)
    finally:
        for devices in opened:
            devices.close()


def _nobody() -> Any:
    raise AssertionError("nothing is sent while we only look")
