"""The moment in which a volume in use changes hosts.

A guest has two attachments then: the one it came with, and one that leads to the new
host.  The guest's host says when all that the volume holds is on both, and whatever is
written goes to both before the guest hears of it.  One transaction turns it: the volume
is on its new host, and the *former* attachment says where it still leads.  Only then
does the guest go over; until its former attachment has ended, the old host keeps its
file.  A mirror that broke in between is turned back the same way.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import Conflict
from compute.core.sql.database import Connection
from compute.volume.model import ATTACHED, ATTACHING
from compute.volume.parts import Parts
from compute.volume.records import Attachment, Volume

RULE = "internal"


class Settling:
    """Each call is one transaction, and safe to repeat."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def settle(self, context: RequestContext, key: str) -> None:
        """The volume is where this attachment leads.  ``Conflict`` when its migration
        has been ended."""
        parts, stores = self._parts, self._parts.stores

        def write(connection: Connection) -> None:
            second, volume = self._found(connection, context, key)
            if volume.host == second.volume_host or not second.volume_host:
                return
            if not self._is_awaited(connection, second):
                raise Conflict(f"nobody moves volume {volume.id} any more")
            if stores.snapshots.all(connection, volume_id=volume.id):
                raise Conflict(f"volume {volume.id} has snapshots, which would stay")
            now = parts.clock.time()
            for each in self._others(connection, second):
                stores.attachments.change(connection, each, volume_host=volume.host)
            stores.attachments.change(
                connection, second, volume_host="", status=ATTACHED, attached_at=now
            )
            stores.volumes.change(
                connection, volume, host=second.volume_host, updated_at=now
            )

        parts.change(write)

    def unsettle(self, context: RequestContext, key: str) -> None:
        """The guest has not gone over: the volume is where it was."""
        parts, stores = self._parts, self._parts.stores

        def write(connection: Connection) -> None:
            second, volume = self._found(connection, context, key)
            former = [
                each for each in self._others(connection, second) if each.volume_host
            ]
            if second.volume_host or not former:
                return
            back = former[0].volume_host
            stores.attachments.change(
                connection, second, volume_host=volume.host, status=ATTACHING
            )
            for each in former:
                stores.attachments.change(connection, each, volume_host="")
            now = parts.clock.time()
            stores.volumes.change(connection, volume, host=back, updated_at=now)

        parts.change(write)

    def _found(
        self, connection: Connection, context: RequestContext, key: str
    ) -> tuple[Attachment, Volume]:
        parts = self._parts
        second = parts.attachment(connection, context, key, RULE)
        return second, parts.volume(connection, context, second.volume_id, RULE)

    def _others(self, connection: Connection, second: Attachment) -> list[Attachment]:
        rows = self._parts.stores.attachments
        found = rows.all(connection, volume_id=second.volume_id)
        return [each for each in found if each.id != second.id]

    def _is_awaited(self, connection: Connection, second: Attachment) -> bool:
        jobs = self._parts.stores.jobs.open_of(connection, second.volume_id)
        return any(
            each.arguments.get("attachment_id") == second.id
            and not (each.cancelled or each.undoing)
            for each in jobs
        )
