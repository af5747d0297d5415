"""Keypairs: a user's public keys, to be put into his servers."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, json_reply
from compute.core.api.pagination import next_link
from compute.core.errors import BadRequest, Conflict, NotFound, QuotaExceeded
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection, Duplicate
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import KeyPair
from compute.instance.service.keys import (
    SSH,
    X509,
    make_ssh,
    make_x509,
    read_ssh,
    read_x509,
)
from compute.instance.service.quotas import UNLIMITED, Quotas
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-keypairs"
_NAME_OLD = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9\-_ ]+$",
}
_NAME_NEW = {**_NAME_OLD, "pattern": r"^[a-zA-Z0-9\-_ @.]+$"}
_TYPE = {"enum": [SSH, X509]}
_USER = {"type": "string", "minLength": 1, "maxLength": 255}
_KEY = {"type": "string", "minLength": 1, "maxLength": 65535}
CREATE = Body(
    "keypair",
    (
        Field("name", _NAME_OLD, until=91, required=True),
        Field("name", _NAME_NEW, since=92, required=True),
        Field("public_key", _KEY, until=91),
        Field("public_key", _KEY, since=92, required=True),
        Field("type", _TYPE, since=2),
        Field("user_id", _USER, since=10),
    ),
)
PAGE_MAX = 1000
PAGE, USER = frozenset({"limit", "marker"}), frozenset({"user_id"})


class KeypairsApi:
    """Handlers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._keypairs = parts.stores.keypairs
        self._quotas = quotas

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/os-keypairs", self.index, queries=PAGE | USER),
            Verb("POST", "/os-keypairs", self.create),
            Verb("GET", "/os-keypairs/{name}", self.show, queries=USER),
            Verb("DELETE", "/os-keypairs/{name}", self.delete, queries=USER),
        ]

    def _user(self, call: ApiCall, wanted: str = "") -> str:
        """Whose keys: one's own, or (2.10, administrators) somebody's."""
        user_id = call.context.user_id
        if minor_of(call) >= 10:
            user_id = wanted or call.query.one("user_id") or user_id
        self._parts.policy.enforce(call.context, RULE, {"user_id": user_id})
        return user_id

    def index(self, call: ApiCall) -> Reply:
        """GET /os-keypairs."""
        user_id = self._user(call)
        found = self._parts.database.read(
            lambda connection: self._keypairs.of_user(connection, user_id)
        )
        more: dict[str, Any] = {}
        if minor_of(call) >= 35:
            limit = min(call.query.number("limit", PAGE_MAX), PAGE_MAX)
            marker = call.query.one("marker")
            if marker:
                names = [key.name for key in found]
                if marker not in names:
                    raise BadRequest(f"marker [{marker}] not found")
                found = found[names.index(marker) + 1 :]
            if len(found) > limit > 0:
                href = next_link(call.url, call.query, found[limit - 1].name)
                more = {"keypairs_links": [{"rel": "next", "href": href}]}
            found = found[:limit]
        return ok(
            {"keypairs": [{"keypair": _brief(call, key)} for key in found], **more}
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /os-keypairs/{name}."""
        user_id = self._user(call)
        name = call.parameters["name"]
        key = self._parts.database.read(
            lambda connection: self._keypairs.get(connection, user_id, name)
        )
        if key is None:
            raise NotFound(f"Keypair {name} not found for user {user_id}")
        value = _brief(call, key) | {
            "user_id": key.user_id,
            "id": key.number,
            "created_at": iso_micro(key.created_at),
            "deleted": False,
            "deleted_at": None,
            "updated_at": None,
        }
        return ok({"keypair": value})

    def create(self, call: ApiCall) -> Reply:
        """POST /os-keypairs: import a key, or (until 2.91) make one."""
        body = CREATE.read(call)["keypair"]
        user_id = self._user(call, body.get("user_id", ""))
        name = body["name"]
        if name != name.strip():
            raise BadRequest("Keypair name has spaces at an end")
        kind = body.get("type", SSH)
        if "public_key" in body:
            read = read_ssh if kind == SSH else read_x509
            key = read(body["public_key"])
        elif kind == SSH:
            key = make_ssh()
        else:
            key = make_x509(user_id, self._parts.clock.time())

        def write(connection: Connection) -> None:
            limits = self._quotas.of(connection, call.context.project_id, user_id)
            have = len(self._keypairs.of_user(connection, user_id))
            if have >= limits["key_pairs"] != UNLIMITED:
                raise QuotaExceeded("Quota exceeded, too many key pairs.")
            self._keypairs.add(
                connection,
                user_id=user_id,
                name=name,
                type=kind,
                public_key=key.public,
                fingerprint=key.fingerprint,
                created_at=self._parts.clock.time(),
            )

        try:
            self._parts.database.run(write)
        except Duplicate:
            raise Conflict(f"Key pair '{name}' already exists.") from None
        value = {
            "name": name,
            "public_key": key.public,
            "fingerprint": key.fingerprint,
            "user_id": user_id,
        }
        if minor_of(call) >= 2:
            value["type"] = kind
        if key.private:
            value["private_key"] = key.private
        return json_reply(200 if minor_of(call) < 2 else 201, {"keypair": value})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-keypairs/{name}."""
        user_id = self._user(call)
        name = call.parameters["name"]
        there = self._parts.database.run(
            lambda connection: self._keypairs.remove(connection, user_id, name)
        )
        if not there:
            raise NotFound(f"Keypair {name} not found for user {user_id}")
        return Reply(202 if minor_of(call) < 2 else 204, b"")


def _brief(call: ApiCall, key: KeyPair) -> dict[str, Any]:
    value = {
        "name": key.name,
        "public_key": key.public_key,
        "fingerprint": key.fingerprint,
    }
    if minor_of(call) >= 2:
        value["type"] = key.type
    return value
