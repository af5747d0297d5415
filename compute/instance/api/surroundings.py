"""What others tell of servers: external events, and passwords sealed by guests."""

from __future__ import annotations

import functools
from typing import Any

from compute.core.api.frame import ApiCall, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import Conflict, NotFound
from compute.core.sql.database import Connection
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.nics import vifs_from
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.schemas.types import UUID
from compute.instance.service.volumes import ServerVolumes
from objectstore.kernel.errors import Rejected, RingstackError
from objectstore.kernel.reply import Reply

EVENTS_RULE = "os_compute_api:os-server-external-events:create"
PASSWORD_RULE = "os_compute_api:os-server-password"
NETWORK_EVENTS = frozenset(
    {
        "network-changed",
        "network-vif-plugged",
        "network-vif-unplugged",
        "network-vif-deleted",
    }
)
EVENTS_MAX = 200
# Our hosts report what their guests do, so such an event changes nothing.
POWER_TAGS = frozenset({"POWER_ON", "POWER_OFF"})
# Names that came later, with the version that brought each.
LATER_EVENTS = {
    "volume-extended": 51,
    "power-update": 76,
    "accelerator-request-bound": 82,
    "volume-reimaged": 93,
}


@functools.cache
def events_schema(minor: int) -> Schema:
    """What services may tell in that version."""
    later = [name for name, since in LATER_EVENTS.items() if since <= minor]
    event = {
        "type": "object",
        "properties": {
            "server_uuid": UUID,
            "name": {"enum": [*sorted(NETWORK_EVENTS), *later]},
            "status": {"enum": ["failed", "completed", "in-progress"]},
            "tag": {"type": "string", "maxLength": 255},
        },
        "required": ["server_uuid", "name"],
        "additionalProperties": False,
    }
    events = {
        "type": "array",
        "items": event,
        "minItems": 1,
        "maxItems": EVENTS_MAX,
    }
    return Schema(
        {
            "type": "object",
            "properties": {"events": events},
            "required": ["events"],
            "additionalProperties": False,
        }
    )


class SurroundingsApi:
    """Handlers."""

    def __init__(self, parts: Parts, volumes: ServerVolumes) -> None:
        self._parts = parts
        self._volumes = volumes

    def verbs(self) -> list[Verb]:
        """The routes."""
        password = "/servers/{server_id}/os-server-password"
        return [
            Verb("POST", "/os-server-external-events", self.events),
            Verb("GET", password, self.password),
            Verb("DELETE", password, self.clear_password),
        ]

    # ---- external events -------------------------------------------------------

    def events(self, call: ApiCall) -> Reply:
        """POST /os-server-external-events: other services say what changed."""
        self._parts.enforce(call.context, EVENTS_RULE)
        events = call.json(events_schema(minor_of(call)))["events"]
        ids = {event["server_uuid"] for event in events}
        servers = self._parts.database.read(
            lambda connection: self._parts.stores.servers.several(connection, ids)
        )
        answers = []
        for event in events:
            server = servers.get(event["server_uuid"])
            code = 200 if server is not None and not server.deleted else 404
            if server is not None and not server.host:
                code = 422
            if code == 200:
                assert server is not None
                code = self._heed(call, server, event)
            answers.append(
                {
                    "name": event["name"],
                    "server_uuid": event["server_uuid"],
                    "status": "completed" if code == 200 else "failed",
                    "tag": event.get("tag", ""),
                    "code": code,
                }
            )
        if all(answer["code"] == 404 for answer in answers):
            raise NotFound("No instances found for any event")
        partly = any(answer["code"] != 200 for answer in answers)
        return json_reply(207 if partly else 200, {"events": answers})

    def _heed(self, call: ApiCall, server: Server, event: Any) -> int:
        """Do what the event asks for; its code."""
        name, tag = event["name"], event.get("tag", "")
        try:
            if name in NETWORK_EVENTS:
                self._refresh(server)
            elif name == "volume-extended":
                self._volumes.extend(call.context, server.id, tag, EVENTS_RULE)
            elif name == "power-update" and tag not in POWER_TAGS:
                return 400
        except Conflict:
            return 422
        except Rejected as error:
            if error.status != 404:
                raise
            # The server does not have that volume, or not any more: nothing to do.
        return 200

    def _refresh(self, server: Server) -> None:
        """Take over what the network room says of the server's ports now."""
        try:
            nics = self._parts.network.nics_of(server.id)
        except RingstackError:
            return  # only a cache: what is shown is asked for anew

        def write(connection: Connection) -> None:
            stores = self._parts.stores
            found = stores.servers.get(connection, server.id)
            if found is not None:
                known = {vif["port_id"] for vif in found.vifs}
                vifs = [
                    vif
                    for vif in vifs_from(nics, found.vifs)
                    if vif["port_id"] in known
                ]
                stores.servers.update(connection, found, found.updated_at, vifs=vifs)

        self._parts.database.run(write)

    # ---- the sealed password ---------------------------------------------------

    def password(self, call: ApiCall) -> Reply:
        """GET .../os-server-password."""
        server = self._server(call, f"{PASSWORD_RULE}:show")
        return ok({"password": server.sealed_password})

    def _server(self, call: ApiCall, rule: str) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, call.context, server_id, rule
            )
        )

    def clear_password(self, call: ApiCall) -> Reply:
        """DELETE .../os-server-password."""
        server = self._server(call, PASSWORD_RULE)
        now = self._parts.clock.time()
        self._parts.database.run(
            lambda connection: self._parts.stores.servers.update(
                connection, server, now, sealed_password=""
            )
        )
        return empty_reply(204)
