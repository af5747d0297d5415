"""Volumes: created, listed, shown, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.volume.api.frame import (
    DESCRIPTION,
    FLAG,
    METADATA,
    NAME,
    UUID,
    Verb,
    accepted,
    body_of,
    is_true,
    minor_of,
    ok,
)
from compute.volume.api.listing import Listed, Lists
from compute.volume.api.presenting import Presenter
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.create import VolumeCreation
from compute.volume.service.new_volumes import Order
from compute.volume.service.orders import VolumeOrders
from compute.volume.service.volumes import Volumes
from compute.volume.tables import VOLUMES
from objectstore.kernel.reply import Reply

GROUP_SINCE = 13
FORCE_SINCE, SUMMARY_SINCE, SUMMARY_METADATA_SINCE, BACKUP_SINCE = 23, 12, 36, 47
_KEY = {"type": ["string", "null"], "maxLength": 255}
_SIZE = {"type": ["integer", "string", "null"], "pattern": "^[0-9]+$", "minimum": 0}
_ID = {"anyOf": [UUID, {"type": "null"}, {"enum": [""]}]}
_VOLUME: Mapping[str, Any] = {
    "size": _SIZE,
    "name": NAME,
    "display_name": NAME,
    "description": DESCRIPTION,
    "display_description": DESCRIPTION,
    "volume_type": _KEY,
    "availability_zone": _KEY,
    "metadata": METADATA,
    "imageRef": _KEY,
    "image_id": _KEY,
    "snapshot_id": _ID,
    "source_volid": _ID,
    "backup_id": _ID,
    "multiattach": FLAG,
    "consistencygroup_id": {"type": "null"},
    "group_id": _ID,
}
# openstacksdk and older clients send more than the reference knows: loose, as there.
CREATE = body_of(
    "volume",
    _VOLUME,
    loose=True,
    beside={
        "OS-SCH-HNT:scheduler_hints": {"type": ["object", "null"]},
        "scheduler_hints": {"type": ["object", "null"]},
    },
)
UPDATE = body_of(
    "volume",
    {
        "name": NAME,
        "display_name": NAME,
        "description": DESCRIPTION,
        "display_description": DESCRIPTION,
        "metadata": METADATA,
    },
)
LISTED = Listed(
    "volumes",
    "volume:get_all",
    {
        "name": "name",
        "display_name": "name",
        "status": "status",
        "availability_zone": "availability_zone",
        "bootable": "bootable",
        "size": "size_gib",
        "id": "id",
        "user_id": "user_id",
        "snapshot_id": "snapshot_id",
        "source_volid": "source_volume_id",
        "multiattach": "multiattach",
        "description": "description",
        "volume_type_id": "type_id",
        "group_id": "group_id",
        "migration_status": "migration_status",
    },
    {"metadata": "metadata", "glance_metadata": "image_metadata"},
    {
        "id": "id",
        "status": "status",
        "size": "size_gib",
        "availability_zone": "availability_zone",
        "name": "name",
        "display_name": "name",
        "bootable": "bootable",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


class VolumesApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        volumes: Volumes,
        orders: VolumeOrders,
        creation: VolumeCreation,
        presenter: Presenter,
    ) -> None:
        self._parts = parts
        self._volumes = volumes
        self._orders = orders
        self._creation = creation
        self._presenter = presenter
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/volumes/{volume_id}"
        return [
            Verb("GET", "/volumes", self.index),
            Verb("POST", "/volumes", self.create),
            Verb("GET", "/volumes/detail", self.detail),
            Verb("GET", "/volumes/summary", self.summary, SUMMARY_SINCE),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
        ]

    # ---- reading ---------------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /volumes."""
        rows = self._parts.stores.volumes
        return self._lists.answer(
            call, rows, LISTED, lambda found: self._presenter.brief(call, found)
        )

    def detail(self, call: ApiCall) -> Reply:
        """GET /volumes/detail."""
        rows = self._parts.stores.volumes
        return self._lists.answer(
            call, rows, LISTED, lambda found: self._presenter.volumes(call, found)
        )

    def summary(self, call: ApiCall) -> Reply:
        """GET /volumes/summary."""
        parts = self._parts
        parts.enforce(call.context, "volume:get_all")
        rows = parts.stores.volumes
        wanted = self._lists.wanted(call, rows, LISTED)
        query = sa.select(VOLUMES.c.size_gib, VOLUMES.c.metadata).where(
            *[VOLUMES.c[name] == value for name, value in wanted.equal.items()]
        )
        found = parts.database.read(lambda connection: connection.execute(query).all())
        body: dict[str, Any] = {
            "total_count": len(found),
            "total_size": sum(row.size_gib for row in found),
        }
        if minor_of(call) >= SUMMARY_METADATA_SINCE:
            values: dict[str, list[str]] = {}
            for row in found:
                for key, value in row.metadata.items():
                    if value not in values.setdefault(key, []):
                        values[key].append(value)
            body["metadata"] = values
        return ok({"volume-summary": body})

    def show(self, call: ApiCall) -> Reply:
        """GET /volumes/{volume_id}."""
        return ok(self._presenter.volume(call, self._volume(call, "volume:get")))

    def _volume(self, call: ApiCall, rule: str) -> Volume:
        key = call.parameters["volume_id"]
        return self._parts.database.read(
            lambda connection: self._parts.volume(connection, call.context, key, rule)
        )

    # ---- writing ---------------------------------------------------------------

    def create(self, call: ApiCall) -> Reply:
        """POST /volumes."""
        order = order_of(call.json(CREATE)["volume"], minor_of(call))
        volume = self._creation.create(call.context, order)
        return accepted(self._presenter.changed_volume(call, volume))

    def update(self, call: ApiCall) -> Reply:
        """PUT /volumes/{volume_id}."""
        values = named(call.json(UPDATE)["volume"])
        if not values:
            raise BadRequest("Invalid input received: nothing to update")
        key = call.parameters["volume_id"]
        volume = self._volumes.update(call.context, key, values)
        return ok(self._presenter.changed_volume(call, volume))

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /volumes/{volume_id}."""
        force = minor_of(call) >= FORCE_SINCE and call.query.flag("force")
        cascade = call.query.flag("cascade")
        key = call.parameters["volume_id"]
        self._orders.delete(call.context, key, cascade=cascade, force=force)
        return accepted()


def named(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of the names that a field has had, the present ones."""
    found: dict[str, Any] = {}
    for name in ("name", "description"):
        for key in (f"display_{name}", name):
            if key in body:
                found[name] = body[key]
    if "name" in found:
        found["name"] = (found["name"] or "").strip()
    if "metadata" in body:
        found["metadata"] = body["metadata"] or {}
    return found


def order_of(body: Mapping[str, Any], minor: int) -> Order:
    """What the body of a creation asks for.  ``BadRequest``."""
    if is_true(body.get("multiattach", False)):
        raise BadRequest(
            "multiattach parameter has been removed: choose a volume type whose extra"
            " specs say multiattach"
        )
    image = body.get("imageRef") or body.get("image_id") or ""
    texts = named(body)
    return Order(
        size_gib=int(body.get("size") or 0),
        name=texts.get("name", ""),
        description=texts.get("description"),
        # Some send the image's URL.
        image_id=image.rsplit("/", 1)[-1],
        snapshot_id=body.get("snapshot_id") or "",
        source_volume_id=body.get("source_volid") or "",
        backup_id=(body.get("backup_id") or "") if minor >= BACKUP_SINCE else "",
        type_key=body.get("volume_type") or "",
        availability_zone=body.get("availability_zone") or "",
        metadata=texts.get("metadata", {}),
        group_id=(body.get("group_id") or "") if minor >= GROUP_SINCE else "",
    )
