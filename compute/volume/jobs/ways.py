"""By which attachments a volume is had: what its status follows from, and the end of
one that nobody uses."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.instance.client import SWAPPING, find_volume
from compute.volume import rules
from compute.volume.model import ATTACHING, AVAILABLE, DETACHING, IN_USE, RESERVED
from compute.volume.parts import Parts
from compute.volume.records import Attachment, Volume
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable

# Only these follow from attachments: work under way has a status of its own.
_FOLLOWING = frozenset({AVAILABLE, RESERVED, ATTACHING, IN_USE, DETACHING})


@dataclass(frozen=True, slots=True)
class Way:
    """By which attachment a server has a volume, on which host; "": it does not."""

    attachment_id: str = ""
    host: str = ""


def way_of(parts: Parts, server_id: str, volume_id: str) -> Way | None:
    """None while it goes over to another one, and when nobody can say."""
    try:
        server = parts.servers.server(server_id)
    except Rejected as error:
        return Way() if error.status == 404 else None
    except RingstackError:
        return None
    device = None if server.deleted else find_volume(server.block_devices, volume_id)
    if device is None:
        return Way()
    if device.state == SWAPPING:
        return None
    return Way(device.attachment_id, server.host)


def follow(connection: Connection, parts: Parts, volume_id: str) -> list[Attachment]:
    """Let the volume's status follow from the attachments that it has; those."""
    volume = parts.stores.volumes.get(connection, volume_id)
    left = parts.stores.attachments.all(connection, volume_id=volume_id)
    if volume is not None and volume.status in _FOLLOWING:
        status = rules.status_of_attachments(left)
        if status != volume.status:
            parts.set_status(connection, volume, status)
    return left


def end_way(parts: Parts, volume: Volume, attachment: Attachment) -> None:
    """A host that is away closes it when it is back (``Upkeep``)."""
    try:
        place = parts.places.at(attachment.volume_host or volume.host)
        place.withdraw(volume.id, attachment.id)
    except Unavailable:
        pass
    house = RequestContext(project_id=volume.project_id)

    def write(connection: Connection) -> None:
        parts.stores.attachments.delete(connection, attachment.id)
        parts.tell(connection, house, "volume.detach", volume.id)
        follow(connection, parts, volume.id)

    parts.change(write)
