"""A key manager called as clients call it."""

from __future__ import annotations

import base64
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.context import RequestContext
from compute.core.keys.sealing import vault_of
from compute.core.policy import Policy
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.secret.client import SecretClient
from compute.secret.parts import Parts
from compute.secret.policies import DEFAULTS
from compute.secret.room import api_of
from compute.secret.settings import SecretSettings
from compute.secret.store import Stores
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token
from test.unit.compute.got import Got

OWNER, OTHER = "aa" * 16, "bb" * 16
JSON, BYTES, TEXT = "application/json", "application/octet-stream", "text/plain"


class House:
    """See the module."""

    def __init__(self, directory: Path, url: str = "", **settings: Any) -> None:
        self.directory = directory
        self.clock = SteppedClock()
        self.tokens = FakeTokens()
        self.bus = InProcessBus()
        self.database = Database(url) if url else hasty_database(directory)
        upgrade(self.database, ["secret"])
        self.parts = Parts(
            database=self.database,
            clock=self.clock,
            random=Random(1),
            settings=SecretSettings(**settings),
            policy=Policy(DEFAULTS),
            stores=Stores(vault_of(directory, self.clock)),
        )
        self.api = api_of(self.parts, self.tokens)
        self.caller = InProcessCaller(
            self.api, script_name="/key-manager", host="cloud"
        )
        self.client = SecretClient(self.caller, self.tokens)

    def close(self) -> None:
        self.database.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        user: str = "u1",
        version: str = "1.2",
        **headers: str,
    ) -> Got:
        """A call below /v1; a body of bytes goes as it is."""
        sent = {
            "X-Auth-Token": fake_token(project, roles, user),
            "OpenStack-API-Version": f"key-manager {version}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body if isinstance(body, bytes) else b""
        if body is not None and not isinstance(body, bytes):
            content = orjson.dumps(body)
            sent.setdefault("Content-Type", JSON)
        with self.caller.request(method, f"/v1{path}", sent, content) as answer:
            return Got(answer.status, answer.headers, answer.read())

    def context(self, *, project: str = OWNER, user: str = "u1") -> RequestContext:
        """As another room has it of its caller."""
        return self.tokens.check(fake_token(project, "member", user), "req-1")

    def create(self, payload: str | bytes | None = "hush", **fields: Any) -> str:
        """A new secret; its reference."""
        who = {
            it: fields.pop(it) for it in ("project", "roles", "user") if it in fields
        }
        body: dict[str, Any] = dict(fields)
        if isinstance(payload, bytes):
            body["payload"] = base64.b64encode(payload).decode()
            body["payload_content_type"] = BYTES
            body["payload_content_encoding"] = "base64"
        elif payload is not None:
            body["payload"], body["payload_content_type"] = payload, TEXT
        got = self.call("POST", "/secrets", body, **who)
        assert got.status == 201, got.body
        return str(got.json["secret_ref"])

    def contain(self, kind: str = "generic", **members: str) -> str:
        """A new container of those references; its own."""
        refs = [{"name": name, "secret_ref": ref} for name, ref in members.items()]
        body = {"type": kind, "secret_refs": refs}
        got = self.call("POST", "/containers", body)
        assert got.status == 201, got.body
        return str(got.json["container_ref"])


def path_of(reference: str) -> str:
    """Below /v1."""
    return reference.partition("/v1")[2]
