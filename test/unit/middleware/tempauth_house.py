"""The tempauth filter with some users, before an application that tells what it saw."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.middleware.auth.users import read_prefixes, read_users
from objectstore.middleware.tempauth import Tempauth, TempauthSettings
from test.fakes.swift_app import Client, Got, KnownFacts, SteppedClock, SwiftApp

USERS = {
    "user_admin_admin": "adminkey .admin .reseller_admin",
    "user_test_tester": "testing .admin",
    "user_test_reader": "readkey .reseller_reader",
    "user_test_tester3": "testing3",
    "user_test2_tester2": "testing2 .admin https://$HOST.example.com/v1/AUTH_two",
    "user64_dW5kZXJfc2NvcmU_YV9i": "testing4 .admin",
    "user_glance_glance": "glancekey .service",
}


class House:
    """A tempauth in front of a scripted server."""

    def __init__(self, users: dict[str, str] | None = None, **settings: Any) -> None:
        self.server = SwiftApp()
        self.clock = SteppedClock()
        self.facts = KnownFacts()
        settings.setdefault("token_secret", "cluster secret")
        lines = USERS if users is None else users
        made = TempauthSettings(
            **{k: v for k, v in settings.items() if not k.endswith("_require_group")}
        )
        prefixes = read_prefixes(made.reseller_prefix, {**settings, **lines})
        self.filter = Tempauth(
            self.server, made, prefixes, read_users(lines, prefixes), self.clock
        )
        self.client = Client(self.filter, self.facts)

    def login(self, user: str, key: str, **environ: Any) -> Got:
        headers = {"X-Auth-User": user, "X-Auth-Key": key}
        return self.client("GET", "/auth/v1.0", headers, **environ)

    def token(self, user: str = "test:tester", key: str = "testing") -> str:
        return self.login(user, key).headers["X-Auth-Token"]

    def status(
        self,
        method: str,
        path: str,
        token: str = "",
        rules: AccessRules | None = None,
        **headers: str,
    ) -> int:
        self.server.rules = {path: rules or AccessRules()}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["X-Auth-Token"] = token
        try:
            return self.client(method, path, named).status
        except Rejected as error:
            return error.status
