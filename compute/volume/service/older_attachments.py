"""The older actions of volumes: an attachment without a record of its own, which ends
in the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import Conflict, NotFound
from compute.core.sql.database import Connection
from compute.volume import rules, sharing
from compute.volume.connection import READ_WRITE, connection_of
from compute.volume.errors import InvalidStatus
from compute.volume.model import ATTACHED, ATTACHING, AVAILABLE, IN_USE, STABLE
from compute.volume.parts import Parts
from compute.volume.records import Attachment
from compute.volume.service.attachments import Attachments
from compute.volume.service.guests import check_let_go

ACTIONS_RULE = "volume_extension:volume_actions:"


class OlderAttachments:
    """See the module's docstring."""

    def __init__(self, parts: Parts, attachments: Attachments) -> None:
        self._parts = parts
        self._attachments = attachments
        self._rows = parts.stores.attachments

    def initialize(
        self, context: RequestContext, volume_id: str, connector: Mapping[str, Any]
    ) -> Attachment:
        """Export the volume to a host; the attachment waits for ``attach``."""
        parts = self._parts
        rule = ACTIONS_RULE + "initialize_connection"
        host = str(connector.get("host", ""))

        def write(connection: Connection) -> Attachment:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, "initialize")
            for each in self._rows.all(connection, volume_id=volume_id):
                if each.host == host or not each.connector:
                    return each
            attachment = self._attachments.new(volume, ATTACHING, "", READ_WRITE)
            self._rows.add(connection, attachment)
            return attachment

        attachment = parts.change(write)
        return self._attachments.connect_by(context, attachment.id, connector, rule)

    def terminate(
        self, context: RequestContext, volume_id: str, connector: Mapping[str, Any]
    ) -> None:
        """Close what was opened for a host (for all, when none is named)."""
        parts = self._parts
        host = str(connector.get("host", ""))
        rule = ACTIONS_RULE + "terminate_connection"

        def look(connection: Connection) -> list[Attachment]:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, "terminate")
            found = self._rows.all(connection, volume_id=volume_id)
            return [each for each in found if host in ("", each.host)]

        found = parts.database.read(look)
        for attachment in found:
            check_let_go(parts, context, attachment)
        for attachment in found:
            self._attachments.withdraw(attachment)
            parts.change(partial(self._unlink, attachment.id))

    def attach(
        self,
        context: RequestContext,
        volume_id: str,
        instance_id: str,
        host: str,
        mountpoint: str,
        access: str,
    ) -> None:
        """The guest (or host) has it."""
        parts = self._parts
        rule = ACTIONS_RULE + "attach"

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(
                volume, "attach_shared" if volume.multiattach else "attach"
            )
            if volume.read_only and access == READ_WRITE:
                raise InvalidStatus(
                    "Invalid volume: Invalid attaching mode 'rw' for a read-only volume"
                )
            known = self._rows.all(connection, volume_id=volume_id)
            waiting = next(
                (
                    each
                    for each in known
                    if each.status != ATTACHED and each.instance_id in ("", instance_id)
                ),
                None,
            )
            if waiting is None:
                sharing.check_room(volume, known)
                waiting = self._attachments.new(volume, ATTACHING, instance_id, access)
                self._rows.add(connection, waiting)
            self._rows.change(
                connection,
                waiting,
                status=ATTACHED,
                instance_id=instance_id or waiting.instance_id,
                host=waiting.host or host,
                mountpoint=mountpoint,
                access=access,
                attached_at=parts.clock.time(),
            )
            parts.set_status(connection, volume, IN_USE)
            parts.tell(connection, context, "volume.attach", volume_id)

        parts.change(write)

    def detach(
        self, context: RequestContext, volume_id: str, attachment_id: str
    ) -> None:
        """It has it no more."""
        parts = self._parts
        rule = ACTIONS_RULE + "attach"

        def look(connection: Connection) -> Attachment | None:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, "detach")
            known = self._rows.all(connection, volume_id=volume_id)
            if attachment_id:
                known = [each for each in known if each.id == attachment_id]
                if not known:
                    raise NotFound(
                        f"Volume attachment could not be found: {attachment_id}"
                    )
            if len(known) > 1:
                raise InvalidStatus(
                    "Invalid volume: Detach volume failed: More than one attachment,"
                    " but no attachment_id provided."
                )
            return known[0] if known else None

        attachment = parts.database.read(look)
        if attachment is not None:
            check_let_go(parts, context, attachment)
            self._attachments.remove(context, attachment)
            return
        parts.change(lambda connection: self._attachments.follow(connection, volume_id))

    def force_detach(
        self, context: RequestContext, volume_id: str, attachment_id: str
    ) -> None:
        """Forget that anybody has it, whatever its status says.  ``Conflict`` where a
        server's host is connected: it would go on to write."""
        parts = self._parts
        rule = "volume_extension:volume_admin_actions:force_detach"

        def look(connection: Connection) -> list[Attachment]:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, "force_detach")
            known = self._rows.all(connection, volume_id=volume_id)
            found = [each for each in known if attachment_id in ("", each.id)]
            if attachment_id and not found:
                raise NotFound(f"Volume attachment could not be found: {attachment_id}")
            for each in found:
                if each.instance_id and each.connector:
                    raise Conflict(
                        f"Server {each.instance_id} is connected to volume {volume_id}:"
                        " detach it by the Compute API"
                    )
            return found

        for attachment in parts.database.read(look):
            self._attachments.remove(context, attachment)

        def settle(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, rule)
            left = self._rows.all(connection, volume_id=volume_id)
            status = rules.status_of_attachments(left)
            if volume.status in STABLE and volume.status != status:
                parts.set_status(connection, volume, status)

        parts.change(settle)

    def step(
        self, context: RequestContext, volume_id: str, action: str, *, quiet: bool
    ) -> None:
        """One of reserve, unreserve, begin_detaching, roll_detaching.  ``quiet``: when
        it is not legal, nothing happens, as Cinder does it."""
        rule = "volume_extension:volume_actions:reserve"
        parts = self._parts

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, rule)
            try:
                is_shared = action == "reserve" and volume.multiattach
                found = rules.check_volume(
                    volume, "reserve_shared" if is_shared else action
                )
            except InvalidStatus:
                if quiet:
                    return
                raise
            attachments = parts.stores.attachments.all(connection, volume_id=volume_id)
            status = found.during
            if status == AVAILABLE:
                status = rules.status_of_attachments(attachments)
            parts.tell(connection, context, f"volume.{action}", volume_id)
            parts.set_status(connection, volume, status)

        parts.change(write)

    def _unlink(self, key: str, connection: Connection) -> None:
        """The attachment has no way to the bytes any more; one that never came to
        anything goes with it."""
        attachment = self._rows.get(connection, key)
        if attachment is None:
            return
        if attachment.status == ATTACHING and not attachment.instance_id:
            self._rows.delete(connection, key)
        else:
            self._rows.change(connection, attachment, connection={}, connector={})


def connection_document(attachment: Attachment) -> dict[str, Any]:
    """``{driver_volume_type, data}``, as the older actions answer."""
    info = connection_of(attachment.connection)
    document = info.document()
    kind = document.pop("driver_volume_type")
    return {"driver_volume_type": kind, "data": document}
