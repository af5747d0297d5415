"""``/v3/OS-TRUST/trusts``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import Forbidden, NotFound
from compute.core.instants import iso_micro_z
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.delegated import unrestricted_credential
from compute.identity.api.documents import role_document
from compute.identity.api.replies import Document, linked, one, short, without
from compute.identity.changes import trusts as changes
from compute.identity.model import Role, Trust
from compute.identity.parts import Parts
from compute.identity.store.subjects import roles, trusts
from objectstore.kernel.reply import Reply

_ROLE = {
    "type": "object",
    "properties": {"id": shapes.ID, "name": shapes.NAME},
    "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
}
_PROPERTIES = {
    "trustor_user_id": shapes.ID,
    "trustee_user_id": shapes.ID,
    "impersonation": shapes.FLAG,
    "project_id": shapes.OPTIONAL_ID,
    "expires_at": shapes.MOMENT,
    "remaining_uses": {"type": ["integer", "null"], "minimum": 1},
    "allow_redelegation": {"type": ["boolean", "null"]},
    "redelegation_count": {"type": ["integer", "null"], "minimum": 0},
    "roles": {"type": "array", "items": _ROLE, "maxItems": 100},
}
_CREATE = shapes.body(
    "trust", _PROPERTIES, ["trustor_user_id", "trustee_user_id", "impersonation"]
)
_KNOWN = (*_PROPERTIES, "redelegated_trust_id", "deleted_at", "roles_links")
_ALL = "/v3/OS-TRUST/trusts"
_ONE = "/v3/OS-TRUST/trusts/{trust_id}"


class TrustsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _ALL, self.show_all),
            Route("POST", _ALL, self.create),
            Route("GET", _ONE, self.show),
            Route("DELETE", _ONE, self.delete),
            Route("GET", f"{_ONE}/roles", self.roles),
            Route("GET", f"{_ONE}/roles/{{role_id}}", self.role),
        ]

    def show_all(self, call: ApiCall) -> Reply:
        """The trusts that somebody gave, or was given; all, for admins."""
        trustor = call.query.one("trustor_user_id")
        trustee = call.query.one("trustee_user_id")
        rows = tables.trusts.c
        conditions: list[Any] = []
        target = {
            "target.trust.trustor_user_id": trustor,
            "target.trust.trustee_user_id": trustee,
        }
        rules = []
        if trustor:
            rules.append("identity:list_trusts_for_trustor")
            conditions.append(rows.trustor_user_id == trustor)
        if trustee:
            rules.append("identity:list_trusts_for_trustee")
            conditions.append(rows.trustee_user_id == trustee)
        for rule in rules or ["identity:list_trusts"]:
            self._parts.enforce(call.context, rule, target)
        found = self._parts.read(
            lambda connection: trusts.where(connection, *conditions)
        )
        return short(call, "trusts", [_document(call, trust) for trust in found])

    def create(self, call: ApiCall) -> Reply:
        """Entrust somebody with roles of one's own."""
        wanted = call.json(_CREATE)["trust"]
        target = {"target.trust.trustor_user_id": wanted["trustor_user_id"]}
        self._parts.enforce(call.context, "identity:create_trust", target)
        facts = self._parts.tokens.open(call.context.token)
        lent = unrestricted_credential(self._parts, call, "identity:create_trust")
        is_lent = facts.project_id and (lent is not None or facts.trust_id)
        # Who has signed in by himself could do so for his other projects, too.
        if is_lent and facts.project_id != wanted.get("project_id"):
            raise Forbidden("The trust must be for the project of the token.")
        extra = without(wanted, _KNOWN)
        made = changes.create(
            self._parts, call.context, wanted, extra, facts.trust_id, lent
        )
        return one(201, "trust", self._with_roles(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One trust, with its roles."""
        trust = self._trust(call, "get_trust")
        return one(200, "trust", self._with_roles(call, trust))

    def delete(self, call: ApiCall) -> Reply:
        """End a trust."""
        changes.delete(self._parts, call.context, self._trust(call, "delete_trust"))
        return empty_reply()

    def roles(self, call: ApiCall) -> Reply:
        """The roles of a trust."""
        found = self._roles(self._trust(call, "get_trust"))
        return short(call, "roles", [role_document(call, role) for role in found])

    def role(self, call: ApiCall) -> Reply:
        """One role of a trust."""
        wanted = call.parameters["role_id"]
        for role in self._roles(self._trust(call, "get_trust")):
            if role.id == wanted:
                return one(200, "role", role_document(call, role))
        raise NotFound(f"Could not find role: {wanted[:255]}.")

    def _roles(self, trust: Trust) -> list[Role]:
        found = self._parts.read(
            lambda connection: roles.by_keys(connection, trust.role_ids)
        )
        return [*found.values()]

    def _with_roles(self, call: ApiCall, trust: Trust) -> Document:
        document = _document(call, trust)
        document["roles"] = [role_document(call, role) for role in self._roles(trust)]
        own = document["links"]["self"]
        document["roles_links"] = {
            "self": f"{own}/roles",
            "previous": None,
            "next": None,
        }
        return document

    def _trust(self, call: ApiCall, operation: str) -> Trust:
        trust_id = call.parameters["trust_id"]

        def load(connection: Connection) -> Trust | None:
            return trusts.find(connection, trust_id)

        found = self._parts.read(load)
        target = {}
        if found is not None:
            target = {
                "target.trust.trustor_user_id": found.trustor_user_id,
                "target.trust.trustee_user_id": found.trustee_user_id,
            }
        rule = f"identity:{operation}"
        if not self._parts.allows(call.context, rule, target):
            # Other people's trusts are not there.
            raise trusts.missing(trust_id)
        if found is None:
            raise trusts.missing(trust_id)
        return found


def _document(call: ApiCall, trust: Trust) -> Document:
    expires = trust.expires_at
    document = {
        **trust.extra,
        "id": trust.id,
        "trustor_user_id": trust.trustor_user_id,
        "trustee_user_id": trust.trustee_user_id,
        "project_id": trust.project_id,
        "impersonation": trust.impersonation,
        "expires_at": None if expires is None else iso_micro_z(expires),
        "deleted_at": None,
        "remaining_uses": trust.remaining_uses,
        "redelegation_count": trust.redelegation_count,
        "redelegated_trust_id": trust.redelegated_trust_id or None,
    }
    return linked(call, f"OS-TRUST/trusts/{trust.id}", document)
