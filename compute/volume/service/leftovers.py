"""Bytes, exports and backups of nobody: on this host, and on all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compute.core.sql.database import Connection
from compute.volume.backups.ring import BackupObjects
from compute.volume.drivers.port import COPY, SNAPSHOT, VOLUME
from compute.volume.model import SUCCESS
from compute.volume.parts import Parts
from compute.volume.service.hosts import Hosts
from objectstore.kernel.errors import RingstackError

FILE, EXPORT, BACKUP = "file", "export", "backup"


@dataclass(frozen=True, slots=True)
class Leftover:
    """``host``: where it is; "" for what is in the ring."""

    kind: str
    id: str
    host: str = ""


class Leftovers:
    """Looks for them, and removes what is still nobody's."""

    def __init__(self, parts: Parts, objects: BackupObjects) -> None:
        self._parts = parts
        self._objects = objects
        self._hosts = Hosts(parts)

    def everywhere(self) -> tuple[list[Leftover], list[str]]:
        """Of all volume hosts; and those with volumes that could not be asked."""
        parts = self._parts
        found, unasked = [*self.here(), *self._backups()], []
        for host, is_used in parts.database.read(self._others):
            try:
                there = parts.places.strays_at(host).found()
            except RingstackError:
                unasked += [host] if is_used else []
                continue
            found += [Leftover(kind, key, host) for kind, key in there]
        return found, unasked

    def _others(self, connection: Connection) -> list[tuple[str, bool]]:
        """The other hosts, and whether volumes are there; not us by a former name."""
        hosts = {each.host: each for each in self._hosts.known(connection)}
        ours = hosts.pop(self._parts.host)
        rows = self._parts.stores.volumes
        return [
            (name, bool(rows.ids(connection, host=name)))
            for name, each in hosts.items()
            if each.told.url and each.told.url != ours.told.url
        ]

    def remove(self, kind: str, key: str, host: str) -> None:
        """What is no leftover (any more) is not removed."""
        parts = self._parts
        if kind == BACKUP:
            if Leftover(kind, key) in self._backups():
                self._objects.delete(key)
        elif host in ("", parts.host):
            self.remove_here(kind, key)
        else:
            parts.places.strays_at(host).remove(kind, key)

    def remove_here(self, kind: str, key: str) -> None:
        """A file or an export of this host."""
        if Leftover(kind, key, self._parts.host) not in self.here():
            return
        if kind == FILE:
            self._parts.driver.delete(key)
        else:
            volume_id, _, attachment_id = key.partition("/")
            self._parts.driver.withdraw(volume_id, attachment_id)

    def here(self) -> list[Leftover]:
        """Files and exports of this host.  They are looked at before the rows: what is
        being made meanwhile has its row first."""
        parts, host = self._parts, self._parts.host
        disks, exports = list(parts.driver.disks()), list(parts.driver.exported())
        known = parts.database.read(self._known)
        found = [
            Leftover(FILE, disk, host) for disk in disks if disk not in known["disks"]
        ]
        found += [
            Leftover(EXPORT, f"{volume_id}/{attachment_id}", host)
            for volume_id, attachment_id in exports
            if attachment_id not in known["attachments"]
        ]
        return found

    def _backups(self) -> list[Leftover]:
        stored = {backup_id for backup_id, _ in self._objects.stored()}
        known = self._parts.database.read(self._parts.stores.backups.ids)
        return [Leftover(BACKUP, key) for key in sorted(stored - known)]

    def _known(self, connection: Connection) -> dict[str, set[Any]]:
        """What should be here, and what a job may be making or removing."""
        stores = self._parts.stores
        volumes = stores.volumes.all(connection)
        others = self._elsewhere(connection)
        disks = {
            VOLUME + each.id
            for each in volumes
            if each.migration_status != SUCCESS or each.host not in others
        }
        disks |= {SNAPSHOT + each.id for each in stores.snapshots.all(connection)}
        for volume in volumes:
            jobs = stores.jobs.open_of(connection, volume.id)
            disks |= {COPY + job.id for job in jobs}
            if jobs:
                disks.add(VOLUME + volume.id)
        return {
            "disks": disks,
            "attachments": {each.id for each in stores.attachments.all(connection)},
        }

    def _elsewhere(self, connection: Connection) -> set[str]:
        """Hosts that are up and are not us by a former name: a host that was renamed
        finds its volumes on another host, and their only bytes are its own."""
        hosts = {each.host: each for each in self._hosts.known(connection)}
        our_url = hosts[self._parts.host].told.url
        return {
            name
            for name, each in hosts.items()
            if our_url
            and each.told.url not in ("", our_url)
            and self._hosts.is_up(each)
        }
