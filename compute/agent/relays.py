"""The way to volumes that lie on another host: TLS outside, a unix socket inside.

One relay for each attachment, a process that outlives the agent as guests do.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import Key, Place
from compute.volume.client import ConnectionInfo
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

_PREFIX, _NOTE = "relay-", ".to"
# A gate is in the same house: whoever has not answered by then is not reached.
REACH_SECONDS_MAX = 5.0


class VolumeRelays(Protocol):
    """One host's relays.  Idempotent and green."""

    def open(self, connection: ConnectionInfo) -> str:
        """After it, this unix socket leads to the volume's export."""

    def reopen(self, connection: ConnectionInfo) -> str:
        """The same by a new connection, which sees the volume's size of now."""

    def close(self, attachment_id: str) -> None:
        """After it, nothing of this attachment's relay is left."""

    def attachments(self) -> list[str]:
        """The attachments that have a relay here."""


class NoRelays:
    """For hosts that have volumes of their own only, or none."""

    def open(self, connection: ConnectionInfo) -> str:
        """``Unavailable``."""
        raise Unavailable(
            f"volume {connection.volume_id} lies on another host, and this one has no"
            " relay to it"
        )

    def reopen(self, connection: ConnectionInfo) -> str:
        """``Unavailable``."""
        return self.open(connection)

    def close(self, attachment_id: str) -> None:
        """Nothing is there."""

    def attachments(self) -> list[str]:
        """None."""
        return []


NO_RELAYS = NoRelays()


class SimRelays:
    """For simulated guests, which read nothing: only remembers."""

    def __init__(self) -> None:
        self._open: set[str] = set()

    def open(self, connection: ConnectionInfo) -> str:
        """The path of a socket that is not there."""
        self._open.add(connection.attachment_id)
        return f"/sim/{_PREFIX}{connection.attachment_id}"

    def reopen(self, connection: ConnectionInfo) -> str:
        """Nothing to see."""
        return self.open(connection)

    def close(self, attachment_id: str) -> None:
        """Forgotten."""
        self._open.discard(attachment_id)

    def attachments(self) -> list[str]:
        """Those that are open."""
        return sorted(self._open)


class StorageRelays:
    """Relays by QEMU's storage daemon."""

    def __init__(self, directory: Path, sockets: str) -> None:
        """``directory``: private to us; ``sockets``: one whose path is short."""
        self._directory = directory
        self._sockets = sockets

    def open(self, connection: ConnectionInfo) -> str:
        """A relay that runs to the same gate is left as it is."""
        place = self._place(connection.attachment_id)
        note = self._note(connection.attachment_id)
        wanted = json.dumps(
            [connection.host, connection.port, connection.export, connection.psk_hex]
        )
        if storage_daemon.pid_of(place) and _content(note) == wanted:
            return place.socket
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The note first: what it does not tell of yet is found all the same.
        note.touch(mode=0o600)
        _check_reached(connection)
        key = Key(connection.psk_identity, connection.psk_hex)
        storage_daemon.relay(
            place, connection.export, connection.host, connection.port, key
        )
        note.write_text(wanted, "utf-8")
        return place.socket

    def reopen(self, connection: ConnectionInfo) -> str:
        """End it, and start it anew at the same place."""
        storage_daemon.stop(self._place(connection.attachment_id))
        return self.open(connection)

    def close(self, attachment_id: str) -> None:
        """End it."""
        note = self._note(attachment_id)
        if not note.exists() and not self._place(attachment_id).pid_file.exists():
            return
        storage_daemon.stop(self._place(attachment_id))
        with suppress(FileNotFoundError):
            note.unlink()

    def attachments(self) -> list[str]:
        """As their notes say."""
        notes = self._directory.glob(f"{_PREFIX}*{_NOTE}")
        return sorted(
            path.name.removeprefix(_PREFIX).removesuffix(_NOTE) for path in notes
        )

    def _place(self, attachment_id: str) -> Place:
        return Place(self._directory, self._sockets, _PREFIX + attachment_id)

    def _note(self, attachment_id: str) -> Path:
        """Where it leads; it holds the key, as the relay's own file does."""
        return self._directory / f"{_PREFIX}{attachment_id}{_NOTE}"


def _check_reached(connection: ConnectionInfo) -> None:
    """``Unavailable`` with what an operator has to look at: the storage daemon would
    only say that it did not start, after longer."""
    try:
        concurrency.offload(_touch, connection.host, connection.port)
    except OSError as error:
        raise Unavailable(
            f"volume {connection.volume_id} cannot be reached at"
            f" {connection.host}:{connection.port} from this host ({error}). Set"
            " [volume] tcp_address of the volume's host to an address that this one can"
            " reach, and let its ports (from tcp_port_first on) through."
        ) from error


def _touch(host: str, port: int) -> None:
    """Blocks: names are looked up, too."""
    socket.create_connection((host, port), REACH_SECONDS_MAX).close()


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
