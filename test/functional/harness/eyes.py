"""Look into the devices of a running store, each by itself, over its node server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.cli.layout import LOOPBACK
from objectstore.kernel.client import ClientPool, ClientSettings
from objectstore.kernel.errors import RingstackError
from objectstore.settings import load_settings
from objectstore.wire.peer import Peer
from objectstore.wire.records import ListingQuery, ObjectState
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from ring.file import load_ring
from ring.hashing import hash_path
from test.functional.harness.store import Store

SECONDS = 10.0


class Eyes:
    """What single devices say, whatever the proxy would make of it."""

    def __init__(self, store: Store, pool: ClientPool) -> None:
        settings = load_settings(store.place.settings_file(store.plans[0].name))
        self._suffix = settings.cluster.hash_suffix.encode()
        directory = store.place.settings_directory
        self.rings = {
            kind: load_ring(directory / f"{kind}.ring.gz")
            for kind in ("account", "container", "object")
        }
        self.objects: dict[str, RemoteObjectNode] = {}
        self.containers: dict[str, RemoteContainerNode] = {}
        for plan in store.plans:
            client = pool.client((LOOPBACK, plan.node_port))
            peer = Peer(client, settings.cluster.secret)
            for device in plan.devices:
                self.objects[device] = RemoteObjectNode(peer, 0, device)
                self.containers[device] = RemoteContainerNode(peer, device)

    def key(self, *path: str) -> bytes:
        return hash_path(*path, suffix=self._suffix)

    def state(self, device: str, *path: str) -> ObjectState | None:
        """What the device holds of an object."""
        asked = self.objects[device].lookup(self.key(*path), want_body=False)
        return asked.wait(SECONDS).state

    def digests(self, device: str) -> list[bytes]:
        """The digests of all partitions of the device's objects."""
        power = self.rings["object"].part_power
        asked = self.objects[device].digests(range(1 << power), power)
        return asked.wait(SECONDS)

    def are_level(self) -> bool:
        """Whether all devices hold the very same (where each is to hold all)."""
        try:
            found = [self.digests(device) for device in self.objects]
        except RingstackError:
            return False
        return all(each == found[0] for each in found)

    def listing(self, device: str, *path: str) -> list[str] | None:
        """The names that the device's replica of a container lists."""
        node, key = self.containers[device], self.key(*path)
        info = node.info(key).wait(SECONDS)
        if info is None or not info.exists:
            return None
        return [row[0] for row in node.list(key, ListingQuery()).wait(SECONDS)]


@contextmanager
def eyes_on(store: Store) -> Iterator[Eyes]:
    """Looks at a store until the end of the block."""
    # Somebody who was away a moment ago is asked again at once.
    pool = ClientPool(ClientSettings(probe_seconds=0.1))
    try:
        yield Eyes(store, pool)
    finally:
        pool.close()
