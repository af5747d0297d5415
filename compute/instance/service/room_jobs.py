"""Jobs that no host does: deleting servers that are on none (or on one that is
silent), taking volumes from such servers, and images that were kept for one."""

from __future__ import annotations

import functools
import logging

from compute.core.errors import Stale
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.instance.block_devices import volumes_of
from compute.instance.parts import DROP_VOLUME, ROOM_QUEUE, Parts
from compute.instance.ports import release_ports
from compute.instance.records import Server
from compute.instance.service.finishing import Finishing, JobEnd
from compute.instance.service.server_desk import ServerDesk
from compute.instance.volumes import (
    delete_volume,
    release_attachment,
    release_volumes,
)
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Progress

RETRY_SECONDS = 2.0
_log = logging.getLogger("compute.instance")


class RoomJobs:
    """A loop's step: one job."""

    name = "instance room jobs"

    def __init__(
        self, parts: Parts, finishing: Finishing, desk: ServerDesk, owner: str
    ) -> None:
        self._parts = parts
        self._desk = desk
        self._finishing = finishing
        self._owner = owner

    def step(self) -> Progress:
        """Do the oldest."""
        found = self._parts.database.run(self._claim)
        if found is None:
            return Progress.IDLE
        job, server = found
        try:
            self._do(job, server)
            self._finishing.finish(job.id, self._owner, JobEnd())
        except Stale:
            pass
        except Unavailable as error:
            self._parts.database.run(
                functools.partial(self._give_back, job.id, str(error))
            )
            return Progress.IDLE
        except Rejected as error:
            _log.error("%s of %s failed: %s", job.kind, job.subject_id, error)
            self._finishing.finish(job.id, self._owner, JobEnd(error.text or "refused"))
        return Progress.BUSY

    def _claim(self, connection: Connection) -> tuple[Job, Server | None] | None:
        stores = self._parts.stores
        now = self._parts.clock.time()
        jobs = stores.jobs.claim(connection, ROOM_QUEUE, self._owner, now)
        if not jobs:
            return None
        server = stores.servers.get(connection, jobs[0].subject_id, deleted=None)
        return jobs[0], server

    def _give_back(self, job_id: str, error: str, connection: Connection) -> None:
        now = self._parts.clock.time()
        self._parts.stores.jobs.retry(
            connection, job_id, self._owner, now, now + RETRY_SECONDS, error
        )

    def _do(self, job: Job, server: Server | None) -> None:
        if job.kind == "drop_image":
            self._drop_image(str(job.arguments["image_id"]))
        elif job.kind == "delete" and server is not None:
            release_ports(self._parts.network, server)
            if server.shelved_image_id:
                self._drop_image(server.shelved_image_id)
            release_volumes(self._parts.volumes, server)
        elif job.kind == DROP_VOLUME:
            volumes = self._parts.volumes
            release_attachment(volumes, str(job.arguments["attachment_id"]))
            if volume_id := str(job.arguments["volume_id"]):
                delete_volume(volumes, volume_id)
        elif job.kind == "detach_volume" and server is not None:
            self._detach(server, str(job.arguments["device_id"]))

    def _detach(self, server: Server, device_id: str) -> None:
        """Of a server that is on no host: nothing has the volume open."""
        for device in volumes_of(server.block_devices):
            if device.id == device_id:
                release_attachment(self._parts.volumes, device.attachment_id)
        self._desk.set_device(server.id, device_id, None)

    def _drop_image(self, image_id: str) -> None:
        try:
            self._parts.images.delete(image_id)
        except Rejected as error:
            # Somebody protected it meanwhile: then it is theirs.
            _log.warning("image %s stays: %s", image_id, error)
