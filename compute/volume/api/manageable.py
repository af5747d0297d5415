"""Disks that are taken over as volumes and snapshots, and let go (3.8).

The older paths, ``/os-volume-manage`` and ``/os-snapshot-manage``, do the same.
"""

from __future__ import annotations

import re

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import PAGE_MAX
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
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
    ok,
)
from compute.volume.api.presenting import Presenter
from compute.volume.api.volumes import named
from compute.volume.parts import Parts
from compute.volume.records import Snapshot
from compute.volume.service.managing import Managing, NewSnapshot
from compute.volume.service.new_volumes import Order
from compute.volume.views.manageable import (
    SOURCE_NAME,
    Manageable,
    after,
    manageable_snapshots,
    manageable_volumes,
    ordered,
)
from compute.volume.views.volumes import snapshot_document
from objectstore.kernel.reply import Reply

SINCE = 8
LIST_RULE = "volume_extension:list_manageable"
LIST_SNAPSHOTS_RULE = "snapshot_extension:list_manageable"
# Clients write the reference as JSON has it, or as Python does.
MARKER = re.compile(r"""\{\s*["']source-name["']\s*:\s*["']([\w.-]{1,255})["']\s*\}""")
NUMBER = re.compile(r"[0-9]{1,9}")
_TEXT = {"type": ["string", "null"], "maxLength": 255}
_REFERENCE = {
    "type": "object",
    "properties": {SOURCE_NAME: {"type": "string", "maxLength": 255}},
    "required": [SOURCE_NAME],
    "additionalProperties": False,
}
_TEXTS = {
    "name": NAME,
    "display_name": NAME,
    "description": DESCRIPTION,
    "display_description": DESCRIPTION,
    "metadata": METADATA,
}
MANAGE = body_of(
    "volume",
    {
        **_TEXTS,
        "ref": _REFERENCE,
        "host": _TEXT,
        "cluster": _TEXT,
        "volume_type": _TEXT,
        "availability_zone": _TEXT,
        "bootable": {"anyOf": [FLAG, {"type": "null"}]},
    },
    ("ref",),
)
MANAGE_SNAPSHOT = body_of(
    "snapshot",
    {**_TEXTS, "volume_id": UUID, "ref": _REFERENCE},
    ("volume_id", "ref"),
)


class ManageableApi:
    """Handlers."""

    def __init__(self, parts: Parts, managing: Managing, presenter: Presenter) -> None:
        self._parts = parts
        self._managing = managing
        self._presenter = presenter

    def verbs(self) -> list[Verb]:
        """The routes."""
        paths = (
            ("/manageable_volumes", "/manageable_snapshots", SINCE),
            ("/os-volume-manage", "/os-snapshot-manage", 0),
        )
        found = []
        for volumes, snapshots, since in paths:
            found += [
                Verb("GET", volumes, self.volumes, since),
                Verb("GET", f"{volumes}/detail", self.volumes_in_detail, since),
                Verb("POST", volumes, self.manage, since),
                Verb("GET", snapshots, self.snapshots, since),
                Verb("GET", f"{snapshots}/detail", self.snapshots_in_detail, since),
                Verb("POST", snapshots, self.manage_snapshot, since),
            ]
        return found

    # ---- what there is -------------------------------------------------------------

    def volumes(self, call: ApiCall) -> Reply:
        """GET /manageable_volumes."""
        return self._volumes(call, detail=False)

    def volumes_in_detail(self, call: ApiCall) -> Reply:
        """GET /manageable_volumes/detail."""
        return self._volumes(call, detail=True)

    def snapshots(self, call: ApiCall) -> Reply:
        """GET /manageable_snapshots."""
        return self._snapshots(call, detail=False)

    def snapshots_in_detail(self, call: ApiCall) -> Reply:
        """GET /manageable_snapshots/detail."""
        return self._snapshots(call, detail=True)

    def _volumes(self, call: ApiCall, *, detail: bool) -> Reply:
        host, parts = self._host(call, LIST_RULE), self._parts
        rows = parts.database.read(lambda it: parts.stores.volumes.all(it, host=host))
        found = manageable_volumes(parts.places.at(host).unmanaged.found(), rows)
        shown = [
            each.document(detail=detail, is_snapshot=False)
            for each in _page(call, found)
        ]
        return ok({"manageable-volumes": shown})

    def _snapshots(self, call: ApiCall, *, detail: bool) -> Reply:
        host, parts = self._host(call, LIST_SNAPSHOTS_RULE), self._parts
        stores = parts.stores

        def look(connection: Connection) -> list[Snapshot]:
            ours = stores.volumes.ids(connection, host=host)
            taken = stores.snapshots.all(connection)
            return [each for each in taken if each.volume_id in ours]

        rows = parts.database.read(look)
        found = manageable_snapshots(parts.places.at(host).unmanaged.found(), rows)
        shown = [
            each.document(detail=detail, is_snapshot=True)
            for each in _page(call, found)
        ]
        return ok({"manageable-snapshots": shown})

    def _host(self, call: ApiCall, rule: str) -> str:
        self._parts.enforce(call.context, rule)
        return self._managing.host(
            _host(call.query.one("host"), call.query.one("cluster"))
        )

    # ---- taken over ------------------------------------------------------------------

    def manage(self, call: ApiCall) -> Reply:
        """POST /manageable_volumes."""
        body = call.json(MANAGE)["volume"]
        texts = named(body)
        order = Order(
            name=texts.get("name", ""),
            description=texts.get("description"),
            type_key=body.get("volume_type") or "",
            availability_zone=body.get("availability_zone") or "",
            metadata=texts.get("metadata", {}),
        )
        volume = self._managing.manage(
            call.context,
            _host(body.get("host"), body.get("cluster")),
            body["ref"][SOURCE_NAME],
            order,
            bootable=is_true(body.get("bootable") or False),
        )
        return accepted(self._presenter.changed_volume(call, volume))

    def manage_snapshot(self, call: ApiCall) -> Reply:
        """POST /manageable_snapshots."""
        body = call.json(MANAGE_SNAPSHOT)["snapshot"]
        texts = named(body)
        new = NewSnapshot(
            body["volume_id"],
            texts.get("name", ""),
            texts.get("description"),
            texts.get("metadata"),
        )
        reference = body["ref"][SOURCE_NAME]
        snapshot = self._managing.manage_snapshot(call.context, reference, new)
        shown = self._presenter.shown(call)
        return accepted({"snapshot": snapshot_document(snapshot, shown, detail=False)})


def _host(host: str | None, cluster: str | None) -> str:
    """Of one of them: there are no clusters here."""
    if not host or cluster:
        raise BadRequest("Invalid input received: a host must be said, and no cluster")
    return host


def _page(call: ApiCall, found: list[Manageable]) -> list[Manageable]:
    found = ordered(found, call.query.one("sort") or "")
    if marker := call.query.one("marker"):
        match = MARKER.fullmatch(marker.strip())
        if match is None:
            raise BadRequest("Invalid marker: it is a reference, {'source-name': ...}")
        found = after(found, match.group(1))
    first = _number(call, "offset", 0)
    return found[first : first + min(_number(call, "limit", PAGE_MAX), PAGE_MAX)]


def _number(call: ApiCall, name: str, default: int) -> int:
    text = call.query.one(name)
    if not text:
        return default
    if not NUMBER.fullmatch(text):
        raise BadRequest(f"{name} must be a whole number")
    return int(text)
