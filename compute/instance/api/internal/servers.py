"""Servers: what agents may know of them and tell of them, and what their metadata
services answer them."""

from __future__ import annotations

import dataclasses

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.guest_metadata import options_of
from compute.instance.api.internal.frame import TEXT, TEXTS, body_of, guarded
from compute.instance.api.presenting import Presenter
from compute.instance.metadata.lookup import look_up
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.server_desk import ServerDesk
from objectstore.kernel.reply import Reply

PASSWORD_BYTES_MAX = 1024  # what a key of 4096 bits makes, in base64, and room
FATES = body_of("servers", servers=TEXTS, host=TEXT)
OBSERVED = Schema({"type": "object"})
PASSWORD = body_of("password", password=TEXT)


class KnownServersApi:
    """Handlers."""

    def __init__(self, parts: Parts, desk: ServerDesk, presenter: Presenter) -> None:
        self._parts = parts
        self._desk = desk
        self._presenter = presenter

    def routes(self) -> list[Route]:
        """All of them."""
        server = "/internal/servers/{server_id}"
        return guarded(
            self._parts,
            [
                ("GET", "/internal/servers", self.servers),
                ("POST", "/internal/servers/fates", self.fates),
                ("GET", server, self.server),
                ("PATCH", server, self.update),
                ("GET", f"{server}/metadata", self.metadata),
                ("GET", f"{server}/metadata-options", self.options),
                ("PUT", f"{server}/password", self.password),
            ],
        )

    # ---- for agents and the doctor ---------------------------------------------

    def servers(self, _: ApiCall) -> Reply:
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

    # ---- for metadata services -------------------------------------------------

    def metadata(self, call: ApiCall) -> Reply:
        """What a server finds at a path of its metadata service; 403 without the
        token that its user wants it to bring (``token=1``: it did)."""
        server = self._living(call)
        options = options_of(server.metadata)
        if not options.is_open:
            raise NotFound(f"Instance {server.id} has no metadata service.")
        if options.needs_token and not call.query.one("token"):
            raise Forbidden("A session token is required")
        vifs = self._presenter.vifs([server])[server.id]
        found = look_up(dataclasses.replace(server, vifs=vifs), call.query.one("path"))
        if found is None:
            raise NotFound("There is nothing at this path")
        content_type, content = found
        return Reply(200, content, None, content_type)

    def options(self, call: ApiCall) -> Reply:
        """How its service answers it."""
        options = options_of(self._living(call).metadata)
        return json_reply(200, {"options": dataclasses.asdict(options)})

    def _living(self, call: ApiCall) -> Server:
        server = self._desk.server(call.parameters["server_id"])
        if server.deleted:
            raise NotFound(f"Instance {server.id} could not be found.")
        return server

    def password(self, call: ApiCall) -> Reply:
        """The guest's password, sealed with its user's key: kept once."""
        sealed = call.json(PASSWORD)["password"]
        if len(sealed) > PASSWORD_BYTES_MAX:
            raise BadRequest("The password is too long")
        self._desk.keep_password(call.parameters["server_id"], sealed)
        return json_reply(200, {})
