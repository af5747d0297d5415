"""Hosts are told to fetch images before any server needs them.

An order to a host is a job of no server: it stands in nobody's way, and nobody waits
for its end.  A host that is down is told nothing, as it would fetch much later what
nobody may need then.
"""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.instance.parts import QUESTION_SUBJECT, Parts
from compute.instance.records import Aggregate
from compute.instance.scheduling.snapshot import is_up
from objectstore.kernel.errors import Rejected

FETCH_IMAGES = "fetch_images"


class FetchingAhead:
    """Tells the hosts of aggregates."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def check(self, context: RequestContext, image_ids: Sequence[str]) -> None:
        """``BadRequest`` for an image that is named twice, or that the caller cannot
        see."""
        if len(set(image_ids)) < len(image_ids):
            raise BadRequest("An image is named twice.")
        for image_id in image_ids:
            try:
                self._parts.images.get(image_id, context.token)
            except Rejected as error:
                if error.status in (400, 403, 404):
                    text = f"Can not find requested image {image_id}"
                    raise BadRequest(text) from None
                raise

    def order(self, aggregate: Aggregate, image_ids: Sequence[str]) -> None:
        """Each host of the aggregate that is up shall fetch them."""
        parts = self._parts
        now = parts.clock.time()

        def write(connection: Connection) -> list[str]:
            found = [
                host.host
                for host in parts.stores.hosts.all(connection)
                if host.host in set(aggregate.hosts)
                and is_up(host, now, parts.settings.down_after)
            ]
            for name in found:
                job_id = parts.identifiers.uuid()
                parts.stores.jobs.add(
                    connection,
                    job_id=job_id,
                    kind=FETCH_IMAGES,
                    queue=name,
                    subject_id=f"{QUESTION_SUBJECT}{job_id}",
                    arguments={"images": list(image_ids)},
                    now=now,
                )
            return found

        for name in parts.database.run(write):
            parts.wake(name)
