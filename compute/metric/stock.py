"""What projects keep, taken stock of now and then: volumes and images, and their sizes;
and which guests are no more, in case no agent was there to tell.

Any number of processes may do so: they tell the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

from compute.core.context import RequestContext, TokenChecker, TokenSource
from compute.core.sql.database import Connection
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.metric import store
from compute.metric.defaults import GUESTS
from compute.metric.model import Resource
from compute.metric.parts import Parts
from compute.metric.service import feeding, measures
from compute.metric.service.feeding import Fed
from compute.volume.client import VolumeClient
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Progress

RESOURCES_IN_ONE_TRANSACTION = 200
# What agents tell of.
GUEST_TYPES = ("instance", "instance_disk", "instance_network_interface")

_log = logging.getLogger("compute.metric")


class StockTaking:
    """One round for each step."""

    name = "metric-stock"

    def __init__(
        self,
        parts: Parts,
        volumes: VolumeClient,
        images: ImageClient,
        instances: InstanceClient,
        tokens: TokenChecker,
        service: TokenSource,
    ) -> None:
        self._parts = parts
        self._sources: Mapping[str, Callable[[], Iterator[Fed]]] = {
            "volume": lambda: _volumes(volumes),
            "image": lambda: _images(images),
        }
        self._instances = instances
        self._tokens = tokens
        self._service = service

    def step(self) -> Progress:
        """See ``Step``."""
        for kind, source in self._sources.items():
            self._try(kind, partial(self._take, kind, source))
        self._try("guest", self._end_guests)
        return Progress.IDLE

    def _try(self, kind: str, work: Callable[[RequestContext], None]) -> None:
        try:
            work(self._tokens.check(self._service.token(), ""))
        except (Unavailable, Rejected) as error:
            # A cloud may have no such room; if it has, the next round tells more.
            _log.debug("no stock is taken of %ss: %s", kind, error)

    def _take(
        self, kind: str, source: Callable[[], Iterator[Fed]], context: RequestContext
    ) -> None:
        found = list(source())
        at = self._parts.now()
        for first in range(0, len(found), RESOURCES_IN_ONE_TRANSACTION):
            portion = found[first : first + RESOURCES_IN_ONE_TRANSACTION]

            def work(connection: Connection, portion: list[Fed] = portion) -> list[str]:
                return feeding.feed(connection, self._parts, context, at, portion)

            measures.accept(self._parts, work)
        here = {each.id for each in found}

        def end(connection: Connection) -> None:
            known = _open(connection, context, kind)
            gone = [each.id for each in known if each.original_id not in here]
            feeding.ended(connection, self._parts, context, gone, at)

        self._parts.run(end)

    def _end_guests(self, context: RequestContext) -> None:
        """An agent that was away when its guest was deleted knows nothing of it."""
        # First whom we know, then who lives: a guest of this moment is in neither.
        known = self._parts.read(
            lambda connection: _open(connection, context, *GUEST_TYPES)
        )
        here = {each.id for each in self._instances.servers()}
        gone = [each.id for each in known if _guest_of(each) not in here]
        at = self._parts.now()
        self._parts.run(
            lambda connection: feeding.ended(connection, self._parts, context, gone, at)
        )


def _open(
    connection: Connection, context: RequestContext, *types: str
) -> list[Resource]:
    """What was told of by the cloud, and has not ended."""
    columns = store.resources.columns
    return store.resources.where(
        connection,
        columns.type.in_(types),
        columns.created_by_project_id == context.project_id,
        columns.ended_at == 0.0,
    )


def _guest_of(resource: Resource) -> str:
    """The server that it is, or is of."""
    return str(resource.attributes.get("instance_id") or resource.original_id)


def _volumes(client: VolumeClient) -> Iterator[Fed]:
    for each in client.list({"all_tenants": "1"}):
        attributes = {
            "display_name": each.name,
            "volume_type": each.volume_type,
            "image_id": each.image_properties.get("image_id"),
        }
        size = {"volume.size": ("GB", GUESTS, float(each.size_gib))}
        yield Fed(each.id, "volume", each.project_id, each.user_id, attributes, size)


def _images(client: ImageClient) -> Iterator[Fed]:
    # Hidden ones are not in the ordinary list.
    for each in chain(client.list(), client.list({"os_hidden": "true"})):
        if each.size_bytes is None:
            continue
        attributes = {
            "name": each.name,
            "container_format": each.container_format,
            "disk_format": each.disk_format,
        }
        size = {"image.size": ("B", GUESTS, float(each.size_bytes))}
        yield Fed(each.id, "image", each.owner, "", attributes, size)
