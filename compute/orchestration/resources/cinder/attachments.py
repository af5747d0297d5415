"""``OS::Cinder::VolumeAttachment``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE, VOLUME
from compute.orchestration.resources.frame.schemas import text
from objectstore.kernel.errors import Rejected, Unavailable

ATTACHED, DETACHED = "in-use", "available"
_UNDER_WAY = ("attaching", "reserved", "detaching", DETACHED)
_PLACES = ("instance_uuid", "volume_id", "mountpoint")
_CLASH = (400, 409)
# A server that is just being changed does not let go, or take.
BUSY_SECONDS = 120.0


class VolumeAttachment(ResourceType):
    """That a server has a volume.  Its id is the volume's: a server has each once."""

    name = "OS::Cinder::VolumeAttachment"
    description = "Gives a volume to a server."
    properties = {
        "instance_uuid": text(
            "The server", required=True, live=True, is_a="nova.server"
        ),
        "volume_id": text("The volume", required=True, live=True, is_a="cinder.volume"),
        "mountpoint": text("Where the guest has it, as /dev/vdb", live=True),
    }

    def create(self, work: Work) -> None:
        """Ask for it, unless the server has it."""
        work.made(lambda: self._attach(work, work.properties))

    def _attach(self, work: Work, places: Mapping[str, Any]) -> str:
        server, volume = places["instance_uuid"], str(places["volume_id"])
        if not self._has(work, places):
            wanted = {"volumeId": volume}
            if places["mountpoint"]:
                wanted["device"] = places["mountpoint"]
            path = ("servers", server, "os-volume_attachments")
            try:
                work.cloud.post(COMPUTE, *path, body={"volumeAttachment": wanted})
            except Rejected as refusal:
                _later(work, refusal)
        return volume

    def _has(self, work: Work, places: Mapping[str, Any]) -> bool:
        path = ("servers", places["instance_uuid"], "os-volume_attachments")
        return work.cloud.find(COMPUTE, *path, places["volume_id"]) is not None

    def is_created(self, work: Work) -> bool:
        """Whether the volume says so, too."""
        volume = self._volume(work, work.properties)
        if volume is None:
            raise ResourceFailed("The volume is not there any more")
        if volume["status"] == ATTACHED:
            return self._has(work, work.properties)
        if volume["status"] not in _UNDER_WAY:
            raise ResourceFailed(f"The volume went to status {volume['status']}")
        if volume["status"] == DETACHED and not self._has(work, work.properties):
            raise ResourceFailed("The server did not take the volume")
        return False

    def update(self, work: Work, change: Change) -> None:
        """Taken from one server, given to the other."""
        before = {name: change.before[name] for name in _PLACES}
        work.remember(before=before)
        self._detach(work, before)

    def is_updated(self, work: Work) -> bool:
        """Whether the old place let go, and the new one has it."""
        before = work.data.get("before")
        if before:
            if not self._is_gone(work, before):
                return False
            work.remember(before=None)
        self._attach(work, work.properties)
        return self.is_created(work)

    def delete(self, work: Work) -> None:
        """Ask for it, if the server is there and has the volume."""
        if work.physical_id:
            self._detach(work, work.properties)

    def _detach(self, work: Work, places: Mapping[str, Any]) -> None:
        path = ("servers", places["instance_uuid"], "os-volume_attachments")
        try:
            work.cloud.delete(COMPUTE, *path, places["volume_id"])
        except Rejected as refusal:
            _later(work, refusal)

    def is_deleted(self, work: Work) -> bool:
        """Whether nothing ties them."""
        return not work.physical_id or self._is_gone(work, work.properties)

    def _is_gone(self, work: Work, places: Mapping[str, Any]) -> bool:
        volume = self._volume(work, places)
        if volume is None or volume["status"] == DETACHED:
            return True
        servers = [each["server_id"] for each in volume["attachments"]]
        return places["instance_uuid"] not in servers and volume["status"] == ATTACHED

    def _volume(self, work: Work, places: Mapping[str, Any]) -> Any:
        document = work.cloud.find(VOLUME, "volumes", places["volume_id"])
        return document and document["volume"]


def _later(work: Work, refusal: Rejected) -> None:
    if refusal.status in _CLASH and work.now - work.started_at < BUSY_SECONDS:
        raise Unavailable(str(refusal)) from refusal
    raise refusal


TYPES = (VolumeAttachment(),)
