"""Volumes of servers that are there: attached, detached, swapped, told to be larger,
faster or slower.

The volume is reserved before the transaction that writes the device with its job, and
freed when that fails; whoever dies in between leaves an attachment without a device,
which the doctor finds.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.jobs.rows import PENDING, Job
from compute.core.sql.database import Connection
from compute.instance.block_devices import (
    ATTACHED,
    ATTACHING,
    DETACHING,
    SWAPPING,
    VOLUME,
    BlockDevice,
    changed,
    check_count,
    find_volume,
    free_device,
    taken_devices,
)
from compute.instance.parts import ROOM_QUEUE, Parts
from compute.instance.records import Server
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.attached import (
    NewAttachment,
    device_of,
    had_already,
    settled_device,
)
from compute.instance.shared_volumes import (
    check_not_shelved,
    check_swap,
    check_version,
)
from compute.instance.volumes import release_attachment
from compute.volume.client import VolumeRecord
from objectstore.kernel.errors import Rejected

RULE = "os_compute_api:os-volumes-attachments"
CREATE, DELETE = f"{RULE}:create", f"{RULE}:delete"
UPDATE, SWAP = f"{RULE}:update", f"{RULE}:swap"
LIMIT = "limit_volume"


class ServerVolumes:
    """Begins what is done to servers' volumes."""

    def __init__(self, parts: Parts, actions: ServerActions) -> None:
        self._parts = parts
        self._actions = actions

    def visible(self, context: RequestContext, server_id: str, rule: str) -> Server:
        """The server, for whoever may do what the rule says."""
        return self._parts.database.read(
            lambda connection: self._parts.visible(connection, context, server_id, rule)
        )

    # ---- attach ----------------------------------------------------------------

    def attach(
        self, context: RequestContext, server_id: str, new: NewAttachment
    ) -> BlockDevice:
        """The device that is being attached.  ``NotFound``, ``BadRequest`` for a
        volume that cannot be had, ``Conflict`` for a server that cannot have it."""
        server = self.visible(context, server_id, CREATE)
        self._actions.check(context, server, "attach_volume")
        if find_volume(server.block_devices, new.volume_id) is not None:
            raise had_already(new.volume_id)
        check_count(server.block_devices)
        volume = self._volume(context, new.volume_id)
        check_version(volume, new.minor)
        check_not_shelved(volume, has_host=bool(server.host))
        attachment_id = self._reserve(context, server, volume)
        device = BlockDevice(
            id=self._parts.identifiers.uuid(),
            source=VOLUME,
            destination=VOLUME,
            source_id=volume.id,
            volume_id=volume.id,
            attachment_id=attachment_id,
            size=volume.size_gib,
            tag=new.tag,
            delete_on_termination=new.delete_on_termination,
        )
        try:
            if not server.host:
                # No guest will say that it has it, and nobody else may take it.
                self._parts.volumes.complete_attachment(attachment_id)
            return self._begin_attaching(context, server_id, device, new.device)
        except BaseException:
            release_attachment(self._parts.volumes, attachment_id)
            raise

    def _begin_attaching(
        self, context: RequestContext, server_id: str, device: BlockDevice, wanted: str
    ) -> BlockDevice:
        def decide(connection: Connection, server: Server) -> Change:
            entries = server.block_devices
            if find_volume(entries, device.volume_id) is not None:
                raise had_already(device.volume_id)
            check_count(entries)
            entry = {
                **device.to_json(),
                "device": free_device(taken_devices(entries, server.flavor), wanted),
                "state": ATTACHING if server.host else ATTACHED,
            }
            return Change(
                {"block_devices": [*entries, entry]}, {"device_id": device.id}
            )

        server = self._actions.begin(
            context, server_id, "attach_volume", decide, rule=CREATE
        )
        found = find_volume(server.block_devices, device.volume_id)
        assert found is not None
        return found

    def _volume(self, context: RequestContext, volume_id: str) -> VolumeRecord:
        try:
            return self._parts.volumes.get(volume_id, context.token)
        except Rejected as error:
            if error.status in (403, 404):
                raise NotFound(f"Volume {volume_id} could not be found.") from None
            raise

    def _reserve(
        self, context: RequestContext, server: Server, volume: VolumeRecord
    ) -> str:
        try:
            made = self._parts.volumes.create_attachment(
                volume.id, server.id, context.token
            )
        except Rejected as error:
            if error.status in (400, 409):
                raise BadRequest(
                    f"Invalid volume: volume '{volume.id}' status must be 'available'."
                    f" Currently in '{volume.status}'"
                ) from None
            raise
        return made.id

    # ---- detach ----------------------------------------------------------------

    def detach(self, context: RequestContext, server_id: str, volume_id: str) -> None:
        """Begin to take it away.  ``BadRequest`` for the root."""
        server = self.visible(context, server_id, DELETE)
        device = self.device(server, volume_id)
        if device.is_root:
            raise BadRequest("Cannot detach a root device volume")

        def decide(connection: Connection, server: Server) -> Change:
            found = settled_device(server, volume_id)
            return Change(
                {
                    "block_devices": changed(
                        server.block_devices, found.id, state=DETACHING
                    )
                },
                {"device_id": found.id},
                queue="" if server.host else ROOM_QUEUE,
            )

        self._actions.begin(context, server_id, "detach_volume", decide, rule=DELETE)

    def device(self, server: Server, volume_id: str) -> BlockDevice:
        """The server's device of that volume; ``NotFound``."""
        return device_of(server, volume_id)

    # ---- change ----------------------------------------------------------------

    def set_delete_on_termination(
        self, context: RequestContext, server_id: str, volume_id: str, wanted: bool
    ) -> None:
        """Whether the volume ends with the server."""

        def write(connection: Connection) -> None:
            server = self._parts.visible(connection, context, server_id, UPDATE)
            device = device_of(server, volume_id)
            entries = changed(
                server.block_devices, device.id, delete_on_termination=wanted
            )
            now = self._parts.clock.time()
            self._parts.stores.servers.update(
                connection, server, now, block_devices=entries
            )

        self._parts.database.run(write)

    def swap(
        self, context: RequestContext, server_id: str, old_id: str, new_id: str
    ) -> None:
        """Begin to copy a volume to another one, which takes its place."""
        server = self.visible(context, server_id, SWAP)
        old = self.device(server, old_id)
        self._actions.check(context, server, "swap_volume")
        volume = self._volume(context, new_id)
        # QEMU copies a disk that is in use only to one of just its size.
        if volume.size_gib != old.size:
            raise BadRequest(
                f"Invalid volume: New volume must have the same size, {old.size} GB."
            )
        before = self._volume(context, old_id)
        check_swap(self._parts.volumes, before, volume)
        attachment_id = self._reserve(context, server, volume)

        def decide(connection: Connection, server: Server) -> Change:
            found = settled_device(server, old_id)
            values = {
                "block_devices": changed(server.block_devices, found.id, state=SWAPPING)
            }
            return Change(
                values,
                {
                    "device_id": found.id,
                    "volume_id": volume.id,
                    "attachment_id": attachment_id,
                    "old_attachment_id": found.attachment_id,
                    "size": volume.size_gib,
                },
            )

        try:
            self._actions.begin(context, server_id, "swap_volume", decide, rule=SWAP)
        except BaseException:
            release_attachment(self._parts.volumes, attachment_id)
            raise

    def extend(
        self, context: RequestContext, server_id: str, volume_id: str, rule: str
    ) -> None:
        """Let the guest see a volume's new size.  ``Conflict`` when it cannot now."""
        size = self._parts.volumes.get(volume_id).size_gib

        def decide(connection: Connection, server: Server) -> Change:
            device = device_of(server, volume_id)
            entries = changed(server.block_devices, device.id, size=size)
            return Change({"block_devices": entries}, {"device_id": device.id})

        self._actions.begin(context, server_id, "extend_volume", decide, rule=rule)

    def limit(
        self, context: RequestContext, server_id: str, volume_id: str, rule: str
    ) -> None:
        """Let a running guest's volume be as fast as its type says now.  ``Conflict``
        when it cannot now, or its host has yet to begin with an earlier wish: it asks
        for the limits only then.  ``NotFound`` when the server does not have it."""

        def decide(connection: Connection, server: Server) -> Change:
            arguments = {"device_id": device_of(server, volume_id).id}
            open_jobs = self._parts.stores.jobs.open_of(connection, server.id)
            if any(_is_to_come(job, arguments["device_id"]) for job in open_jobs):
                raise Conflict(f"The host of instance {server.id} is to do it already")
            return Change({}, arguments)

        self._actions.begin(context, server_id, LIMIT, decide, rule=rule)


def _is_to_come(job: Job, device_id: str) -> bool:
    """Whether the job will ask how fast that device may be."""
    return (
        (job.kind, job.state) == (LIMIT, PENDING)
        and not (job.undoing or job.cancelled)
        and job.arguments["device_id"] == device_id
    )
