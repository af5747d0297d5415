"""Look at every replica of everything a probe wrote, over the node interface."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from objectstore.kernel.client import ClientPool
from objectstore.kernel.errors import RingstackError
from objectstore.settings import load_settings
from objectstore.wire.peer import Peer
from objectstore.wire.records import ListingQuery
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from ring.file import load_ring
from ring.hashing import hash_path
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.probe.ledger import ABSENT, Ledger

SECONDS = 10.0
ACCOUNT = TESTER.storage_account


class Inspection:
    """Asks the devices of a running store directly."""

    def __init__(self, store: Store) -> None:
        settings = load_settings(store.place.settings_file(store.plans[0].name))
        self._cluster = settings.cluster
        self._rings = store.place.settings_directory
        self._pool = ClientPool()

    def close(self) -> None:
        self._pool.close()

    def faults(self, ledger: Ledger, containers: Iterable[str]) -> list[str]:
        """Every replica that is not as the ledger says; empty: all is well."""
        found: list[str] = []
        for container in containers:
            names = ledger.names(container)
            present = {}
            for name, allowed in names.items():
                outcome = self._object_faults(container, name, allowed, found)
                present[name] = outcome
            self._listing_faults(container, present, found)
        return found

    def _object_faults(
        self, container: str, name: str, allowed: set[str], found: list[str]
    ) -> str:
        """What all primaries agree on; disagreement goes into ``found``."""
        outcomes = {}
        key = self._key(ACCOUNT, container, name)
        for device in self._primaries("object", key):
            node = RemoteObjectNode(self._peer(device), 0, device.device)
            try:
                outcomes[device.device] = _outcome(node, key)
            except RingstackError as error:
                outcomes[device.device] = f"{type(error).__name__}: {error}"
        seen = set(outcomes.values())
        if len(seen) != 1 or not seen <= allowed:
            found.append(f"{container}/{name}: {outcomes}, allowed {allowed}")
        return seen.pop()

    def _listing_faults(
        self, container: str, present: dict[str, str], found: list[str]
    ) -> None:
        key = self._key(ACCOUNT, container)
        wanted = sorted(name for name, outcome in present.items() if outcome != ABSENT)
        for device in self._primaries("container", key):
            node = RemoteContainerNode(self._peer(device), device.device)
            try:
                rows: Any = node.list(key, ListingQuery()).wait(SECONDS)
            except RingstackError as error:
                found.append(f"{container} on {device.device}: {error}")
                continue
            listed = [row.name for row in rows]
            if listed != wanted:
                odd = sorted(set(listed) ^ set(wanted))[:5]
                found.append(f"{container} on {device.device} lists otherwise: {odd}")

    def _key(self, *path: str) -> bytes:
        prefix, suffix = self._cluster.hash_prefix, self._cluster.hash_suffix
        return hash_path(*path, prefix=prefix.encode(), suffix=suffix.encode())

    def _primaries(self, kind: str, key: bytes) -> Any:
        ring = load_ring(self._rings / f"{kind}.ring.gz")
        return ring.primaries(ring.partition(key))

    def _peer(self, device: Any) -> Peer:
        client = self._pool.client((device.ip, device.port))
        return Peer(client, self._cluster.secret)


def _outcome(node: RemoteObjectNode, key: bytes) -> str:
    """The MD5 of what a replica really holds, or ABSENT."""
    lookup = node.lookup(key, want_body=True).wait(SECONDS)
    state = lookup.state
    if state is None or not state.exists:
        return ABSENT
    digest = hashlib.md5(usedforsecurity=False)
    if lookup.body is not None:
        digest.update(lookup.body)
    else:
        for piece in node.read(key, state.timestamp, 0, state.size).wait(SECONDS):
            digest.update(piece)
    return digest.hexdigest()
