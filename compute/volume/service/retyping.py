"""Volumes of another type: what that may change, and where they are then.

A type says what a volume costs of a quota, how fast it may be, and of which back end it
is; whether it is shared or encrypted it says once for all, or nearly.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules, sharing
from compute.volume.keys import kept_cipher
from compute.volume.parts import Parts
from compute.volume.records import Volume, VolumeType
from compute.volume.service.hosts import Hosts
from compute.volume.service.migrations import Migrations
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types

ON_DEMAND = "on-demand"
"""A retyping that may move the volume."""
RULE = "volume:retype"


class Retyping:
    """``retype`` is one transaction."""

    def __init__(
        self, parts: Parts, quotas: Quotas, types: Types, migrations: Migrations
    ) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._migrations = migrations
        self._hosts = Hosts(parts)

    def retype(
        self, context: RequestContext, volume_id: str, type_key: str, policy: str
    ) -> None:
        """Another type.  One that the volume's host does not have moves it to another,
        if the policy is ``on-demand``.  A guest that has it is told of other limits."""
        parts = self._parts
        may_move = policy == ON_DEMAND
        if may_move:
            self._check_guest(context, volume_id, type_key)

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, RULE)
            rules.check_volume(volume, "retype")
            parts.tell(connection, context, "volume.retype", volume_id)
            wanted = self._types.get(connection, context, type_key)
            self._check(connection, context, volume, wanted)
            if not self._hosts.has(connection, volume.host, wanted):
                self._move(connection, volume, wanted, may_move=may_move)
                return
            parts.stores.volumes.change(
                connection,
                volume,
                type_id=wanted.id,
                multiattach=sharing.is_multiattach(wanted),
                updated_at=parts.clock.time(),
            )

        parts.order(write)
        parts.speeds_changed()

    def _check_guest(
        self, context: RequestContext, volume_id: str, type_key: str
    ) -> None:
        """``InvalidStatus`` when it would have to move, and its guest cannot go along:
        asked of another room, so before the transaction."""
        parts = self._parts

        def look(connection: Connection) -> tuple[Volume, bool]:
            volume = parts.volume(connection, context, volume_id, RULE)
            wanted = self._types.get(connection, context, type_key)
            return volume, self._hosts.has(connection, volume.host, wanted)

        volume, stays = parts.database.read(look)
        if not stays:
            self._migrations.check_guest(volume)

    def _check(
        self,
        connection: Connection,
        context: RequestContext,
        volume: Volume,
        wanted: VolumeType,
    ) -> None:
        """Raise unless it may be of that type, wherever it is."""
        rules.check_ungrouped(volume, "retyped")
        if wanted.id == volume.type_id:
            raise BadRequest(
                f"Invalid input received: Volume {volume.id} is of type {wanted.name}"
                " already"
            )
        is_shared = sharing.is_multiattach(wanted)
        if is_shared != volume.multiattach:
            self._parts.enforce(context, sharing.RULE, volume)
            rows = self._parts.stores.attachments
            sharing.check_change(volume, rows.all(connection, volume_id=volume.id))
        sharing.check_plain(is_shared=is_shared, is_encrypted=volume.is_encrypted)
        self._check_encryption(connection, volume, wanted)
        self._check_quota(connection, volume, wanted)

    def _check_encryption(
        self, connection: Connection, volume: Volume, wanted: VolumeType
    ) -> None:
        """``BadRequest``: bytes that are there stay as they are."""
        rows = self._parts.stores.type_encryptions
        before = kept_cipher(connection, rows, volume.type_id)
        if kept_cipher(connection, rows, wanted.id) != before:
            raise BadRequest(
                "Invalid input received: Retype cannot change encryption"
                " requirements: make a volume of the other type, and copy there"
            )

    def _check_quota(
        self, connection: Connection, volume: Volume, wanted: VolumeType
    ) -> None:
        """``OverLimit``: the project has no more of that type."""
        more = {"volumes": 1, "gigabytes": volume.size_gib}
        limits = self._quotas.of(connection, volume.project_id)
        names = [f"{name}_{wanted.name}" for name in more]
        of_type = {name: limits.get(name, rules.UNLIMITED) for name in names}
        used = self._quotas.used(connection, volume.project_id)
        rules.check_quota(of_type, used, more, wanted)

    def _move(
        self,
        connection: Connection,
        volume: Volume,
        wanted: VolumeType,
        *,
        may_move: bool,
    ) -> None:
        """To a host that has the type."""
        if not may_move:
            raise BadRequest(
                f"No valid backend was found for volumes of type {wanted.name} where"
                f" the volume is: retype it with migration_policy {ON_DEMAND}"
            )
        self._migrations.move_for_type(connection, volume, wanted)
