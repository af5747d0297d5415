"""The two ends of a container sync: our pipeline, and another cluster over HTTP.

An ``https`` cluster has to show a certificate for its name, signed by an authority of
``ca_file`` (``[client]``; the system's without): nothing is told to whoever cannot.

Objects are read through the whole pipeline (what is encrypted is sent plain and
encrypted anew over there), with a right of the house's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from objectstore.app.open_device import OpenDevice
from objectstore.app.ranks import Ranks
from objectstore.container.store import ContainerStore
from objectstore.container.sync import ContainerSyncStep, newest, read_listing
from objectstore.kernel.client import Client, ClientPool, Response
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.request import CONTEXT_KEY, Application, Context
from objectstore.kernel.sync_realms import AUTH_HEADER, Realms, Target, signature
from objectstore.kernel.timestamps import to_text
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.subrequest import ask, close_body
from objectstore.wire.records import ObjectRow

LISTING_BYTES_MAX = 16 * 1024 * 1024
PIECE_BYTES = 256 * 1024
DEFAULT_PORTS = {"http": 80, "https": 443}
_SENT = (
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
    "x-delete-at",
    "x-object-manifest",
    "x-symlink-target",
    "x-symlink-target-account",
)
_KEYS = "is X-Container-Sync-Key, and the realm's key, the same at both ends?"
# What somebody may have to mend over there.
_MENDED = {401: _KEYS, 403: _KEYS, 404: "is the container there?"}


class ContainerSyncs:
    """One loop for the containers of all devices that are open just now."""

    name = "container-sync"

    def __init__(
        self,
        opened: Callable[[], Iterable[OpenDevice]],
        ranks: Ranks,
        clock: Clock,
        realms: Realms,
        peers: SyncPeers,
    ) -> None:
        self._opened = opened
        self._ranks = ranks
        self._clock = clock
        self._realms = realms
        self._peers = peers
        self._steps: dict[str, tuple[ContainerStore, ContainerSyncStep]] = {}

    def step(self) -> Progress:
        """A step for each device; done when all of them are."""
        progress = Progress.IDLE
        stores = {
            device.name: room.store
            for device in self._opened()
            for room in device.rooms
            if isinstance(room.store, ContainerStore)
        }
        for name in self._steps.keys() - stores.keys():
            del self._steps[name]
        for name, store in stores.items():
            known = self._steps.get(name)
            if known is None or known[0] is not store:
                known = self._steps[name] = (store, self._make(name, store))
            if known[1].step() is Progress.BUSY:
                progress = Progress.BUSY
        return progress

    def _make(self, name: str, store: ContainerStore) -> ContainerSyncStep:
        rank = self._ranks.container(name)
        return ContainerSyncStep(
            store, self._clock, self._realms, rank, self._peers.peer
        )


class SyncPeers:
    """Makes the ends for each container."""

    def __init__(self, pipeline: Application, facts: Facts, pool: ClientPool) -> None:
        self._pipeline = pipeline
        self._facts = facts
        self._pool = pool

    def peer(
        self, account: str, container: str, target: Target, user_key: str
    ) -> SyncPeer:
        """See ``container.sync.MakePeer``."""
        parts = urlsplit(target.url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise Unavailable(f"cannot reach {target.url}: neither http nor https")
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        tls_host = parts.hostname if parts.scheme == "https" else ""
        client = self._pool.client((parts.hostname, port), tls_host=tls_host)
        root = f"{parts.path.rstrip('/')}/{target.account}/{target.container}"
        return SyncPeer(
            self._pipeline,
            self._facts,
            f"/v1/{account}/{container}",
            client,
            root,
            target,
            user_key,
        )


class SyncPeer:
    """Implements ``container.sync.Peer``."""

    def __init__(
        self,
        pipeline: Application,
        facts: Facts,
        own: str,
        client: Client,
        root: str,
        target: Target,
        user_key: str,
    ) -> None:
        self._pipeline = pipeline
        self._facts = facts
        self._own = own
        self._client = client
        self._root = root
        self._target = target
        self._user_key = user_key

    def listing(self, marker: str, limit: int) -> Sequence[tuple[str, int]]:
        """See ``Peer``."""
        query = f"?format=json&limit={limit}&marker={quote(marker, safe='')}"
        headers = self._headers("GET", self._root, "0")
        target = quote(self._root) + query
        with self._client.request("GET", target, headers) as response:
            body = response.read(LISTING_BYTES_MAX)
            _check(response, "cannot be listed")
        return read_listing(body, marker)

    def remove(self, row: ObjectRow) -> None:
        """See ``Peer``."""
        path = f"{self._root}/{row.name}"
        headers = self._headers("DELETE", path, to_text(row.timestamp))
        with self._client.request("DELETE", quote(path), headers) as response:
            response.read()
            if response.status != 404:
                _check(response, "cannot be deleted")

    def send(self, row: ObjectRow) -> None:
        """See ``Peer``."""
        reply = ask(self._pipeline, self._environ(row.name))
        try:
            if reply.status == 404:
                return  # deleted meanwhile: the next round sees the tombstone
            if reply.status != 200:
                if reply.status < 500:
                    # What only its client's key opens, for one.
                    raise Rejected(reply.status, "cannot be read")
                raise Unavailable(f"cannot be read: {reply.status}")
            path = f"{self._root}/{row.name}"
            target = quote(path)
            headers = self._headers("PUT", path, to_text(newest(row)))
            if reply.header("X-Static-Large-Object"):
                target += "?multipart-manifest=put"
            elif not reply.header("X-Symlink-Target"):
                headers.append((b"ETag", reply.header("Etag").strip('"').encode()))
            for name, value in reply.headers:
                if name.lower() in _SENT or name.startswith("X-Object-Meta-"):
                    headers.append((name.encode(), value.encode()))
            length = int(reply.header("Content-Length", "0"))
            call = self._client.open("PUT", target, headers, length)
            try:
                body = IterableInput(reply.body)
                while piece := body.read1(PIECE_BYTES):
                    call.write(piece)
            except BaseException:
                call.abort()
                raise
            with call.finish() as response:
                response.read()
                _check(response, "cannot be written")
        finally:
            close_body(reply.body)

    def _environ(self, name: str) -> dict[str, Any]:
        path = f"{self._own}/{name}"
        return {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": "multipart-manifest=get&format=raw&symlink=get",
            "SERVER_NAME": "container-sync",
            "SERVER_PORT": "0",
            "REMOTE_ADDR": "",
            "wsgi.url_scheme": "http",
            "wsgi.input": IterableInput(()),
            CONTEXT_KEY: Context(facts=self._facts).for_internal(),
        }

    def _headers(
        self, method: str, path: str, timestamp: str
    ) -> list[tuple[bytes, bytes]]:
        realm = self._target.realm
        nonce = secrets.token_hex(16)
        signed = signature(
            realm.keys[0], method, quote(path), timestamp, nonce, self._user_key
        )
        return [
            (AUTH_HEADER.encode(), f"{realm.name} {nonce} {signed}".encode()),
            (b"X-Timestamp", timestamp.encode()),
        ]


def _check(response: Response, what: str) -> None:
    if response.status < 300:
        return
    text = f"the other cluster answers {response.status}: {what}"
    if response.status in _MENDED:
        raise Unavailable(f"{text} ({_MENDED[response.status]})")
    if response.status < 500:
        raise Rejected(response.status, what)
    raise Unavailable(text)
