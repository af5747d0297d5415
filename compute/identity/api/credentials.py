"""``/v3/credentials``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.delegated import refuse_delegated
from compute.identity.api.replies import (
    Document,
    changes_of,
    linked,
    one,
    short,
    without,
)
from compute.identity.changes import credentials as changes
from compute.identity.credential_blobs import open_blob
from compute.identity.model import Credential
from compute.identity.parts import Parts, forbidden
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import credentials, users
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "type": shapes.NAME,
    "user_id": shapes.ID,
    "project_id": shapes.OPTIONAL_ID,
    "blob": {"type": ["string", "object"], "maxLength": 60_000},
}
_CREATE = shapes.body("credential", _PROPERTIES, ["type", "blob"])
_UPDATE = shapes.body("credential", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)
Find = Callable[[Connection, str], Credential | None]


def _nothing(connection: Connection, key: str) -> None:
    """No other way to find it."""


class CredentialsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/credentials", self.list),
            Route("POST", "/v3/credentials", self.create),
            Route("GET", "/v3/credentials/{credential_id}", self.show),
            Route("PATCH", "/v3/credentials/{credential_id}", self.update),
            Route("DELETE", "/v3/credentials/{credential_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The credentials that the caller may see, filtered."""
        context, rows = call.context, tables.credentials.c
        conditions = text_conditions(
            call.query, {"type": rows.type, "user_id": rows.user_id}
        )
        rule = "identity:list_credentials"
        if not self._parts.allows(context, rule, {}):
            target = {"target.user.id": call.query.one("user_id", context.user_id)}
            self._parts.enforce(context, rule, target)
            conditions.append(rows.user_id == context.user_id)
        elif context.domain_id:
            conditions.append(_of_domain(context))
        refuse_delegated(self._parts, call, rule)
        found = self._parts.read(
            lambda connection: credentials.where(connection, *conditions)
        )
        documents = [self._document(call, item) for item in found]
        return short(call, "credentials", documents)

    def create(self, call: ApiCall) -> Reply:
        """A new credential."""
        wanted = call.json(_CREATE)["credential"]
        user_id = wanted.get("user_id") or call.context.user_id
        target = {"target.user.id": user_id}
        self._parts.enforce(call.context, "identity:create_credential", target)
        self._confine(call, user_id, "create_credential")
        refuse_delegated(self._parts, call, "identity:create_credential")
        credential = Credential(
            "",
            wanted["type"],
            user_id,
            wanted.get("project_id") or "",
            "",
            without(wanted, _KNOWN),
        )
        blob = changes.blob_text(wanted["blob"])
        made = changes.create(self._parts, call.context, credential, blob)
        return one(201, "credential", self._document(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One credential.  Services ask for EC2 keys by the digests of access keys,
        which are their ids until they are changed."""
        credential = self._credential(call, "get_credential", changes.find_by_digest)
        refuse_delegated(self._parts, call, "identity:get_credential")
        return one(200, "credential", self._document(call, credential))

    def update(self, call: ApiCall) -> Reply:
        """Change a credential."""
        credential = self._credential(call, "update_credential")
        refuse_delegated(self._parts, call, "identity:update_credential")
        wanted = changes_of(call, _UPDATE, "credential", credential.id)
        if not wanted:
            raise BadRequest("credential: nothing to change")
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, credential, wanted, extra)
        return one(200, "credential", self._document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a credential away."""
        credential = self._credential(call, "delete_credential")
        refuse_delegated(self._parts, call, "identity:delete_credential")
        changes.delete(self._parts, call.context, credential)
        return empty_reply()

    def _credential(
        self, call: ApiCall, operation: str, otherwise: Find = _nothing
    ) -> Credential:
        """The credential of the path, by its id, or ``otherwise``."""
        key = call.parameters["credential_id"]
        credential = self._parts.read(
            lambda connection: (
                credentials.find(connection, key) or otherwise(connection, key)
            )
        )
        target = {} if credential is None else _target(credential)
        self._parts.enforce(call.context, f"identity:{operation}", target)
        user_id = "" if credential is None else credential.user_id
        self._confine(call, user_id, operation)
        if credential is None:
            raise credentials.missing(key)
        return credential

    def _confine(self, call: ApiCall, user_id: str, operation: str) -> None:
        """``Forbidden`` to whoever comes with a domain as scope, unless it is his own
        or of a user of the domain; of what is not there he learns the same."""
        context = call.context
        if not context.domain_id or user_id == context.user_id:
            return
        user = self._parts.read(lambda connection: users.find(connection, user_id))
        if user is None or user.domain_id != context.domain_id:
            raise forbidden(f"identity:{operation}")

    def _document(self, call: ApiCall, credential: Credential) -> Document:
        document: dict[str, Any] = {
            **credential.extra,
            "id": credential.id,
            "type": credential.type,
            "user_id": credential.user_id,
            "project_id": credential.project_id or None,
            "blob": open_blob(self._parts, credential),
        }
        return linked(call, f"credentials/{credential.id}", document)


def _of_domain(context: RequestContext) -> sa.ColumnElement[bool]:
    """Of the users of the token's domain, and the caller's own."""
    rows, known = tables.credentials.c, tables.users.c
    inside = sa.select(known.id).where(known.domain_id == context.domain_id)
    return sa.or_(rows.user_id == context.user_id, rows.user_id.in_(inside))


def _target(credential: Credential) -> dict[str, Any]:
    return {"target.user.id": credential.user_id}
