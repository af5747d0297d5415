"""What a guest has is not taken from it behind its host's back.

The compute service lets go of a volume first, and then says so here, as a service.
Anybody else who ended the attachment would leave a guest that goes on to write to
what is about to be somebody else's.  While a server moves as it runs, that goes for the
attachment that waits for it at the other end too, which the server's record does not
know before it has arrived.  Attachments that no server knows of (of a server
that is gone, or made here directly) are whose volume it is.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import Conflict
from compute.core.rooms.absent import ServiceAbsent
from compute.instance.client import SWAPPING, TaskState, find_volume
from compute.volume.errors import InvalidStatus
from compute.volume.parts import Parts
from compute.volume.records import Attachment
from objectstore.kernel.errors import Rejected

SERVICE_ROLE = "service"


def check_let_go(parts: Parts, context: RequestContext, attachment: Attachment) -> None:
    """``Conflict`` while a server has the volume by this attachment, or is to have it
    where it is moving to, for whoever is no service."""
    server_id = attachment.instance_id
    if not server_id or context.has_role(SERVICE_ROLE):
        return
    try:
        server = parts.servers.server(server_id)
    except ServiceAbsent:
        return
    except Rejected as error:
        if error.status != 404:
            raise
        return
    device = find_volume(server.block_devices, attachment.volume_id)
    if device is None:
        return
    if server.task_state == TaskState.MIGRATING.value:
        raise Conflict(f"Server {server_id} is moving with volume {device.volume_id}")
    if device.state == SWAPPING:
        raise Conflict(f"Server {server_id} is going over to where it will be")
    if attachment.connector and device.attachment_id == attachment.id:
        raise Conflict(
            f"Server {server_id} has volume {device.volume_id}: detach it by the"
            " Compute API"
        )


def check_goes_along(parts: Parts, attachment: Attachment) -> None:
    """``InvalidStatus`` when the guest that has the volume cannot mirror it to another
    host now."""
    server_id = attachment.instance_id
    if not server_id:
        return
    try:
        parts.servers.check_volume_moves(server_id, attachment.volume_id)
    except ServiceAbsent as error:
        raise InvalidStatus(f"Invalid volume: {error}") from error
    except Rejected as error:
        raise InvalidStatus(
            f"Invalid volume: Volume {attachment.volume_id} is in use, and its guest"
            f" cannot go along: {error.text}"
        ) from error
