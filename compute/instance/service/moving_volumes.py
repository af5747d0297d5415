"""A server's volume moves to another volume host, and its guest goes along: asked for
by the volume room, done by the guest's host."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.instance.block_devices import SWAPPING, changed
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.attached import settled_device

ACTION = "move_volume"


class MovingVolumes:
    """Begins it."""

    def __init__(self, parts: Parts, actions: ServerActions) -> None:
        self._parts = parts
        self._actions = actions

    def check(
        self, context: RequestContext, server_id: str, volume_id: str, rule: str
    ) -> None:
        """``Conflict`` when its guest could not go along now, ``NotFound`` when it does
        not have it."""
        server = self._parts.database.read(
            lambda connection: self._parts.visible(connection, context, server_id, rule)
        )
        self._actions.check(context, server, ACTION)
        settled_device(server, volume_id)

    def begin(
        self,
        context: RequestContext,
        server_id: str,
        volume_id: str,
        attachment_id: str,
        rule: str,
    ) -> None:
        """The guest's host is to mirror the volume to where that attachment leads, and
        to go over to it; fine when it has that order."""
        if self._is_ordered(server_id, attachment_id):
            return

        def decide(connection: Connection, server: Server) -> Change:
            device = settled_device(server, volume_id)
            arguments = {
                "device_id": device.id,
                "attachment_id": attachment_id,
                "old_attachment_id": device.attachment_id,
            }
            entries = changed(server.block_devices, device.id, state=SWAPPING)
            return Change({"block_devices": entries}, arguments)

        self._actions.begin(context, server_id, ACTION, decide, rule=rule)

    def _is_ordered(self, server_id: str, attachment_id: str) -> bool:
        jobs = self._parts.database.read(
            lambda connection: self._parts.stores.jobs.open_of(connection, server_id)
        )
        return any(
            (job.kind, job.arguments.get("attachment_id")) == (ACTION, attachment_id)
            for job in jobs
        )
