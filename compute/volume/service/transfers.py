"""Giving a volume to another project: an offer, and a key for who may take it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.parts import Parts
from compute.volume.records import Transfer, Volume
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types


@dataclass(frozen=True, slots=True)
class Offered:
    """A new offer; ``key`` is shown once, and kept nowhere."""

    transfer: Transfer
    key: str


class Transfers:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._rows = parts.stores.transfers

    def create(
        self,
        context: RequestContext,
        volume_id: str,
        name: str,
        *,
        with_snapshots: bool,
    ) -> Offered:
        """Offer a volume that nobody uses."""
        parts = self._parts
        key = parts.identifiers.hexadecimal()

        def write(connection: Connection) -> Transfer:
            rule = "volume:create_transfer"
            volume = parts.volume(connection, context, volume_id, rule)
            found = rules.check_volume(volume, "create_transfer")
            rules.check_ungrouped(volume, "offered to another project")
            if volume.is_encrypted:
                raise InvalidStatus(
                    "Invalid volume: transferring encrypted volume is not supported"
                )
            snapshots = parts.stores.snapshots.all(connection, volume_id=volume_id)
            if snapshots and not with_snapshots:
                raise InvalidStatus(
                    f"Invalid volume: volume {volume_id} has snapshots: they go too"
                )
            for each in snapshots:
                rules.check_snapshot_ungrouped(each)
            transfer = Transfer(
                id=parts.identifiers.uuid(),
                volume_id=volume_id,
                project_id=volume.project_id,
                name=name,
                key_hash=_hashed(key),
                created_at=parts.clock.time(),
                with_snapshots=with_snapshots,
            )
            self._rows.add(connection, transfer)
            parts.set_status(connection, volume, found.during)
            parts.tell(connection, context, "volume.create_transfer", volume_id)
            return transfer

        return Offered(parts.change(write), key)

    def get(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Transfer:
        """One of the caller's own; ``NotFound``."""
        found = self._rows.get(connection, key)
        if found is None or not self._parts.allows(context, rule, found):
            raise NotFound(f"Transfer {key} could not be found.")
        return found

    def delete(self, context: RequestContext, transfer_id: str) -> None:
        """Take the offer back."""
        parts = self._parts

        def write(connection: Connection) -> None:
            rule = "volume:delete_transfer"
            transfer = self.get(connection, context, transfer_id, rule)
            self._rows.delete(connection, transfer_id)
            volume = parts.stores.volumes.get(connection, transfer.volume_id)
            if volume is not None:
                found = rules.check_volume(volume, "delete_transfer")
                parts.set_status(connection, volume, found.during)
            parts.tell(
                connection, context, "volume.delete_transfer", transfer.volume_id
            )

        parts.change(write)

    def accept(
        self, context: RequestContext, transfer_id: str, key: str
    ) -> tuple[Transfer, Volume]:
        """Have the volume, and its snapshots."""
        parts = self._parts
        if not context.project_id:
            raise BadRequest("Invalid input received: a project is needed")

        def write(connection: Connection) -> tuple[Transfer, Volume]:
            parts.enforce(context, "volume:accept_transfer")
            transfer = self._rows.get(connection, transfer_id)
            if transfer is None:
                raise NotFound(f"Transfer {transfer_id} could not be found.")
            if not hmac.compare_digest(transfer.key_hash, _hashed(key)):
                raise Forbidden(
                    f"Attempt to transfer {transfer_id} with invalid auth key."
                )
            volume = parts.stores.volumes.get(connection, transfer.volume_id)
            if volume is None:
                raise NotFound(f"Volume {transfer.volume_id} could not be found.")
            found = rules.check_volume(volume, "accept_transfer")
            self._check_quota(connection, context, volume)
            owner = {"project_id": context.project_id, "user_id": context.user_id}
            for snapshot in parts.stores.snapshots.all(connection, volume_id=volume.id):
                parts.stores.snapshots.change(connection, snapshot, **owner)
                parts.stores.shares.forget(connection, snapshot.id)
            self._rows.delete(connection, transfer_id)
            volume = parts.set_status(connection, volume, found.during, **owner)
            parts.tell(connection, context, "volume.accept_transfer", volume.id)
            return transfer, volume

        return parts.change(write)

    def _check_quota(
        self, connection: Connection, context: RequestContext, volume: Volume
    ) -> None:
        snapshots = self._parts.stores.snapshots.all(connection, volume_id=volume.id)
        volume_type = self._types.known(connection, volume.type_id)
        self._quotas.check(
            connection,
            context.project_id,
            volume_type,
            volumes=1,
            snapshots=len(snapshots),
            gigabytes=volume.size_gib + sum(each.size_gib for each in snapshots),
        )


def _hashed(key: str) -> str:
    """Keys are random: nothing slower is needed."""
    return hashlib.sha256(key.encode()).hexdigest()
