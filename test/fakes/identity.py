"""An identity service that knows a few tokens and keys by heart (Keystone v3).

Answers what clients of identity ask: ``GET``/``HEAD``/``POST /v3/auth/tokens``,
``GET /v3/credentials/ID``, ``POST /v3/s3tokens``.  A WSGI application.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import orjson

from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, Request, StartResponse

FAR = "2099-01-01T00:00:00.000000Z"
SERVICE_TOKEN = "the-service-token"


def token_of(
    user: str,
    project: str,
    roles: Iterable[str],
    *,
    domain: str = "default",
    expires: str = FAR,
    access_rules: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """The ``token`` object; ids are names with ``-id`` behind."""
    body: dict[str, Any] = {
        "user": {"id": f"{user}-id", "name": user, "domain": {"id": domain}},
        "roles": [{"id": f"{role}-id", "name": role} for role in roles],
        "expires_at": expires,
    }
    if project:
        body["project"] = {
            "id": f"{project}-id",
            "name": project,
            "domain": {"id": domain},
        }
    if access_rules is not None:
        body["application_credential"] = {"access_rules": access_rules}
    return body


class FakeIdentity:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.tokens: dict[str, dict[str, Any]] = {
            SERVICE_TOKEN: token_of("ringstack", "service", ["service", "admin"])
        }
        # By access key: secret, the ``token`` object of its user.
        self.keys: dict[str, tuple[str, dict[str, Any]]] = {}
        self.service_password = "secret"
        self.asked: list[str] = []
        self.is_down = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        request = Request(environ)
        self.asked.append(f"{request.method} {request.path}")
        status, body = (503, {}) if self.is_down else self._answer(request)
        reply = Reply(status, orjson.dumps(body), content_type="application/json")
        if request.method == "POST" and status == 201:
            reply.set_header("X-Subject-Token", SERVICE_TOKEN)
        if request.method == "HEAD":
            reply.body = ()
        return reply(environ, start_response)

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.path == "/v3/auth/tokens" and request.method == "POST":
            return self._sign_in(request)
        asker = self.tokens.get(request.header("X-Auth-Token"))
        if asker is None:
            return 401, {}
        if request.path == "/v3/auth/tokens":
            found = self.tokens.get(request.header("X-Subject-Token"))
            return (404, {}) if found is None else (200, {"token": found})
        if not any(role["name"] == "service" for role in asker["roles"]):
            return 403, {}
        if request.path == "/v3/s3tokens":
            return self._signed(request)
        return self._credential(request.path.rsplit("/", 1)[-1])

    def _sign_in(self, request: Request) -> tuple[int, Any]:
        body = orjson.loads(request.read_small_body(65536))
        user = body["auth"]["identity"]["password"]["user"]
        if user["password"] != self.service_password:
            return 401, {}
        return 201, {"token": self.tokens[SERVICE_TOKEN]}

    def _signed(self, request: Request) -> tuple[int, Any]:
        wanted = orjson.loads(request.read_small_body(65536))["credentials"]
        if wanted["access"] not in self.keys:
            return 401, {}
        secret, token = self.keys[wanted["access"]]
        text = base64.urlsafe_b64decode(wanted["token"])
        made = base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()
        return (200, {"token": token}) if made == wanted["signature"] else (401, {})

    def _credential(self, identifier: str) -> tuple[int, Any]:
        for access, (secret, token) in self.keys.items():
            if hashlib.sha256(access.encode()).hexdigest() == identifier:
                blob = orjson.dumps({"access": access, "secret": secret}).decode()
                credential = {
                    "type": "ec2",
                    "blob": blob,
                    "user_id": token["user"]["id"],
                    "project_id": token["project"]["id"],
                }
                return 200, {"credential": credential}
        return 404, {}
