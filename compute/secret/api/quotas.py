"""``/v1/quotas`` and ``/v1/project-quotas``: how many things projects may have."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.sql.database import Connection
from compute.secret.api.frame import Frame, document_of
from compute.secret.api.pages import page_of, paged
from compute.secret.model import COUNTED, NO_LIMIT, Quota
from compute.secret.questions import quotas_select
from compute.secret.service.quotas import (
    effective_quotas,
    nothing_said,
    quota_of,
    said_quota,
)
from compute.secret.store import count
from objectstore.kernel.reply import Reply

PROJECT_CHARACTERS_MAX = 64
LIMIT_MAX = 2**31 - 1
# Certificate authorities had quotas, and clients ask for them; there are none.
_AUTHORITIES = "cas"
_LIMIT = {"type": ["integer", "null"], "minimum": NO_LIMIT, "maximum": LIMIT_MAX}
_QUOTAS = Schema(
    {
        "type": "object",
        "properties": {
            "project_quotas": {
                "type": "object",
                "properties": dict.fromkeys((*COUNTED, _AUTHORITIES), _LIMIT),
                "additionalProperties": False,
            }
        },
        "required": ["project_quotas"],
    }
)
_ALL, _ONE = "/project-quotas", "/project-quotas/{project_id}"


class QuotasApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/quotas", self.mine, "quotas:get"),
            route("GET", _ALL, self.all, "project_quotas:get"),
            route("GET", _ONE, self.show, "project_quotas:get"),
            route("PUT", _ONE, self.change, "project_quotas:put", any_type=True),
            route("DELETE", _ONE, self.drop, "project_quotas:delete", any_type=True),
        ]

    def mine(self, call: ApiCall) -> Reply:
        """What holds for the caller's project."""
        project_id = call.context.project_id
        found = self._parts.read(
            lambda connection: effective_quotas(connection, self._parts, project_id)
        )
        return json_reply(200, {"quotas": {**found, _AUTHORITIES: NO_LIMIT}})

    def all(self, call: ApiCall) -> Reply:
        """A page of the projects of which something was said."""
        page, stores, select = page_of(call), self._parts.stores, quotas_select()

        def read(connection: Connection) -> tuple[list[Quota], int]:
            part = select.offset(page.offset).limit(page.limit)
            return stores.quotas.select(connection, part), count(connection, select)

        found, total = self._parts.read(read)
        shown = [{"project_id": it.project_id, **_document(it)} for it in found]
        return json_reply(200, paged(call, "project_quotas", shown, total))

    def show(self, call: ApiCall) -> Reply:
        """What was said of one."""
        project_id = call.parameters["project_id"]
        found = self._parts.read(
            lambda connection: said_quota(connection, self._parts, project_id)
        )
        return json_reply(200, _document(found))

    def change(self, call: ApiCall) -> Reply:
        """Say it; what the body does not name is as usual."""
        project_id = call.parameters["project_id"]
        if len(project_id) > PROJECT_CHARACTERS_MAX:
            raise nothing_said(project_id)
        body = document_of(call)
        _QUOTAS.check(body)
        quota = quota_of(project_id, body["project_quotas"])
        self._parts.run(lambda it: self._parts.stores.quotas.put(it, quota))
        return empty_reply(204)

    def drop(self, call: ApiCall) -> Reply:
        """As usual from now on."""
        project_id = call.parameters["project_id"]
        stores = self._parts.stores
        if not self._parts.run(lambda it: stores.quotas.delete(it, project_id)):
            raise nothing_said(project_id)
        return empty_reply(204)


def _document(quota: Quota) -> dict[str, Any]:
    said = {name: getattr(quota, name) for name in COUNTED}
    return {"project_quotas": {**said, _AUTHORITIES: None}}
