"""Keeps exports as the attachments want them, tells that the host lives, adopts jobs
of a release before, forgets.

What is exported is looked at before the rows are read: an attachment that is being made
meanwhile has its row first, so nothing of its is taken for a stray.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from compute.core.sql.database import Connection
from compute.volume.connection import Connector
from compute.volume.drivers.port import Capacity, ExportAsked
from compute.volume.host_records import Telling
from compute.volume.parts import Parts, queue_of
from compute.volume.records import Attachment
from compute.volume.stores.older_jobs import adopt
from compute.volume.tables import MESSAGES
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

JOBS_KEPT_SECONDS = 86400.0
_log = logging.getLogger("compute.volume")


class Upkeep:
    """A loop's step."""

    name = "volume-upkeep"

    def __init__(self, parts: Parts, url: str = "") -> None:
        """``url``: where other volume hosts reach us."""
        self._parts = parts
        self._url = url

    def step(self) -> Progress:
        """See the module's docstring."""
        parts = self._parts
        told = self._told()
        parts.database.run(lambda connection: self._write(connection, told))
        there = set(parts.driver.exported())
        attached, ours = parts.database.read(self._wanted)
        for volume_id, attachment_id in sorted(there - attached.keys()):
            _log.warning("attachment %s is gone: its export ends", attachment_id)
            self._try(volume_id, attachment_id, None)
        for (volume_id, attachment_id), attachment in sorted(attached.items()):
            if leads_to(attachment, parts.host, ours):
                self._try(volume_id, attachment_id, attachment)
        return Progress.IDLE

    def _try(
        self, volume_id: str, attachment_id: str, attachment: Attachment | None
    ) -> None:
        driver = self._parts.driver
        try:
            if attachment is None:
                driver.withdraw(volume_id, attachment_id)
            else:
                driver.export(asked_of(attachment))
                if not self._is_there(attachment_id):  # it was deleted meanwhile
                    driver.withdraw(volume_id, attachment_id)
        except RingstackError as error:
            _log.warning("the export of volume %s: %s", volume_id, error)

    def _is_there(self, attachment_id: str) -> bool:
        rows = self._parts.stores.attachments
        found = self._parts.database.read(
            lambda connection: rows.get(connection, attachment_id)
        )
        return found is not None

    def _told(self) -> Telling:
        backend, capacity = self._parts.settings.backend, self._capacity()
        return Telling(backend, self._url, capacity.total_bytes, capacity.free_bytes)

    def _capacity(self) -> Capacity:
        try:
            return self._parts.driver.capacity()
        except (RingstackError, OSError) as error:
            _log.warning("nobody knows how much room there is: %s", error)
            return Capacity(0, 0)

    def _write(self, connection: Connection, told: Telling) -> None:
        parts, now = self._parts, self._parts.clock.time()
        parts.stores.services.seen(connection, parts.host, now, told)
        adopt(connection, parts.host, queue_of(parts.host))
        parts.stores.jobs.forget_finished(connection, now - JOBS_KEPT_SECONDS)
        connection.execute(MESSAGES.delete().where(MESSAGES.c.expires_at <= now))

    def _wanted(
        self, connection: Connection
    ) -> tuple[dict[tuple[str, str], Attachment], set[str]]:
        """Attachments that have a way to bytes, wherever those are: a guest that goes
        on here while its volume is said to be elsewhere uses it (the host was renamed,
        or the guest is going over).  And the volumes that are here."""
        stores = self._parts.stores
        attached = {
            (each.volume_id, each.id): each
            for each in stores.attachments.all(connection)
            if each.connection
        }
        return attached, set(stores.volumes.ids(connection, host=self._parts.host))


def leads_to(attachment: Attachment, host: str, ours: Collection[str]) -> bool:
    """Whether the attachment's bytes are on that host, whose volumes are ``ours``."""
    if attachment.volume_host:
        return attachment.volume_host == host
    return attachment.volume_id in ours


def asked_of(attachment: Attachment) -> ExportAsked:
    """The export that an attachment with a connector wants."""
    connector = connector_of(attachment.connector, attachment.instance_id)
    return ExportAsked(
        attachment.id, attachment.volume_id, connector, attachment.access
    )


def connector_of(document: Mapping[str, Any], instance_id: str) -> Connector:
    """As the API took it."""
    return Connector(
        host=str(document.get("host", "")),
        address=str(document.get("ip", "")),
        instance=instance_id,
    )
