"""Which volumes are exported to whom, and the daemons that do it.

Each attachment has a small private file, its *note*: the host, the access, and for
another host the port and the key.  The notes are the truth; daemons are made to follow
them, so an export is the same again after a restart of the machine.  A volume has one
daemon as long as it has a note, or somebody here borrows it; a note of another host
has a *gate* of its own in front of it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import READABLE, WRITABLE, Key, Place
from compute.core.sockets import leave_socket_directory
from compute.volume.connection import (
    PSK_IDENTITY,
    READ_ONLY,
    TCP,
    UNIX,
    ConnectionInfo,
)
from compute.volume.drivers.growing import let_grow
from compute.volume.drivers.listening import Listening
from compute.volume.drivers.port import ExportAsked
from compute.volume.drivers.together import go_on
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Note:
    """One attachment's export; ``port`` and ``key`` for another host only, and
    ``address``, where its gate was opened last."""

    host: str
    access: str
    port: int = 0
    key: str = ""
    address: str = ""


class Exports:
    """See the module's docstring."""

    def __init__(
        self,
        directory: Path,
        sockets: str,
        listening: Listening,
        random_hex: Callable[[int], str],
    ) -> None:
        """``random_hex(n)``: n unguessable bytes."""
        self._directory = directory
        self._sockets = sockets
        self._listening = listening
        self._random_hex = random_hex
        self._locks: dict[str, concurrency.Semaphore] = {}
        self._borrowed: Counter[str] = Counter()

    # ---- exports ---------------------------------------------------------------

    def export(self, asked: ExportAsked, path: Path, size_bytes: int) -> ConnectionInfo:
        """See ``VolumeDriver.export``; ``path``: the volume's file."""
        volume_id, attachment_id = asked.volume_id, asked.attachment_id
        with self._lock(volume_id):
            note = self._note(volume_id, attachment_id)
            host, access = asked.connector.host, asked.access
            if note is None or (note.host, note.access) != (host, access):
                storage_daemon.stop(self._place(attachment_id))
                note = Note(host, access)
                if not self._listening.is_near(asked.connector):
                    note = replace(note, key=self._random_hex(KEY_BYTES))
                self._write(volume_id, attachment_id, note)
            self._serve(volume_id, path, size_bytes)
            if note.key:
                note = self._open_gate(volume_id, attachment_id, note)
        return self._connection(asked, note, size_bytes)

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """See ``VolumeDriver.withdraw``."""
        with self._lock(volume_id):
            storage_daemon.stop(self._place(attachment_id))
            self._note_path(volume_id, attachment_id).unlink(missing_ok=True)
            self._end_if_unused(volume_id)

    def exported(self) -> Iterator[tuple[str, str]]:
        """See ``VolumeDriver.exported``."""
        for path in sorted(self._directory.glob("*/*.json")):
            yield path.parent.name, path.stem

    def follow_size(self, volume_id: str, size_bytes: int) -> None:
        """The file has grown: who connects from now on should see it."""
        with self._lock(volume_id):
            place = self._place(volume_id)
            if storage_daemon.pid_of(place):
                let_grow(place, size_bytes)

    def reopen(self, volume_id: str, size_bytes: int) -> None:
        """See ``VolumeDriver.reopen``.  Gates are opened anew, behind the same port
        and key: they know the old size."""
        with self._lock(volume_id):
            place = self._place(volume_id)
            if storage_daemon.pid_of(place):
                let_grow(place, size_bytes, cut=True)
            for path in (self._directory / volume_id).glob("*.json"):
                note = self._note(volume_id, path.stem)
                if note is not None and note.key:
                    storage_daemon.stop(self._place(path.stem))
                    self._open_gate(volume_id, path.stem, note)

    @contextmanager
    def borrow(self, volume_id: str, path: Path) -> Iterator[Place]:
        """The volume's daemon, for a copy that is true to one moment."""
        with self._lock(volume_id):
            self._serve(volume_id, path, 0)
            self._borrowed[volume_id] += 1
        try:
            yield self._place(volume_id)
        finally:
            self._borrowed[volume_id] -= 1
            with self._lock(volume_id):
                self._end_if_unused(volume_id)

    def sink_of(self, volume_id: str) -> Place:
        """Where the copy of a volume is written to while it is made, one at a time."""
        return self._place(f"{volume_id}-sink")

    def tidy(self) -> None:
        """End daemons that no note asks for; let go on what stands still."""
        wanted = {name for pair in self.exported() for name in pair}
        for path in self._daemons.glob("*.pid"):
            go_on(self._place(path.stem))
            if path.stem not in wanted and not self._borrowed[path.stem]:
                storage_daemon.stop(self._place(path.stem))

    def stop_all(self) -> None:
        """End every daemon; notes stay, and no directory beside ours.  Gates first: one
        that has lost its volume waits for it to come back, and hears nothing."""
        gates = {attachment_id for _, attachment_id in self.exported()}
        names = [path.stem for path in self._daemons.glob("*.pid")]
        for name in sorted(names, key=lambda name: name not in gates):
            storage_daemon.stop(self._place(name))
        leave_socket_directory(self._sockets)

    # ---- inside ----------------------------------------------------------------

    @property
    def _daemons(self) -> Path:
        return self._directory / "daemons"

    def _place(self, name: str) -> Place:
        return Place(self._daemons, self._sockets, name)

    def _lock(self, volume_id: str) -> concurrency.Semaphore:
        return self._locks.setdefault(volume_id, concurrency.Semaphore(1))

    def _note_path(self, volume_id: str, attachment_id: str) -> Path:
        return self._directory / volume_id / f"{attachment_id}.json"

    def _note(self, volume_id: str, attachment_id: str) -> Note | None:
        try:
            text = self._note_path(volume_id, attachment_id).read_text("utf-8")
            return Note(**json.loads(text))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _write(self, volume_id: str, attachment_id: str, note: Note) -> None:
        path = self._note_path(volume_id, attachment_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(note)), "utf-8")
        os.replace(part, path)

    def _serve(self, volume_id: str, path: Path, size_bytes: int) -> None:
        place = self._place(volume_id)
        if not storage_daemon.pid_of(place):
            storage_daemon.serve_file(place, path)
        elif size_bytes:
            let_grow(place, size_bytes)

    def _open_gate(self, volume_id: str, attachment_id: str, note: Note) -> Note:
        """A gate at the note's port, or at the first that is free; anew when the
        operator has chosen another address."""
        place, inner = self._place(attachment_id), self._place(volume_id).socket
        address = self._listening.address
        if storage_daemon.pid_of(place) and note.address == address:
            return note
        problem: Unavailable | None = None
        for port in (note.port,) if note.port else self._listening.ports:
            try:
                storage_daemon.gate(
                    place,
                    inner,
                    _export_name(note),
                    address,
                    port,
                    Key(PSK_IDENTITY, note.key),
                )
            except Unavailable as error:
                problem = error
                continue
            note = replace(note, port=port, address=address)
            self._write(volume_id, attachment_id, note)
            return note
        raise problem or Unavailable("there is no port for another export")

    def _end_if_unused(self, volume_id: str) -> None:
        folder = self._directory / volume_id
        if self._borrowed[volume_id] or any(folder.glob("*.json")):
            return
        storage_daemon.stop(self._place(volume_id))
        if folder.is_dir():
            folder.rmdir()

    def _connection(
        self, asked: ExportAsked, note: Note, size_bytes: int
    ) -> ConnectionInfo:
        near = ConnectionInfo(
            volume_id=asked.volume_id,
            export=_export_name(note),
            transport=UNIX,
            socket_path=self._place(asked.volume_id).socket,
            access=note.access,
            size_bytes=size_bytes,
            attachment_id=asked.attachment_id,
        )
        if not note.key:
            return near
        return replace(
            near,
            transport=TCP,
            socket_path="",
            host=self._listening.shown_to(asked.connector),
            port=note.port,
            psk_identity=PSK_IDENTITY,
            psk_hex=note.key,
        )


def _export_name(note: Note) -> str:
    return READABLE if note.access == READ_ONLY else WRITABLE
