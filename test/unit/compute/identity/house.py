"""An identity room for tests: a real database, a stepped clock, cheap hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.context import RequestContext
from compute.core.errors import Unauthorized
from compute.core.rooms.room import RoomParts
from compute.core.sql.database import Database
from compute.identity.bootstrap import Beginnings, CatalogueEntry, bootstrap
from compute.identity.parts import Parts
from compute.identity.room import build_parts, room_of
from compute.identity.settings import IdentitySettings
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock

ADMIN_PASSWORD = "the admin's"
SERVICE_PASSWORD = "the service's"
CHEAP = IdentitySettings(
    scrypt_log2_cost=4, password_memory=0.0, lockout_failures=3, lockout_duration=60.0
)
CATALOGUE = (
    CatalogueEntry("identity", "keystone", "http://cloud/identity"),
    CatalogueEntry("object-store", "swift", "http://cloud/v1/AUTH_$(project_id)s"),
)


@dataclass
class Said:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class House:
    """The room and a way to call it."""

    parts: Parts
    clock: SteppedClock
    bus: InProcessBus
    caller: InProcessCaller
    application: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def say(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        subject: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        """One request."""
        fields = dict(headers or {})
        if token:
            fields["X-Auth-Token"] = token
        if subject:
            fields["X-Subject-Token"] = subject
        raw = b"" if body is None else orjson.dumps(body)
        answer = self.caller.request(method, path, fields, raw)
        return Said(answer.status, answer.headers, answer.json())

    def ok(self, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """One request as admin (or with a token) that must work: its body."""
        said = self.say(method, path, body, token=token or self.admin)
        assert said.status < 300, (method, path, said)
        return said.body

    def status(
        self, method: str, path: str, body: Any = None, *, token: str = ""
    ) -> int:
        """Only the status."""
        return self.say(method, path, body, token=token or self.admin).status

    def sign_in(
        self, name: str, password: str, scope: Any = None, domain: str = "default"
    ) -> Said:
        """Ask for a token with a password."""
        auth: dict[str, Any] = {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {
                        "name": name,
                        "domain": {"id": domain},
                        "password": password,
                    }
                },
            }
        }
        if scope is not None:
            auth["scope"] = scope
        return self.say("POST", "/v3/auth/tokens", {"auth": auth})

    def token(
        self, name: str, password: str, scope: Any = None, domain: str = "default"
    ) -> str:
        """A token that must be given."""
        said = self.sign_in(name, password, scope, domain)
        assert said.status == 201, said
        return said.headers["x-subject-token"]

    @property
    def admin(self) -> str:
        """The admin's token for the project admin."""
        known = self.tokens.get("admin")
        if known is None or not self.is_good(known):
            known = self.token("admin", ADMIN_PASSWORD, project("admin"))
            self.tokens["admin"] = known
        return known

    @property
    def service(self) -> str:
        """The house's own token."""
        return self.token("ringstack", SERVICE_PASSWORD, project("service"))

    def is_good(self, token: str) -> bool:
        """Whether the room takes the token."""
        try:
            self.parts.tokens.check(token, "")
        except Unauthorized:
            return False
        return True

    # ---- things ----------------------------------------------------------------

    def make(self, kind: str, **values: Any) -> str:
        """A new user, project ...: its id."""
        plural = kind + "s"
        made: str = self.ok("POST", f"/v3/{plural}", {kind: values})[kind]["id"]
        return made

    def role(self, name: str) -> str:
        """A role's id."""
        found: str = self.ok("GET", f"/v3/roles?name={name}")["roles"][0]["id"]
        return found

    def grant(self, user_id: str, role: str, target: str) -> None:
        """Give a user a role; ``target``: ``projects/ID``, ``domains/ID``."""
        path = f"/v3/{target}/users/{user_id}/roles/{self.role(role)}"
        self.ok("PUT", path)

    def member(self, name: str = "ann", role: str = "member") -> tuple[str, str, str]:
        """A user with a role on a new project: user id, project id, token."""
        project_id = self.make("project", name=f"{name}-project", domain_id="default")
        user_id = self.make("user", name=name, password="pw", domain_id="default")
        self.grant(user_id, role, f"projects/{project_id}")
        token = self.token(name, "pw", {"project": {"id": project_id}})
        return user_id, project_id, token


def project(name: str) -> dict[str, Any]:
    """A scope: a project of the default domain."""
    return {"project": {"name": name, "domain": {"id": "default"}}}


class _Nobody:
    """The room checks tokens itself; this is never asked."""

    def check(self, token: str, request_id: str) -> RequestContext:
        raise AssertionError

    def token(self) -> str:
        raise AssertionError


def make_house(
    directory: Path,
    settings: IdentitySettings = CHEAP,
    *,
    seed: int = 7,
    database: Database | None = None,
) -> House:
    """A room with what bootstrap makes."""
    clock, bus = SteppedClock(), InProcessBus()
    if database is None:
        database = hasty_database(directory)
    nobody = _Nobody()
    room_parts = RoomParts(
        database, bus, clock, Random(seed), nobody, nobody, {}, directory
    )
    parts = build_parts(room_parts, settings)
    bootstrap(parts, Beginnings(ADMIN_PASSWORD, SERVICE_PASSWORD, catalogue=CATALOGUE))
    application = room_of(parts).application
    caller = InProcessCaller(application, script_name="/identity", host="cloud")
    return House(parts, clock, bus, caller, application)
