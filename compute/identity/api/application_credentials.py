"""``/v3/users/{user_id}/application_credentials`` and ``.../access_rules``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import Forbidden, NotFound
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.delegated import refuse_delegated
from compute.identity.api.replies import Document, linked, one, short
from compute.identity.changes import application_credentials as changes
from compute.identity.model import ApplicationCredential, StoredRule
from compute.identity.parts import Parts
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import (
    access_rules,
    application_credentials,
    roles,
)
from objectstore.kernel.reply import Reply

_ROLE = {
    "type": "object",
    "properties": {"id": shapes.ID, "name": shapes.NAME},
    "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
}
_RULE = {
    "type": "object",
    "properties": {
        "id": shapes.ID,
        "service": shapes.NAME,
        "method": {"enum": ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]},
        "path": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^/"},
    },
}
_CREATE = shapes.body(
    "application_credential",
    {
        "name": shapes.NAME,
        "description": shapes.TEXT,
        "secret": {"type": ["string", "null"], "minLength": 1, "maxLength": 4096},
        "expires_at": shapes.MOMENT,
        "roles": {"type": "array", "items": _ROLE, "maxItems": 100},
        "unrestricted": {"type": ["boolean", "null"]},
        "access_rules": {"type": "array", "items": _RULE, "maxItems": 100},
        "project_id": shapes.OPTIONAL_ID,
    },
    ["name"],
)
_ALL = "/v3/users/{user_id}/application_credentials"
_ONE = "/v3/users/{user_id}/application_credentials/{credential_id}"
_RULES = "/v3/users/{user_id}/access_rules"
_ONE_RULE = "/v3/users/{user_id}/access_rules/{rule_id}"


class ApplicationCredentialsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _ALL, self.list),
            Route("POST", _ALL, self.create),
            Route("GET", _ONE, self.show),
            Route("DELETE", _ONE, self.delete),
            Route("GET", _RULES, self.rules),
            Route("GET", _ONE_RULE, self.rule),
            Route("DELETE", _ONE_RULE, self.delete_rule),
        ]

    def list(self, call: ApiCall) -> Reply:
        """A user's application credentials."""
        user_id = self._user(call, "list_application_credentials")
        rows = tables.application_credentials.c
        conditions = text_conditions(call.query, {"name": rows.name})

        def load(connection: Connection) -> list[Document]:
            found = application_credentials.where(
                connection, rows.user_id == user_id, *conditions
            )
            return [_document(call, connection, item) for item in found]

        return short(call, "application_credentials", self._parts.read(load))

    def create(self, call: ApiCall) -> Reply:
        """A new one, for the caller, in the project of his token."""
        self._user(call, "create_application_credential")
        refuse_delegated(self._parts, call, "identity:create_application_credential")
        if not call.context.project_id:
            raise Forbidden("Application credentials need a token that has a project.")
        wanted = call.json(_CREATE)["application_credential"]
        made, secret = changes.create(self._parts, call.context, wanted)
        document = self._shown(call, made)
        return one(201, "application_credential", {**document, "secret": secret})

    def show(self, call: ApiCall) -> Reply:
        """One, without its secret."""
        found = self._credential(call, "get_application_credential")
        return one(200, "application_credential", self._shown(call, found))

    def delete(self, call: ApiCall) -> Reply:
        """Take one away."""
        found = self._credential(call, "delete_application_credential")
        refuse_delegated(self._parts, call, "identity:delete_application_credential")
        changes.delete(self._parts, call.context, found)
        return empty_reply()

    def rules(self, call: ApiCall) -> Reply:
        """A user's access rules."""
        user_id = self._user(call, "list_access_rules")
        rows = tables.access_rules.c
        columns = {"service": rows.service, "method": rows.method, "path": rows.path}
        conditions = text_conditions(call.query, columns)
        found = self._parts.read(
            lambda connection: access_rules.where(
                connection, rows.user_id == user_id, *conditions
            )
        )
        documents = [_linked_rule(call, rule) for rule in found]
        return short(call, "access_rules", documents)

    def rule(self, call: ApiCall) -> Reply:
        """One access rule."""
        user_id = self._user(call, "get_access_rule")
        rule_id = call.parameters["rule_id"]
        found = self._parts.read(
            lambda connection: access_rules.find(connection, rule_id)
        )
        if found is None or found.user_id != user_id:
            raise NotFound(f"Could not find access rule: {rule_id[:255]}.")
        return one(200, "access_rule", _linked_rule(call, found))

    def delete_rule(self, call: ApiCall) -> Reply:
        """Take away an access rule that is in no use."""
        user_id = self._user(call, "delete_access_rule")
        refuse_delegated(self._parts, call, "identity:delete_access_rule")
        rule_id = call.parameters["rule_id"]
        changes.delete_rule(self._parts, call.context, user_id, rule_id)
        return empty_reply()

    def _user(self, call: ApiCall, operation: str) -> str:
        user_id = call.parameters["user_id"]
        target = {"target.user.id": user_id}
        self._parts.enforce(call.context, f"identity:{operation}", target)
        return user_id

    def _credential(self, call: ApiCall, operation: str) -> ApplicationCredential:
        user_id = self._user(call, operation)
        credential_id = call.parameters["credential_id"]
        found = self._parts.read(
            lambda connection: application_credentials.find(connection, credential_id)
        )
        if found is None or found.user_id != user_id:
            raise application_credentials.missing(credential_id)
        return found

    def _shown(self, call: ApiCall, found: ApplicationCredential) -> Document:
        return self._parts.read(lambda connection: _document(call, connection, found))


def _document(
    call: ApiCall, connection: Connection, found: ApplicationCredential
) -> Document:
    granted = roles.by_keys(connection, found.role_ids)
    document: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "user_id": found.user_id,
        "project_id": found.project_id,
        "description": found.description,
        "expires_at": None if found.expires_at is None else iso_micro(found.expires_at),
        "unrestricted": found.unrestricted,
        "system": None,
        "roles": [
            {"id": role.id, "name": role.name, "domain_id": role.domain_id or None}
            for role in granted.values()
        ],
    }
    if found.rule_ids is not None:
        rules = access_rules.by_keys(connection, found.rule_ids)
        # In the order of the request: clients compare the two.
        document["access_rules"] = [
            _rule(rules[each]) for each in found.rule_ids if each in rules
        ]
    path = f"users/{found.user_id}/application_credentials/{found.id}"
    return linked(call, path, document)


def _rule(rule: StoredRule) -> Document:
    return {
        "id": rule.id,
        "service": rule.service,
        "method": rule.method,
        "path": rule.path,
    }


def _linked_rule(call: ApiCall, rule: StoredRule) -> Document:
    return linked(call, f"users/{rule.user_id}/access_rules/{rule.id}", _rule(rule))
