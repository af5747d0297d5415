"""``/v2/quotas``: how many alarms a project may have."""

from __future__ import annotations

from typing import Any

from compute.alarm.api.frame import SEES_ALL, Frame
from compute.alarm.model import Limit
from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound, PolicyNotAuthorized
from objectstore.kernel.reply import Reply

ALARMS = "alarms"
ALARMS_MAX = 2**31 - 1
_ONE = "/quotas/{project_id}"


class QuotasApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts
        self._limits = frame.parts.stores.limits

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/quotas", "get_quotas", self.mine),
            route("POST", "/quotas", "update_quotas", self.update),
            route("GET", _ONE, "get_quotas", self.show),
            route("DELETE", _ONE, "delete_quotas", self.delete),
        ]

    def mine(self, call: ApiCall) -> Reply:
        """Of ``project_id``, or the caller's."""
        asked = call.query.one("project_id") or call.context.project_id
        return json_reply(200, self._document(call, asked))

    def show(self, call: ApiCall) -> Reply:
        """Of one project."""
        return json_reply(200, self._document(call, call.parameters["project_id"]))

    def update(self, call: ApiCall) -> Reply:
        """Say how many."""
        body = call.json_object()
        project_id, quotas = body.get("project_id"), body.get("quotas")
        if not isinstance(project_id, str) or not 0 < len(project_id) <= 64:
            raise BadRequest("project_id is a project's id")
        if not isinstance(quotas, list) or len(quotas) > 1:
            raise BadRequest(f"quotas is a list of {ALARMS}' limit")
        if quotas:
            limit = Limit(project_id, _limit(quotas[0]))
            self._parts.run(lambda connection: self._limits.put(connection, limit))
        return json_reply(201, self._document(call, project_id))

    def delete(self, call: ApiCall) -> Reply:
        """The usual number from now on."""
        project_id = call.parameters["project_id"]
        if not self._parts.run(
            lambda connection: self._limits.delete(connection, project_id)
        ):
            raise NotFound(f"There is no quota of project {project_id}")
        return empty_reply(204)

    def _document(self, call: ApiCall, project_id: str) -> dict[str, Any]:
        is_mine = project_id == call.context.project_id
        if not is_mine and not self._frame.allows(call, SEES_ALL):
            raise PolicyNotAuthorized("Not Authorized to access other projects' quotas")
        limit = self._frame.service.limit(project_id)
        return {
            "project_id": project_id,
            "quotas": [{"resource": ALARMS, "limit": limit}],
        }


def _limit(given: Any) -> int:
    if not isinstance(given, dict) or given.get("resource") != ALARMS:
        raise BadRequest(f"a quota's resource is {ALARMS}")
    found = given.get("limit")
    if not isinstance(found, int) or isinstance(found, bool):
        raise BadRequest("a quota's limit is a whole number")
    if not -1 <= found <= ALARMS_MAX:
        raise BadRequest(f"a quota's limit is from -1 to {ALARMS_MAX}")
    return found
