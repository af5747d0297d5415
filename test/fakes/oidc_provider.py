"""An OpenID provider over HTTP: discovery, keys, every grant that clients of ours use.

It signs with real keys and knows its people and clients by their secrets.  Tests may
sign what an honest provider would not (``sign``), and change its keys (``rotate``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

LIFE_SECONDS = 600
SILENCE_SECONDS_MAX = 30
CLIENT, SECRET = "ringstack", "the client's secret / with + signs"
GRANTS = (
    "authorization_code",
    "password",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
)


@dataclass
class Person:
    """Somebody whom it knows."""

    password: str
    claims: dict[str, Any]


@dataclass
class OidcProvider:
    """The provider; ``url`` is its issuer.  ``people`` by user name.  It may be silent
    about its keys, and refuse to tell of users."""

    url: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=lambda: {CLIENT: SECRET})
    now: Callable[[], float] = time.time
    asked: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    tells_of_users: bool = True
    tells_keys: threading.Event = field(default_factory=threading.Event)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _opaque: dict[str, dict[str, Any]] = field(default_factory=dict)
    _key: RSAKey = field(init=False)

    def __post_init__(self) -> None:
        self.tells_keys.set()
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key, and publish no other."""
        name = secrets.token_hex(4)
        self._key = RSAKey.generate_key(2048, {"kid": name, "use": "sig"})

    @property
    def keys(self) -> dict[str, Any]:
        """What it publishes."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def sign(self, claims: Mapping[str, Any], key: Any = None, **header: Any) -> str:
        """A token that says that, by its own key unless told otherwise."""
        by = key or self._key
        head = {"alg": "RS256", "kid": self._key.kid, **header}
        return jwt.encode(head, dict(claims), by, algorithms=[head["alg"]])

    def token_for(self, name: str, /, **changes: Any) -> str:
        """An access token of somebody's, with some claims changed; None: left out."""
        claims = {**self._claims(self.people[name].claims), **changes}
        return self.sign(
            {key: value for key, value in claims.items() if value is not None}
        )

    def opaque_token_for(self, name: str) -> str:
        """An access token that says nothing by itself."""
        token = secrets.token_urlsafe(24)
        claims = self._claims(self.people[name].claims)
        self._opaque[token] = {"active": True, "client_id": CLIENT, **claims}
        return token

    def code_for(self, name: str, query: Mapping[str, str]) -> str:
        """An authorization code for what was asked at the authorization endpoint."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = {**query, "person": name}
        return code

    def _claims(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        now = int(self.now())
        ends = now + LIFE_SECONDS
        return {"iss": self.url, "aud": CLIENT, "iat": now, "exp": ends, **claims}

    # ---- endpoints ---------------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        """The document of its endpoints."""
        ends = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
            "introspection_endpoint": "introspect",
            "userinfo_endpoint": "userinfo",
            "device_authorization_endpoint": "device",
        }
        urls = {name: f"{self.url}/{path}" for name, path in ends.items()}
        grants = {"grant_types_supported": list(GRANTS)}
        return {"issuer": self.url, **urls, **grants, **self.metadata}

    def token(self, form: Mapping[str, str], client: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        grant, person, more = form.get("grant_type"), None, {}
        if grant == "password":
            known = self.people.get(form.get("username", ""))
            if known is not None and known.password == form.get("password"):
                person = known.claims
        elif grant == "client_credentials":
            person = {"sub": client, "preferred_username": client}
        elif grant == "authorization_code":
            asked = self._codes.pop(form.get("code", ""), {})
            if self._is_redeemed(asked, form, client):
                person = self.people[asked["person"]].claims
                more = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        elif grant and grant.endswith("device_code"):
            asked = self._codes.pop(form.get("device_code", ""), {})
            if asked:
                person = self.people[asked["person"]].claims
        if person is None:
            return 400, {"error": "invalid_grant"}
        claims = self._claims(person)
        return 200, {
            "access_token": self.sign(claims, typ="at+jwt"),
            "id_token": self.sign({**claims, "aud": client, **more}),
            "token_type": "Bearer",
            "expires_in": LIFE_SECONDS,
        }

    def _is_redeemed(
        self, asked: Mapping[str, str], form: Mapping[str, str], client: str
    ) -> bool:
        if not asked or asked.get("client_id", client) != client:
            return False
        if asked.get("redirect_uri") != form.get("redirect_uri"):
            return False
        raw = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return asked.get("code_challenge", challenge) == challenge

    def device(self) -> dict[str, Any]:
        """The device endpoint; somebody allows it at once."""
        code = self.code_for(next(iter(self.people)), {})
        return {
            "device_code": code,
            "user_code": "ABCD-EFGH",
            "verification_uri": f"{self.url}/activate",
            "verification_uri_complete": f"{self.url}/activate?c=ABCD-EFGH",
            "expires_in": 60,
            "interval": 1,
        }

    def introspect(self, token: str) -> dict[str, Any]:
        """What an opaque token stands for."""
        return self._opaque.get(token, {"active": False})

    def userinfo(self, token: str) -> dict[str, Any]:
        """What it tells of the owner of an access token."""
        claims = jwt.decode(token, self._key, algorithms=["RS256"]).claims
        return {"sub": claims["sub"], "groups": ["from-userinfo"]}


def _handler(provider: OidcProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                self._say(200, provider.discovery())
            elif parts.path == "/keys":
                provider.tells_keys.wait(SILENCE_SECONDS_MAX)
                self._say(200, provider.keys)
            elif parts.path == "/userinfo":
                bearer = self.headers.get("Authorization", "").partition(" ")[2]
                if provider.tells_of_users:
                    self._say(200, provider.userinfo(bearer))
                else:
                    self._send(401, "text/plain", b"no")
            elif parts.path == "/authorize":
                kind = "text/html; charset=utf-8"
                self._send(200, kind, _form(parts.query).encode())
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = dict(parse_qsl(raw.decode()))
            if parts.path == "/authorize":
                self._authorize(form)
                return
            client = self._client(form)
            if not client:
                self._say(401, {"error": "invalid_client"})
            elif parts.path == "/token":
                self._say(*provider.token(form, client))
            elif parts.path == "/introspect":
                self._say(200, provider.introspect(form.get("token", "")))
            elif parts.path == "/device":
                self._say(200, provider.device())
            else:
                self._say(404, {})

        def _client(self, form: Mapping[str, str]) -> str:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
            given = self.headers.get("Authorization", "")
            if given.startswith("Basic "):
                pair = base64.b64decode(given[6:]).decode()
                name, _, secret = pair.partition(":")
                # Clients of the field send the pair as it is.
                if provider.clients.get(name) != secret:
                    name, secret = unquote(name), unquote(secret)
            return name if provider.clients.get(name) == secret else ""

        def _authorize(self, form: Mapping[str, str]) -> None:
            query = dict(parse_qsl(form["query"]))
            known = provider.people.get(form["username"])
            if known is None or known.password != form["password"]:
                answer = {"error": "access_denied"}
            else:
                answer = {"code": provider.code_for(form["username"], query)}
            answer["state"] = query["state"]
            self.send_response(302)
            to = f"{query['redirect_uri']}?{urlencode(answer)}"
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _say(self, status: int, document: Any) -> None:
            self._send(status, "application/json", json.dumps(document).encode())

        def _send(self, status: int, kind: str, raw: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    return Handler


def _form(query: str) -> str:
    assert "redirect_uri" in parse_qs(query)
    return f"""<!doctype html><html lang="en"><title>Provider</title>
<link rel="icon" href="data:,"><main><h1>Who are you?</h1>
<form class="form" method="post" action="/authorize">
<input type="hidden" name="query" value="{escape(query)}">
<label>Name <input name="username"></label>
<label>Password <input name="password" type="password"></label>
<button>Go on</button></form></main></html>"""


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    """A provider on a free port of loopback, with Ann, who is in the group staff."""
    provider = OidcProvider()
    claims = {
        "sub": "1001",
        "preferred_username": "ann",
        "email": "ann@example.org",
        "groups": ["staff", "everybody"],
    }
    provider.people["ann"] = Person("the provider's password", claims)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
