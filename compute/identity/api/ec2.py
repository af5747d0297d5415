"""EC2 credentials, and tokens for what was signed with them.

``/v3/users/{user_id}/credentials/OS-EC2`` keeps the keys; ``/v3/ec2tokens`` and
``/v3/s3tokens`` are for services (role ``service`` or ``admin``) that received a
signed request and want to know whose it is.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Unauthorized
from compute.core.sql.database import Connection
from compute.identity import signatures, tables
from compute.identity.api import shapes
from compute.identity.api.delegated import refuse_delegated
from compute.identity.api.replies import Document, link, many
from compute.identity.api.tokens import PRIVATE, SUBJECT
from compute.identity.changes import credentials as changes
from compute.identity.credential_blobs import EC2
from compute.identity.model import PROJECT, Credential
from compute.identity.parts import Parts
from compute.identity.store.subjects import credentials, projects, users
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.service import new_audit_id
from compute.identity.tokens.standing import Standing, standing_of
from objectstore.kernel.reply import Reply

KEY_BYTES = 16
# A signed EC2 request that is older may have been listened to.
SIGNED_SECONDS_MAX = 15 * 60
_ALL = "/v3/users/{user_id}/credentials/OS-EC2"
_ONE = "/v3/users/{user_id}/credentials/OS-EC2/{access}"
# The project stands bare in the body here, as it always has.
_CREATE = Schema(
    {
        "type": "object",
        "properties": {"tenant_id": shapes.ID, "project_id": shapes.ID},
    }
)
_TEXT = {"type": "string", "maxLength": 65_536}
_S3 = Schema(
    {
        "type": "object",
        "required": ["credentials"],
        "properties": {
            "credentials": {
                "type": "object",
                "required": ["access", "signature", "token"],
                "properties": {"access": _TEXT, "signature": _TEXT, "token": _TEXT},
            }
        },
    }
)
_EC2 = {
    "type": "object",
    "required": ["access", "signature"],
    "properties": {
        "access": _TEXT,
        "signature": _TEXT,
        "params": {"type": "object"},
        "headers": {"type": "object"},
    },
}
_EC2_BODY = Schema(
    {
        "type": "object",
        "properties": {"credentials": _EC2, "ec2Credentials": _EC2},
        "anyOf": [{"required": ["credentials"]}, {"required": ["ec2Credentials"]}],
    }
)


class Ec2Api:
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
            Route("POST", "/v3/s3tokens", self.s3_token),
            Route("POST", "/v3/ec2tokens", self.ec2_token),
        ]

    # ---- keys ------------------------------------------------------------------

    def list(self, call: ApiCall) -> Reply:
        """A user's keys."""
        user_id = self._user(call, "ec2_list_credentials")
        refuse_delegated(self._parts, call, "identity:ec2_list_credentials")
        rows = tables.credentials.c
        found = self._parts.read(
            lambda connection: credentials.where(
                connection, rows.user_id == user_id, rows.type == EC2
            )
        )
        return many(call, "credentials", [self._document(call, key) for key in found])

    def create(self, call: ApiCall) -> Reply:
        """A new key for a project."""
        user_id = self._user(call, "ec2_create_credential")
        refuse_delegated(self._parts, call, "identity:ec2_create_credential")
        wanted = call.json(_CREATE)
        project_id = wanted.get("tenant_id") or wanted.get("project_id") or ""
        self._check_places(user_id, project_id)
        blob = {
            "access": secrets.token_hex(KEY_BYTES),
            "secret": secrets.token_hex(KEY_BYTES),
            "trust_id": None,
        }
        key = Credential("", EC2, user_id, project_id, "", {})
        text = orjson.dumps(blob).decode()
        made = changes.create(self._parts, call.context, key, text)
        return json_reply(201, {"credential": self._document(call, made)})

    def show(self, call: ApiCall) -> Reply:
        """One key."""
        key = self._key(call, "ec2_get_credential")
        refuse_delegated(self._parts, call, "identity:ec2_get_credential")
        return json_reply(200, {"credential": self._document(call, key)})

    def delete(self, call: ApiCall) -> Reply:
        """Take a key away."""
        key = self._key(call, "ec2_delete_credential")
        refuse_delegated(self._parts, call, "identity:ec2_delete_credential")
        changes.delete(self._parts, call.context, key)
        return empty_reply()

    # ---- tokens ----------------------------------------------------------------

    def s3_token(self, call: ApiCall) -> Reply:
        """Who signed an S3 request; the token itself is not given away."""
        self._parts.enforce(call.context, "identity:s3tokens_validate", {})
        wanted = call.json(_S3)["credentials"]
        key, secret = self._secret(wanted["access"])
        if not signatures.s3_fits(secret, wanted["token"], wanted["signature"]):
            raise Unauthorized()
        facts, standing = self._facts(key)
        body = self._parts.tokens.body(facts, standing, with_catalogue=True)
        return json_reply(200, body, [*PRIVATE])

    def ec2_token(self, call: ApiCall) -> Reply:
        """A token for whoever signed an EC2 request."""
        self._parts.enforce(call.context, "identity:ec2tokens_validate", {})
        body = call.json(_EC2_BODY)
        wanted = body.get("credentials") or body["ec2Credentials"]
        key, secret = self._secret(wanted["access"])
        if not signatures.ec2_fits(secret, wanted):
            raise Unauthorized()
        age = self._parts.now() - signatures.signed_at(wanted)
        if abs(age) > SIGNED_SECONDS_MAX or age > signatures.good_for(wanted):
            raise Unauthorized("The signed request is too old.")
        facts, standing = self._facts(key)
        shown = self._parts.tokens.body(facts, standing, with_catalogue=True)
        headers = [*PRIVATE, (SUBJECT, self._parts.tokens.seal(facts))]
        return json_reply(200, shown, headers)

    def _secret(self, access: str) -> tuple[Credential, str]:
        """The key of that name, and its secret; ``Unauthorized``."""
        found = self._parts.read(
            lambda connection: changes.find_ec2(connection, access)
        )
        if found is None or found.type != EC2:
            raise Unauthorized()
        return found, changes.ec2_blob(self._parts, found)["secret"]

    def _facts(self, key: Credential) -> tuple[TokenFacts, Standing]:
        now = self._parts.now()
        facts = TokenFacts(
            key.user_id,
            ("ec2credential",),
            now,
            now + self._parts.settings.token_life,
            (new_audit_id(),),
            PROJECT,
            key.project_id,
        )
        standing = self._parts.read(
            lambda connection: standing_of(connection, facts, now)
        )
        return facts, standing

    # ---- parts -----------------------------------------------------------------

    def _user(self, call: ApiCall, operation: str) -> str:
        user_id = call.parameters["user_id"]
        target = {"target.user.id": user_id}
        self._parts.enforce(call.context, f"identity:{operation}", target)
        self._parts.read(lambda connection: users.get(connection, user_id))
        return user_id

    def _key(self, call: ApiCall, operation: str) -> Credential:
        user_id, access = self._user(call, operation), call.parameters["access"]
        found = self._parts.read(
            lambda connection: changes.find_ec2(connection, access)
        )
        if found is None or found.user_id != user_id:
            raise credentials.missing(access)
        return found

    def _check_places(self, user_id: str, project_id: str) -> None:
        if not project_id:
            raise BadRequest("tenant_id: the project of the key is missing")

        def check(connection: Connection) -> None:
            user = users.get(connection, user_id)
            project = projects.get(connection, project_id)
            if not user.enabled or not project.enabled:
                raise Unauthorized()

        self._parts.read(check)

    def _document(self, call: ApiCall, key: Credential) -> Document:
        blob: Any = changes.ec2_blob(self._parts, key)
        access = blob["access"]
        path = f"users/{key.user_id}/credentials/OS-EC2/{access}"
        return {
            "user_id": key.user_id,
            "tenant_id": key.project_id,
            "access": access,
            "secret": blob["secret"],
            "trust_id": blob.get("trust_id"),
            "links": {"self": link(call, path)},
        }
