"""What other volume hosts ask of this one: ways to volumes, and the bytes of those that
move there.  The service role is needed."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.volume.api.frame import UUID, ok
from compute.volume.connection import READ_ONLY, READ_WRITE
from compute.volume.drivers.pieces import PIECE_BYTES, digest, next_piece
from compute.volume.drivers.port import VOLUME, ExportAsked
from compute.volume.jobs.upkeep import connector_of
from compute.volume.model import UNDER_WAY
from compute.volume.parts import Parts
from compute.volume.places import OFFSET_HEADER, PATH
from objectstore.kernel.reply import Reply

RULE = "internal"
_TEXT = {"type": "string", "maxLength": 255}
_CONNECTOR = {
    "type": "object",
    "properties": dict.fromkeys(("host", "ip", "instance", "mountpoint"), _TEXT),
    "required": ["host"],
}


def _body(**properties: object) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )


WAY = _body(connector=_CONNECTOR)
EXPORT = _body(
    attachment_id=UUID,
    volume_id=UUID,
    connector=_CONNECTOR,
    access={"enum": [READ_WRITE, READ_ONLY]},
)
WITHDRAW = _body(volume_id=UUID, attachment_id=UUID)
REOPEN = _body(volume_id=UUID)


class PlacesApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._driver = parts.driver

    def routes(self) -> list[Route]:
        """Where they answer."""
        disk = PATH + "/disks/{volume_id}"
        return [
            Route("POST", f"{PATH}/way", self._way),
            Route("POST", f"{PATH}/export", self._export),
            Route("POST", f"{PATH}/withdraw", self._withdraw),
            Route("POST", f"{PATH}/reopen", self._reopen),
            Route("GET", f"{PATH}/unmanaged", self._unmanaged),
            Route("GET", disk, self._size),
            Route("GET", f"{disk}/piece", self._piece),
            Route("GET", f"{disk}/digest", self._digest),
        ]

    # ---- ways --------------------------------------------------------------------

    def _way(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        body = call.json(WAY)
        self._driver.check_way(connector_of(body["connector"], ""))
        return empty_reply()

    def _export(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        body = call.json(EXPORT)
        connector = connector_of(
            body["connector"], body["connector"].get("instance", "")
        )
        asked = ExportAsked(
            body["attachment_id"], body["volume_id"], connector, body["access"]
        )
        found = {"connection": self._driver.export(asked).document()}
        return json_reply(200, found, [("Cache-Control", "no-store")])

    def _withdraw(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        body = call.json(WITHDRAW)
        self._driver.withdraw(body["volume_id"], body["attachment_id"])
        return empty_reply()

    def _reopen(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        self._driver.reopen(call.json(REOPEN)["volume_id"])
        return empty_reply()

    def _unmanaged(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        found = [
            {
                "name": each.name,
                "size_bytes": each.size_bytes,
                "problem": each.problem,
            }
            for each in self._driver.unmanaged.found()
        ]
        return ok({"disks": found})

    # ---- bytes -------------------------------------------------------------------

    def _size(self, call: ApiCall) -> Reply:
        return ok({"size_bytes": self._driver.size(self._leaving(call))})

    def _piece(self, call: ApiCall) -> Reply:
        found = next_piece(self._driver, self._leaving(call), _offset(call))
        headers = [(OFFSET_HEADER, str(found.offset))]
        return Reply(200, found.data, headers, "application/octet-stream")

    def _digest(self, call: ApiCall) -> Reply:
        found = digest(self._driver, self._leaving(call), _offset(call))
        return ok({"sha256": found.sha256, "end": found.end})

    def _leaving(self, call: ApiCall) -> str:
        """The disk of a volume that is here and on its way elsewhere: no other is
        shown."""
        parts, key = self._parts, call.parameters["volume_id"]
        parts.enforce(call.context, RULE)

        def look(connection: Connection) -> bool:
            volume = parts.stores.volumes.get(connection, key)
            return (
                volume is not None
                and volume.host == parts.host
                and volume.migration_status in UNDER_WAY
            )

        if not parts.database.read(look):
            raise NotFound(f"Volume {key} does not move from here")
        return VOLUME + key


def _offset(call: ApiCall) -> int:
    text = call.query.one("offset")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequest("offset must be a whole number")
    if int(text) % PIECE_BYTES:
        raise BadRequest(f"offset must be a multiple of {PIECE_BYTES}")
    return int(text)
