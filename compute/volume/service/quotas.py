"""How much a project may have: the usual limits, those of its class, its own.

Counted from the things themselves in the transaction that adds one, so there is no
counter that could be wrong.  Each volume type has limits of its own besides
(``volumes_NAME``), without bound until somebody sets them.
"""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.parts import Parts
from compute.volume.records import Used, VolumeType

CLASS_DEFAULT = "class:default"
BY_TYPE = ("volumes", "snapshots", "gigabytes")


class Quotas:
    """Limits of a project, and whether more fits."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.stores.quotas

    def defaults(self, connection: Connection) -> dict[str, int]:
        """What a project has unless something else is said of it."""
        of_types = {
            f"{name}_{each.name}": rules.UNLIMITED
            for each in self._parts.stores.types.all(connection)
            for name in BY_TYPE
        }
        usual = dict(self._parts.settings.quotas())
        return {**usual, **of_types, **self._store.of(connection, CLASS_DEFAULT)}

    def of(self, connection: Connection, project_id: str) -> dict[str, int]:
        """The limits of a project."""
        return {
            **self.defaults(connection),
            **self._store.of(connection, project_id),
        }

    def used(self, connection: Connection, project_id: str) -> Used:
        """What it has."""
        return self._store.used(connection, project_id)

    def usage(self, connection: Connection, project_id: str) -> dict[str, int]:
        """The same by the limits' names."""
        used = self.used(connection, project_id)
        found = {
            "volumes": used.volumes,
            "snapshots": used.snapshots,
            "gigabytes": used.volume_gib + used.snapshot_gib,
            "backups": used.backups,
            "backup_gigabytes": used.backup_gib,
            "groups": used.groups,
        }
        for each in self._parts.stores.types.all(connection):
            found[f"volumes_{each.name}"] = used.volumes_of.get(each.id, 0)
            found[f"snapshots_{each.name}"] = used.snapshots_of.get(each.id, 0)
            found[f"gigabytes_{each.name}"] = used.gib_of.get(each.id, 0)
        return found

    def check(
        self,
        connection: Connection,
        project_id: str,
        volume_type: VolumeType,
        **wanted: int,
    ) -> None:
        """May the project have that much more?  ``OverLimit``."""
        limits = self.of(connection, project_id)
        rules.check_quota(
            limits, self.used(connection, project_id), wanted, volume_type
        )

    def check_groups(self, connection: Connection, project_id: str) -> None:
        """May it have a group more?  ``OverLimit``."""
        limits = self.of(connection, project_id)
        rules.check_groups(limits, self.used(connection, project_id))

    def check_size(
        self, connection: Connection, project_id: str, size_gib: int
    ) -> None:
        """May one volume of it be so large?"""
        rules.check_per_volume(self.of(connection, project_id), size_gib)

    def set(
        self, connection: Connection, owner: str, limits: Mapping[str, int]
    ) -> None:
        """Say what a project may have; ``BadRequest`` for a name that is no limit."""
        rules.check_unknown(limits, self.defaults(connection), "quota")
        self._store.set(connection, owner, limits)

    def forget(self, connection: Connection, owner: str) -> None:
        """The usual again."""
        self._store.forget(connection, owner)
