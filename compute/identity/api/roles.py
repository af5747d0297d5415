"""``/v3/roles``, and which role implies which."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import role_document
from compute.identity.api.reading import page_reply
from compute.identity.api.replies import (
    Document,
    changes_of,
    link,
    many,
    one,
    without,
)
from compute.identity.changes import projects as project_changes
from compute.identity.changes import roles as changes
from compute.identity.model import Role
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import roles
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "name": shapes.NAME,
    "domain_id": shapes.OPTIONAL_ID,
    "description": shapes.TEXT,
    "options": shapes.OPTIONS,
}
_CREATE = shapes.body("role", _PROPERTIES, ["name"])
_UPDATE = shapes.body("role", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)
_IMPLIED = "/v3/roles/{role_id}/implies/{implied_id}"


class RolesApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/roles", self.list),
            Route("POST", "/v3/roles", self.create),
            Route("GET", "/v3/roles/{role_id}", self.show),
            Route("PATCH", "/v3/roles/{role_id}", self.update),
            Route("DELETE", "/v3/roles/{role_id}", self.delete),
            Route("GET", "/v3/roles/{role_id}/implies", self.implied),
            Route("GET", _IMPLIED, self.check_implied),
            Route("PUT", _IMPLIED, self.imply),
            Route("DELETE", _IMPLIED, self.unimply),
            Route("GET", "/v3/role_inferences", self.inferences),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The roles that are everybody's, or, with ``domain_id``, a domain's."""
        self._parts.enforce(call.context, "identity:list_roles", _scope(call))
        rows = tables.roles.c
        conditions = text_conditions(call.query, {"name": rows.name})
        conditions.append(rows.domain_id == call.query.one("domain_id"))
        return page_reply(self._parts, call, "roles", roles, conditions, role_document)

    def create(self, call: ApiCall) -> Reply:
        """A new role."""
        self._parts.enforce(call.context, "identity:create_role", {})
        wanted = call.json(_CREATE)["role"]
        role = Role(
            self._parts.identifiers.hexadecimal(),
            wanted["name"].strip(),
            wanted.get("domain_id") or "",
            wanted.get("description"),
            project_changes.merged_options({}, wanted.get("options", {})),
            without(wanted, _KNOWN),
        )
        made = changes.create(self._parts, call.context, role)
        return one(201, "role", role_document(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One role."""
        role = self._role(call, "get_role", "role_id")
        return one(200, "role", role_document(call, role))

    def update(self, call: ApiCall) -> Reply:
        """Change a role."""
        role = self._role(call, "update_role", "role_id")
        wanted = changes_of(call, _UPDATE, "role", role.id)
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, role, wanted, extra)
        return one(200, "role", role_document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a role away from everybody."""
        role = self._role(call, "delete_role", "role_id")
        changes.delete(self._parts, call.context, role)
        return empty_reply()

    def implied(self, call: ApiCall) -> Reply:
        """The roles that one brings at once."""
        role = self._role(call, "list_implied_roles", "role_id")

        def load(connection: Connection) -> dict[str, Role]:
            known = assignments.implications(connection)
            return roles.by_keys(connection, known.get(role.id, ()))

        found = self._parts.read(load)
        inference = {
            "prior_role": _short(call, role),
            "implies": [_short(call, item) for item in found.values()],
        }
        links = {"self": link(call, f"roles/{role.id}/implies")}
        return json_reply(200, {"role_inference": inference, "links": links})

    def check_implied(self, call: ApiCall) -> Reply:
        """One implication; HEAD only says that it is there."""
        prior, implied = self._pair(call, "get_implied_role")
        known = self._parts.read(assignments.implications)
        if implied.id not in known.get(prior.id, ()):
            raise NotFound(f"{prior.id} does not imply {implied.id}.")
        if call.request.method == "HEAD":
            return empty_reply()
        return self._inference(call, 200, prior, implied)

    def imply(self, call: ApiCall) -> Reply:
        """Let a role bring another."""
        prior, implied = self._pair(call, "create_implied_role")
        changes.imply(self._parts, call.context, prior, implied)
        return self._inference(call, 201, prior, implied)

    def unimply(self, call: ApiCall) -> Reply:
        """End an implication."""
        prior, implied = self._pair(call, "delete_implied_role")
        changes.unimply(self._parts, call.context, prior, implied)
        return empty_reply()

    def inferences(self, call: ApiCall) -> Reply:
        """All implications."""
        self._parts.enforce(call.context, "identity:list_role_inference_rules", {})
        known = self._parts.read(assignments.implications)
        wanted = {*known, *(item for implied in known.values() for item in implied)}
        found = self._parts.read(lambda connection: roles.by_keys(connection, wanted))
        documents = [
            {
                "prior_role": _short(call, found[prior]),
                "implies": [_short(call, found[item]) for item in sorted(implied)],
            }
            for prior, implied in sorted(known.items())
        ]
        return many(call, "role_inferences", documents)

    def _inference(
        self, call: ApiCall, status: int, prior: Role, implied: Role
    ) -> Reply:
        inference = {
            "prior_role": _short(call, prior),
            "implies": _short(call, implied),
        }
        links = {"self": link(call, f"roles/{prior.id}/implies/{implied.id}")}
        return json_reply(status, {"role_inference": inference, "links": links})

    def _pair(self, call: ApiCall, operation: str) -> tuple[Role, Role]:
        return (
            self._role(call, operation, "role_id"),
            self._role(call, operation, "implied_id"),
        )

    def _role(self, call: ApiCall, operation: str, parameter: str) -> Role:
        self._parts.enforce(call.context, f"identity:{operation}", _scope(call))
        role_id = call.parameters[parameter]
        return self._parts.read(lambda connection: roles.get(connection, role_id))


def _scope(call: ApiCall) -> dict[str, str]:
    """Roles are everybody's, so the domain that counts is that of the token."""
    return {"target.scope.domain_id": call.context.domain_id}


def _short(call: ApiCall, role: Role) -> Document:
    return {
        "id": role.id,
        "name": role.name,
        "links": {"self": link(call, f"roles/{role.id}")},
    }
