"""Who has a volume: attachments, and what they make of its status.

The export is opened between two transactions.  The first writes the attachment with
its connector, so that an export is never there without a row; the last one its
connection.  What dies between them is asked again, and gets the same export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.volume import rules, sharing
from compute.volume.connection import READ_ONLY
from compute.volume.jobs.upkeep import asked_of, connector_of
from compute.volume.jobs.ways import follow
from compute.volume.model import (
    ATTACHED,
    ATTACHING,
    AVAILABLE,
    GIB,
    IN_USE,
    RESERVED,
)
from compute.volume.parts import Parts
from compute.volume.places import Place
from compute.volume.records import Attachment, Volume
from compute.volume.service.guests import check_let_go
from compute.volume.service.hosts import Hosts
from objectstore.kernel.errors import Unavailable


class Attachments:
    """See the module's docstring."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hosts = Hosts(parts)
        self._rows = parts.stores.attachments

    # ---- attachments -----------------------------------------------------------

    def create(
        self,
        context: RequestContext,
        volume_id: str,
        instance_id: str,
        connector: Mapping[str, Any] | None,
        access: str,
    ) -> Attachment:
        """Reserve the volume; with a connector, export it too."""
        parts = self._parts

        def write(connection: Connection) -> Attachment:
            rule = "volume:attachment_create"
            volume = parts.volume(connection, context, volume_id, rule)
            others = self._rows.all(connection, volume_id=volume_id)
            rules.check_attachable(volume, others, instance_id)
            if others and volume.multiattach and volume.bootable:
                parts.enforce(context, sharing.BOOTABLE_RULE, volume)
            attachment = self.new(volume, RESERVED, instance_id, access)
            self._rows.add(connection, attachment)
            if volume.status == AVAILABLE:
                parts.set_status(connection, volume, RESERVED)
            parts.tell(connection, context, "volume.reserve", volume_id)
            return attachment

        attachment = parts.change(write)
        if connector is None:
            return attachment
        try:
            return self.connect(context, attachment.id, connector)
        except BaseException:
            # Nobody has it: not even a server that moves stands against that.
            self.remove(context, attachment)
            raise

    def connect(
        self, context: RequestContext, key: str, connector: Mapping[str, Any]
    ) -> Attachment:
        """Export the volume to the connector's host."""
        rule, parts = "volume:attachment_update", self._parts
        attachment = parts.database.read(
            lambda connection: parts.attachment(connection, context, key, rule)
        )
        check_let_go(parts, context, attachment)
        return self.connect_by(context, key, connector, rule)

    def complete(self, context: RequestContext, key: str) -> None:
        """The guest has it."""
        parts = self._parts

        def write(connection: Connection) -> None:
            rule = "volume:attachment_complete"
            attachment = parts.attachment(connection, context, key, rule)
            volume = self._volume_of(connection, attachment)
            if attachment.status == ATTACHED:
                return
            at_work = self._is_had_at_work(connection, volume)
            if not at_work:
                rules.check_volume(volume, "complete")
            if attachment.status not in (RESERVED, ATTACHING):
                raise BadRequest(
                    f"Invalid volume attachment: {key} is {attachment.status}"
                )
            now = parts.clock.time()
            self._rows.change(connection, attachment, status=ATTACHED, attached_at=now)
            if not at_work:
                parts.set_status(connection, volume, IN_USE)
            parts.tell(connection, context, "volume.attach", volume.id)

        parts.change(write)

    def reopen(self, context: RequestContext, key: str) -> None:
        """Let the guest's host see the volume's size of now: it is cut off, and
        connects again."""
        parts, rule = self._parts, "internal"
        attachment = parts.database.read(
            lambda connection: parts.attachment(connection, context, key, rule)
        )
        self._place_of(attachment).reopen(attachment.volume_id)

    def passphrase(self, context: RequestContext, key: str) -> str:
        """What opens the volume on the host that it is exported to; "" for one that is
        not encrypted."""
        parts, rule = self._parts, "volume:passphrase"

        def look(connection: Connection) -> Volume:
            attachment = parts.attachment(connection, context, key, rule)
            return self._volume_of(connection, attachment)

        volume = parts.database.read(look)
        return parts.keys.passphrase(volume) if volume.is_encrypted else ""

    def delete(self, context: RequestContext, key: str) -> list[Attachment]:
        """Close the export and forget who had it; the attachments that are left."""
        parts = self._parts
        rule = "volume:attachment_delete"
        attachment = parts.database.read(
            lambda connection: parts.attachment(connection, context, key, rule)
        )
        check_let_go(parts, context, attachment)
        return self.remove(context, attachment)

    # ---- parts, which the older actions are made of too --------------------------

    def new(
        self, volume: Volume, status: str, instance_id: str, access: str
    ) -> Attachment:
        """One that is not written yet."""
        return Attachment(
            id=self._parts.identifiers.uuid(),
            volume_id=volume.id,
            project_id=volume.project_id,
            status=status,
            access=READ_ONLY if volume.read_only else access,
            created_at=self._parts.clock.time(),
            instance_id=instance_id,
        )

    def connect_by(
        self,
        context: RequestContext,
        key: str,
        connector: Mapping[str, Any],
        rule: str,
    ) -> Attachment:
        """``connect``, by another rule of the policy."""
        parts = self._parts
        host = str(connector.get("host", ""))
        if not host:
            raise BadRequest("Invalid input received: a connector needs its host")
        # Before anything is written: a host that cannot come leaves nothing behind.
        asked = parts.database.read(
            lambda connection: parts.attachment(connection, context, key, rule)
        )
        former = asked
        if asked.status == ATTACHED and asked.host != host:
            # It starts elsewhere: of two ways, the former one is of no use.
            asked = replace(asked, volume_host="")
        place = self._place_of(asked)
        place.check_way(connector_of(connector, ""))

        def begin(connection: Connection) -> Attachment:
            attachment = parts.attachment(connection, context, key, rule)
            volume = self._volume_of(connection, attachment)
            values: dict[str, Any] = {"connector": dict(connector), "host": host}
            if connector.get("mountpoint"):
                values["mountpoint"] = str(connector["mountpoint"])
            if attachment.status == ATTACHED:
                if attachment.host != host:
                    values["volume_host"] = ""
                # A guest that moves while it is stopped takes its attachment along:
                # the export to the old host ends.  Only the house knows that it did.
                is_ours = parts.allows(context, "internal")
                if attachment.host != host and not is_ours:
                    raise BadRequest(
                        f"Invalid volume attachment: {key} is attached on another host"
                    )
                return self._rows.change(connection, attachment, **values)
            if attachment.volume_host:
                return self._rows.change(connection, attachment, **values)
            if not self._is_had_at_work(connection, volume):
                rules.check_volume(
                    volume, "connect" if volume.status != AVAILABLE else "initialize"
                )
            if volume.status == RESERVED:
                parts.set_status(connection, volume, ATTACHING)
            return self._rows.change(connection, attachment, status=ATTACHING, **values)

        attachment = parts.change(begin)
        if former.volume_host != asked.volume_host:
            self.withdraw(former)
        info = place.export(asked_of(attachment))

        def record(connection: Connection) -> Attachment | None:
            now = self._rows.get(connection, key)
            if now is None or now.host != host:
                return None
            volume = self._volume_of(connection, now)
            shown = replace(
                info,
                limits=parts.stores.limits(connection, volume),
                is_encrypted=volume.is_encrypted,
                is_shared=volume.multiattach,
                size_bytes=volume.size_gib * GIB,
            )
            return self._rows.change(connection, now, connection=shown.document())

        found = parts.change(record)
        if found is None:
            place.withdraw(attachment.volume_id, key)
            raise Unavailable(f"attachment {key} was changed meanwhile")
        return found

    def remove(
        self, context: RequestContext, attachment: Attachment
    ) -> list[Attachment]:
        """Without asking who may; the attachments that are left."""
        parts = self._parts
        self.withdraw(attachment)

        def write(connection: Connection) -> list[Attachment]:
            self._rows.delete(connection, attachment.id)
            parts.tell(connection, context, "volume.detach", attachment.volume_id)
            return self.follow(connection, attachment.volume_id)

        return parts.change(write)

    def withdraw(self, attachment: Attachment) -> None:
        """Close its way to the bytes; fine when there is none.  A volume host that is
        down closes it when it is back, as that of an attachment which is gone
        (``Upkeep``): servers need not wait for one that is gone for good."""
        host = self._host_of(attachment)
        try:
            self._parts.places.at(host).withdraw(attachment.volume_id, attachment.id)
        except Unavailable:
            if not self._hosts.is_down(host):
                raise

    def _place_of(self, attachment: Attachment) -> Place:
        """Where it leads."""
        return self._parts.places.at(self._host_of(attachment))

    def _host_of(self, attachment: Attachment) -> str:
        if attachment.volume_host:
            return attachment.volume_host
        rows = self._parts.stores.volumes
        volume = self._parts.database.read(
            lambda connection: rows.get(connection, attachment.volume_id)
        )
        return volume.host if volume else ""

    def follow(self, connection: Connection, volume_id: str) -> list[Attachment]:
        """Let the volume's status follow from the attachments that it has."""
        return follow(connection, self._parts, volume_id)

    def _is_had_at_work(self, connection: Connection, volume: Volume) -> bool:
        others = self._rows.all(connection, volume_id=volume.id)
        return rules.is_had_at_work(volume, others)

    def _volume_of(self, connection: Connection, attachment: Attachment) -> Volume:
        volume = self._parts.stores.volumes.get(connection, attachment.volume_id)
        if volume is None:
            raise NotFound(f"Volume {attachment.volume_id} could not be found.")
        return volume
