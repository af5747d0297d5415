"""Volume hosts: by name, by what is on them, and for something new."""

from __future__ import annotations

from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.volume.host_records import ServiceRecord, Telling
from compute.volume.migrating import check_still
from compute.volume.parts import Parts
from compute.volume.placing import choose, is_up
from compute.volume.records import Snapshot, Volume, VolumeType
from compute.volume.rules import is_served
from compute.volume.stores.whole import Stores


class Hosts:
    """Looks them up."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def named(self, name: str) -> ServiceRecord:
        """The one that operators call so; ``NotFound``."""
        return self._parts.database.read(lambda it: self.find(it, name))

    def find(self, connection: Connection, name: str) -> ServiceRecord:
        """``named``, as a part of a transaction."""
        found = self._parts.stores.services.named(connection, name)
        if found is None and name in self._ourselves.names:
            return self._ourselves
        if found is None:
            raise NotFound(f"Service cinder-volume on host {name} could not be found.")
        return found

    def is_up(self, host: ServiceRecord) -> bool:
        """Whether it is heard of; we are."""
        parts = self._parts
        now, down_after = parts.clock.time(), parts.settings.down_after
        return host.host == parts.host or is_up(host, now, down_after)

    def is_down(self, name: str) -> bool:
        """Whether that host has been silent for long."""
        get = self._parts.stores.services.get
        found = self._parts.database.read(lambda it: get(it, name))
        return found is not None and not self.is_up(found)

    def known(self, connection: Connection) -> list[ServiceRecord]:
        """All, and us among them even before we said so."""
        found = self._parts.stores.services.all(connection)
        if all(each.host != self._parts.host for each in found):
            found.append(self._ourselves)
        return found

    def has(self, connection: Connection, host: str, volume_type: VolumeType) -> bool:
        """Whether that host's volumes may be of that type."""
        for each in self.known(connection):
            if each.host == host:
                return is_served(volume_type, each.told.backend)
        return is_served(volume_type, self._parts.settings.backend)

    def choose(
        self, connection: Connection, volume_type: VolumeType, near: str = ""
    ) -> str:
        """Where a volume of that type shall be; "" when nobody has such.  ``near``: it
        must be there, up or not."""
        hosts = [
            each
            for each in self.known(connection)
            if each.host == near or self.is_up(each)
        ]
        return choose(hosts, volume_type, near)

    @property
    def _ourselves(self) -> ServiceRecord:
        parts = self._parts
        told = Telling(parts.settings.backend)
        return ServiceRecord(parts.host, False, "", parts.clock.time(), told)


def host_of(connection: Connection, stores: Stores, snapshot: Snapshot) -> str:
    """Where a snapshot's bytes are: where its volume's are."""
    volume = stores.volumes.get(connection, snapshot.volume_id)
    return volume.host if volume else ""


def host_of_group(connection: Connection, stores: Stores, group_id: str) -> str:
    """Where a group's volumes are, which are copied at one moment and so on one host;
    "" for an empty one, or none."""
    if not group_id:
        return ""
    members = stores.volumes.all(connection, group_id=group_id)
    return next((each.host for each in members if each.host), "")


def check_can_join(
    connection: Connection, stores: Stores, group_id: str, volume: Volume
) -> None:
    """``BadRequest`` for a volume that is not where the group's others are, or not for
    long."""
    check_still(volume)
    if host_of_group(connection, stores, group_id) not in ("", volume.host):
        raise BadRequest(
            "Invalid input received: the volumes of a group are on one host: migrate"
            " the volume there first"
        )
