"""The places that keep volumes: our own, and those of other volume hosts.

Whoever is asked for a volume's export need not be the host that has its file: he asks
that host, at its own URL (``stores/services.py``), with the house's own token.  What
other hosts may ask of a place is a part of what its driver can; the bytes of a volume
are read by the host that it moves to, and by nobody else (``RemoteDisk``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from compute.core.context import TokenSource
from compute.core.rooms.wire import RoomWire
from compute.core.sql.database import Database
from compute.volume.client import CONNECT_TIMEOUT_SECONDS, VERSION, refusal_of
from compute.volume.connection import ConnectionInfo, Connector, connection_of
from compute.volume.drivers.pieces import PIECE_BYTES, Digest, Piece
from compute.volume.drivers.port import ExportAsked, VolumeDriver
from compute.volume.drivers.unmanaged import UnmanagedDisk
from compute.volume.stores.services import ServiceStore
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Corrupt, Unavailable

PATH = "/internal/place"
STRAYS = f"{PATH}/leftovers"
OFFSET_HEADER = "X-Disk-Offset"
# The digest of a stretch is read from disk before the answer begins.
DIGEST_TIMEOUT_SECONDS = 300.0


class Found(Protocol):
    """Disks that no row knows."""

    def found(self) -> Iterator[UnmanagedDisk]:
        """See ``UnmanagedDisks``."""


class Place(Protocol):
    """What one volume host does for another: a part of ``VolumeDriver``."""

    @property
    def unmanaged(self) -> Found:
        """See ``VolumeDriver``."""

    def check_way(self, connector: Connector) -> None:
        """See ``VolumeDriver``."""

    def export(self, asked: ExportAsked) -> ConnectionInfo:
        """See ``VolumeDriver``."""

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """See ``VolumeDriver``."""

    def reopen(self, volume_id: str) -> None:
        """See ``VolumeDriver``."""


@dataclass(frozen=True, slots=True)
class Places:
    """By the names of their hosts.  ``peer``: how another host is called; None where
    there are no others."""

    host: str
    driver: VolumeDriver
    database: Database
    services: ServiceStore
    service: TokenSource
    peer: Callable[[str], Caller] | None = None

    def at(self, host: str) -> Place:
        """Of that host ("": of none, where nothing is).  ``Unavailable`` when nobody
        knows where it is."""
        if host in ("", self.host):
            return self.driver
        return RemotePlace(self._wire(host))

    def disk_at(self, host: str, volume_id: str) -> RemoteDisk:
        """A volume's bytes on another host."""
        return RemoteDisk(self._wire(host), volume_id)

    def strays_at(self, host: str) -> RemoteStrays:
        """What another host has of nobody's."""
        return RemoteStrays(self._wire(host))

    def _wire(self, host: str) -> RoomWire:
        found = self.database.read(lambda it: self.services.get(it, host))
        if found is None or not found.told.url or self.peer is None:
            raise Unavailable(f"nobody knows how to reach volume host {host}")
        headers = {"OpenStack-API-Version": VERSION}
        caller = self.peer(found.told.url)
        return RoomWire(
            caller,
            self.service,
            refusal_of,
            headers=headers,
            timeout=CONNECT_TIMEOUT_SECONDS,
        )


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """See ``Place``."""

    _wire: RoomWire

    @property
    def unmanaged(self) -> Found:
        """See ``Place``."""
        return RemoteUnmanaged(self._wire)

    def check_way(self, connector: Connector) -> None:
        """See ``Place``."""
        self._ask("way", {"connector": connector.document()})

    def export(self, asked: ExportAsked) -> ConnectionInfo:
        """See ``Place``."""
        body = {
            "attachment_id": asked.attachment_id,
            "volume_id": asked.volume_id,
            "connector": asked.connector.document(),
            "access": asked.access,
        }
        return connection_of(self._ask("export", body)["connection"])

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """See ``Place``."""
        body = {"volume_id": volume_id, "attachment_id": attachment_id}
        self._ask("withdraw", body)

    def reopen(self, volume_id: str) -> None:
        """See ``Place``."""
        self._ask("reopen", {"volume_id": volume_id})

    def _ask(self, what: str, body: dict[str, Any]) -> Any:
        return self._wire.json("POST", f"{PATH}/{what}", body)


@dataclass(frozen=True, slots=True)
class RemoteUnmanaged:
    """See ``Found``."""

    _wire: RoomWire

    def found(self) -> Iterator[UnmanagedDisk]:
        """See ``Found``."""
        for each in self._wire.json("GET", f"{PATH}/unmanaged")["disks"]:
            yield UnmanagedDisk(each["name"], each["size_bytes"], each["problem"])


@dataclass(frozen=True, slots=True)
class RemoteDisk:
    """A volume's bytes where it moves from.  ``NotFound`` when they are not there."""

    _wire: RoomWire
    _volume_id: str

    def size(self) -> int:
        """How many there are, holes and all."""
        return int(self._get("")["size_bytes"])

    def piece(self, offset: int) -> Piece:
        """What comes at that offset or after it: see ``pieces.next_piece``."""
        answer = self._wire.send("GET", f"{self._path('/piece')}?offset={offset}")
        with answer:
            try:
                at = int(answer.headers[OFFSET_HEADER.lower()])
            except (KeyError, ValueError) as error:
                raise Unavailable("what answered is no volume host") from error
            data = answer.read(PIECE_BYTES)
        if at < offset:
            raise Corrupt("a piece of a volume came from another place of it")
        return Piece(at, data)

    def digest(self, offset: int) -> Digest:
        """As far as one answer goes: see ``pieces.digest``."""
        path = f"{self._path('/digest')}?offset={offset}"
        found = self._wire.json("GET", path, timeout=DIGEST_TIMEOUT_SECONDS)
        return Digest(str(found["sha256"]), int(found["end"]))

    def _get(self, what: str) -> Any:
        return self._wire.json("GET", self._path(what))

    def _path(self, what: str) -> str:
        return f"{PATH}/disks/{quote(self._volume_id, safe='')}{what}"


@dataclass(frozen=True, slots=True)
class RemoteStrays:
    """Files and exports of nobody on another host."""

    _wire: RoomWire

    def found(self) -> list[tuple[str, str]]:
        """Kind and name of each."""
        found = self._wire.json("GET", STRAYS)["leftovers"]
        return [(str(each["kind"]), str(each["id"])) for each in found]

    def remove(self, kind: str, key: str) -> None:
        """That one, if it is still nobody's."""
        body = {"leftover": {"kind": kind, "id": key}}
        self._wire.json("POST", f"{STRAYS}/remove", body)
