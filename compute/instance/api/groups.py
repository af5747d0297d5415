"""Server groups: rules about where servers are in respect of each other."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.errors import BadRequest, NotFound, QuotaExceeded
from compute.core.sql.database import Connection
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, check_has_project, minor_of
from compute.instance.parts import Parts
from compute.instance.records import ServerGroup
from compute.instance.schemas.types import NAME, POSITIVE
from compute.instance.service.quotas import UNLIMITED, Quotas
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-server-groups"
HARD = ["anti-affinity", "affinity"]
ALL = [*HARD, "soft-anti-affinity", "soft-affinity"]
POLICY_SINCE = 64
FILTERS = frozenset({"all_projects", "limit", "offset"})


def _policies(names: list[str]) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"enum": names},
        "minItems": 1,
        "maxItems": 1,
    }


_RULES = {
    "type": "object",
    "properties": {"max_server_per_host": POSITIVE},
    "additionalProperties": False,
}
CREATE = Body(
    "server_group",
    (
        Field("name", NAME, required=True),
        Field("policies", _policies(HARD), until=14, required=True),
        Field("policies", _policies(ALL), since=15, until=63, required=True),
        Field("policy", {"enum": ALL}, since=64, required=True),
        Field("rules", _RULES, since=64),
    ),
)


class GroupsApi:
    """Handlers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._groups = parts.stores.groups
        self._quotas = quotas

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/os-server-groups/{group_id}"
        return [
            Verb("GET", "/os-server-groups", self.index, queries=FILTERS),
            Verb("POST", "/os-server-groups", self.create),
            Verb("GET", one, self.show),
            Verb("DELETE", one, self.delete),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /os-server-groups."""
        self._parts.enforce(call.context, f"{RULE}:show")
        project = call.context.project_id
        if "all_projects" in call.query and self._parts.allows(
            call.context, f"{RULE}:index:all_projects"
        ):
            project = ""
        start = call.query.number("offset", 0)
        limit = min(call.query.number("limit", 1000), 1000)

        def read(connection: Connection) -> list[dict[str, Any]]:
            found = self._groups.all(connection, project)[start : start + limit]
            return [self._view(connection, call, each) for each in found]

        return ok({"server_groups": self._parts.database.read(read)})

    def _view(
        self, connection: Connection, call: ApiCall, group: ServerGroup
    ) -> dict[str, Any]:
        minor = minor_of(call)
        rows = self._parts.stores.servers.of_group(connection, group.id)
        value: dict[str, Any] = {
            "id": group.id,
            "name": group.name,
            "members": [row.id for row in rows],
        }
        if minor >= POLICY_SINCE:
            value |= {"policy": group.policy, "rules": dict(group.rules)}
        else:
            value |= {"policies": [group.policy], "metadata": {}}
        if minor >= 13:
            value |= {"project_id": group.project_id, "user_id": group.user_id}
        return value

    def _get(self, connection: Connection, call: ApiCall, rule: str) -> ServerGroup:
        key = call.parameters["group_id"]
        group = self._groups.get(connection, key)
        context = call.context
        owner = {"project_id": group.project_id if group else ""}
        if group is None or not (
            group.project_id == context.project_id
            or self._parts.policy.allows(context, f"{RULE}:show", owner)
        ):
            raise NotFound(f"Instance group {key} could not be found.")
        self._parts.policy.enforce(context, rule, owner)
        return group

    def show(self, call: ApiCall) -> Reply:
        """GET /os-server-groups/{id}."""

        def read(connection: Connection) -> dict[str, Any]:
            group = self._get(connection, call, f"{RULE}:show")
            return self._view(connection, call, group)

        return ok({"server_group": self._parts.database.read(read)})

    def create(self, call: ApiCall) -> Reply:
        """POST /os-server-groups."""
        self._parts.enforce(call.context, RULE)
        check_has_project(call)
        body = CREATE.read(call)["server_group"]
        context = call.context
        policy = body.get("policy") or body["policies"][0]
        rules = {key: int(value) for key, value in body.get("rules", {}).items()}
        if rules and policy != "anti-affinity":
            raise BadRequest("Only anti-affinity policy supports rules.")
        group = ServerGroup(
            self._parts.identifiers.uuid(),
            context.project_id,
            context.user_id,
            body["name"],
            policy,
            rules,
            self._parts.clock.time(),
        )

        def write(connection: Connection) -> dict[str, Any]:
            limits = self._quotas.of(connection, context.project_id, context.user_id)
            have = len(self._groups.all(connection, context.project_id))
            if have >= limits["server_groups"] != UNLIMITED:
                raise QuotaExceeded("Quota exceeded, too many server groups.")
            self._groups.add(connection, group)
            return self._view(connection, call, group)

        return ok({"server_group": self._parts.database.run(write)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-server-groups/{id}."""

        def write(connection: Connection) -> None:
            group = self._get(connection, call, RULE)
            self._groups.remove(connection, group.id)

        self._parts.database.run(write)
        return empty_reply(204)
