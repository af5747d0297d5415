"""The internal API: agents, metadata services, console proxies, the doctor.

Everything needs the service role.  What an agent sends is checked as strangers'
bodies are: a broken agent must not break the control plane.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from compute.core.api import ApiCall, Route, json_reply
from compute.core.database import Connection
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.schema import Schema
from compute.instance.api.presenting import Presenter
from compute.instance.metadata.lookup import look_up
from compute.instance.service.agents import AgentDesk
from compute.instance.service.consoles import Consoles
from compute.instance.service.finishing import Finishing, JobEnd
from compute.instance.service.move_ends import FIGURE_NAMES, MoveEnds
from compute.instance.service.volumes import ServerVolumes
from compute.instance.wiring import Wiring
from objectstore.kernel.reply import Reply

RULE = "internal"
PASSWORD_BYTES_MAX = 1024  # what a key of 4096 bits makes, in base64, and room
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_WHOLE = {"type": "integer", "minimum": 0}
_INVENTORY = {
    "type": "object",
    "properties": {
        "hypervisor_type": _TEXT,
        "hypervisor_version": _WHOLE,
        "vcpus": _WHOLE,
        "memory_mib": _WHOLE,
        "disk_gib": _WHOLE,
    },
    "required": [
        "hypervisor_type",
        "hypervisor_version",
        "vcpus",
        "memory_mib",
        "disk_gib",
    ],
}


def _schema(required: tuple[str, ...], **properties: Any) -> Schema:
    return Schema(
        {"type": "object", "properties": properties, "required": list(required)}
    )


REPORT = _schema(
    ("hosts",),
    hosts={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "host": {"type": "string", "minLength": 1, "maxLength": 255},
                "inventory": _INVENTORY,
                "states": {"type": "object", "additionalProperties": _TEXT},
                "address": {"type": "string", "maxLength": 255},
            },
            "required": ["host", "inventory"],
        },
    },
)
CLAIM = _schema(
    ("hosts", "owner", "limit"), hosts=_TEXTS, owner=_TEXT, limit=_WHOLE, busy=_TEXTS
)
RENEW = _schema(("owner",), owner=_TEXT)
ADVANCE = _schema(
    ("owner", "step", "undoing", "progress"),
    owner=_TEXT,
    step=_TEXT,
    undoing={"type": "boolean"},
    progress={"type": "object"},
)
FINISH = _schema(
    ("owner",),
    owner=_TEXT,
    error=_TEXT,
    details=_TEXT,
    elsewhere={"type": "boolean"},
)
RETRY = _schema(
    ("owner", "seconds"), owner=_TEXT, seconds={"type": "number"}, error=_TEXT
)
FATES = _schema(("servers",), servers=_TEXTS, host=_TEXT)
OBSERVED = Schema({"type": "object"})
TOKEN = _schema(("token",), token=_TEXT)
PASSWORD = _schema(("password",), password=_TEXT)
FIGURES = Schema(
    {
        "type": "object",
        "properties": dict.fromkeys(FIGURE_NAMES, _WHOLE),
        "additionalProperties": False,
    }
)


class InternalApi:
    """Handlers."""

    def __init__(
        self,
        wiring: Wiring,
        desk: AgentDesk,
        finishing: Finishing,
        consoles: Consoles,
        presenter: Presenter,
        moves: MoveEnds,
        volumes: ServerVolumes,
    ) -> None:
        self._wiring = wiring
        self._volumes = volumes
        self._moves = moves
        self._desk = desk
        self._finishing = finishing
        self._consoles = consoles
        self._presenter = presenter

    def routes(self) -> list[Route]:
        """All of them; they have no version: house talks to house."""
        job = "/internal/jobs/{job_id}"
        server = "/internal/servers/{server_id}"
        table: list[tuple[str, str, Callable[[ApiCall], Reply]]] = [
            ("POST", "/internal/hosts/report", self.report),
            ("GET", "/internal/hosts/{host}/servers", self.servers_of),
            ("GET", "/internal/hosts/{host}/known", self.known_on),
            ("POST", "/internal/jobs/claim", self.claim),
            ("POST", f"{job}/renew", self.renew),
            ("POST", f"{job}/advance", self.advance),
            ("POST", f"{job}/finish", self.finish),
            ("POST", f"{job}/retry", self.retry),
            ("GET", "/internal/servers", self.servers),
            ("POST", "/internal/servers/fates", self.fates),
            ("GET", server, self.server),
            ("PATCH", server, self.update),
            ("PUT", f"{server}/block-devices/{{device_id}}", self.set_device),
            ("DELETE", f"{server}/block-devices/{{device_id}}", self.drop_device),
            ("POST", f"{server}/volumes/{{volume_id}}/limits", self.limit_volume),
            ("GET", f"{server}/metadata", self.metadata),
            ("PUT", f"{server}/password", self.password),
            ("POST", "/internal/consoles", self.console),
            ("POST", "/internal/moves/admit", self.admit),
            ("PATCH", "/internal/moves/{migration_id}", self.move),
        ]
        return [
            Route(method, path, self._guarded(handler))
            for method, path, handler in table
        ]

    def _guarded(self, handler: Callable[[ApiCall], Reply]) -> Any:
        def handle(call: ApiCall) -> Reply:
            self._wiring.enforce(call.context, RULE)
            return handler(call)

        return handle

    # ---- hosts and jobs --------------------------------------------------------

    def report(self, call: ApiCall) -> Reply:
        """Hosts live."""
        self._desk.report(call.json(REPORT)["hosts"])
        return json_reply(200, {})

    def servers_of(self, call: ApiCall) -> Reply:
        """The servers of one host."""
        found = self._desk.servers_of(call.parameters["host"])
        return json_reply(200, {"servers": found})

    def known_on(self, call: ApiCall) -> Reply:
        """The ids of all servers that have something on one host, or may have."""
        found = self._desk.known_on(call.parameters["host"])
        return json_reply(200, {"servers": found})

    def claim(self, call: ApiCall) -> Reply:
        """Jobs for an agent."""
        body = call.json(CLAIM)
        jobs = self._desk.claim(
            body["hosts"], body["owner"], body["limit"], body.get("busy", ())
        )
        return json_reply(200, {"jobs": jobs})

    def renew(self, call: ApiCall) -> Reply:
        """A lease is kept."""
        body = call.json(RENEW)
        cancelled = self._desk.renew(call.parameters["job_id"], body["owner"])
        return json_reply(200, {"cancelled": cancelled})

    def advance(self, call: ApiCall) -> Reply:
        """A step is done."""
        body = call.json(ADVANCE)
        cancelled = self._desk.advance(
            call.parameters["job_id"],
            body["owner"],
            body["step"],
            body["undoing"],
            body["progress"],
        )
        return json_reply(200, {"cancelled": cancelled})

    def finish(self, call: ApiCall) -> Reply:
        """A job is done."""
        body = call.json(FINISH)
        end = JobEnd(
            body.get("error", ""),
            body.get("details", ""),
            body.get("elsewhere", False),
        )
        self._finishing.finish(call.parameters["job_id"], body["owner"], end)
        return json_reply(200, {})

    def retry(self, call: ApiCall) -> Reply:
        """A job goes on later."""
        body = call.json(RETRY)
        self._desk.retry(
            call.parameters["job_id"],
            body["owner"],
            float(body["seconds"]),
            body.get("error", ""),
        )
        return json_reply(200, {})

    # ---- servers ---------------------------------------------------------------

    def servers(self, call: ApiCall) -> Reply:
        """Every live server, in brief."""
        return json_reply(200, {"servers": self._desk.servers()})

    def fates(self, call: ApiCall) -> Reply:
        """Which of these live."""
        body = call.json(FATES)
        found = self._desk.fates(body["servers"], body.get("host", ""))
        return json_reply(200, {"fates": found})

    def server(self, call: ApiCall) -> Reply:
        """One server."""
        server = self._desk.server(call.parameters["server_id"])
        return json_reply(200, {"server": server.to_json()})

    def update(self, call: ApiCall) -> Reply:
        """What an agent saw; the server then."""
        values = call.json(OBSERVED)
        server = self._desk.update(call.parameters["server_id"], values)
        return json_reply(200, {"server": server.to_json()})

    def set_device(self, call: ApiCall) -> Reply:
        """What an agent did with a volume of a server."""
        found = call.parameters
        values = call.json(OBSERVED)
        self._desk.set_device(found["server_id"], found["device_id"], values)
        return json_reply(200, {})

    def drop_device(self, call: ApiCall) -> Reply:
        """A server has a volume no more."""
        found = call.parameters
        self._desk.set_device(found["server_id"], found["device_id"], None)
        return json_reply(200, {})

    def limit_volume(self, call: ApiCall) -> Reply:
        """A volume may be faster or slower now."""
        found = call.parameters
        self._volumes.limit(call.context, found["server_id"], found["volume_id"], RULE)
        return json_reply(202, {})

    # ---- metadata --------------------------------------------------------------

    def metadata(self, call: ApiCall) -> Reply:
        """What a server finds at a path of its metadata service."""
        server = self._desk.server(call.parameters["server_id"])
        if server.deleted:
            raise NotFound(f"Instance {server.id} could not be found.")
        vifs = self._presenter.vifs([server])[server.id]
        found = look_up(dataclasses.replace(server, vifs=vifs), call.query.one("path"))
        if found is None:
            raise NotFound("There is nothing at this path")
        content_type, content = found
        return Reply(200, content, None, content_type)

    def password(self, call: ApiCall) -> Reply:
        """The guest's password, sealed with its user's key: kept once."""
        sealed = call.json(PASSWORD)["password"]
        if len(sealed) > PASSWORD_BYTES_MAX:
            raise BadRequest("The password is too long")
        server_id = call.parameters["server_id"]

        def write(connection: Connection) -> None:
            server = self._wiring.stores.servers.get(connection, server_id)
            if server is None:
                raise NotFound(f"Instance {server_id} could not be found.")
            if server.sealed_password:
                raise Conflict("There is a password already")
            self._wiring.stores.servers.update(
                connection, server, server.updated_at, sealed_password=sealed
            )

        self._wiring.database.run(write)
        return json_reply(200, {})

    # ---- moves -----------------------------------------------------------------

    def admit(self, call: ApiCall) -> Reply:
        """What the token of a move lets its bearer do."""
        found = self._moves.admitted(call.json(TOKEN)["token"])
        return json_reply(
            200,
            {
                "migration": found.uuid,
                "server_id": found.server_id,
                "source": found.source,
                "dest": found.dest,
            },
        )

    def move(self, call: ApiCall) -> Reply:
        """How far a live migration is; whether it is to be hurried."""
        hurried = self._moves.note_figures(
            call.parameters["migration_id"], call.json(FIGURES)
        )
        return json_reply(200, {"hurried": hurried})

    # ---- consoles --------------------------------------------------------------

    def console(self, call: ApiCall) -> Reply:
        """What a console's token opens."""
        found = self._consoles.find(call.json(TOKEN)["token"])
        return json_reply(
            200,
            {"server_id": found.server_id, "host": found.host, "kind": found.kind},
        )
