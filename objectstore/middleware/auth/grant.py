"""The token endpoint: name and key in, token and storage URL out.

``GET /auth/v1.0`` (also ``/auth/v1``, ``/auth/auth``) with ``X-Auth-User`` (or
``X-Storage-User``) ``account:user`` and ``X-Auth-Key`` (or ``X-Storage-Pass``); or
``GET /auth/v1/ACCOUNT/auth``, where the user may come without the account.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

import orjson

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Request
from objectstore.middleware.auth.challenge import challenge
from objectstore.middleware.auth.tokens import Tokens
from objectstore.middleware.auth.users import HOST, User

# An unknown user is compared with this, so that it takes as long as a known one.
_NOBODY_KEY = hashlib.sha256(b"nobody").digest()


def unauthorized(realm: str) -> Rejected:
    """The 401 that tells clients to get a token."""
    return Rejected(401, headers=(("WWW-Authenticate", challenge(realm)),))


class Grant:
    """Answers requests below the auth prefix."""

    __slots__ = ("_clock", "_life_seconds", "_scheme", "_tokens", "_users")

    def __init__(
        self,
        users: Mapping[str, User],
        tokens: Tokens,
        clock: Clock,
        life_seconds: float,
        storage_url_scheme: str,
    ) -> None:
        self._users = users
        self._tokens = tokens
        self._clock = clock
        self._life_seconds = life_seconds
        self._scheme = storage_url_scheme

    def answer(self, request: Request, path: str) -> Reply:
        """The reply to a request for ``path`` (below the prefix).  Raises Rejected."""
        if request.method != "GET":
            raise Rejected(405, headers=(("Allow", "GET"),))
        user = self._authenticated(*_credentials(request, path.strip("/").split("/")))
        token, expires = self._tokens.grant(user, self._life_seconds)
        url = self._storage_url(request, user)
        headers: HeaderList = [
            ("X-Auth-Token", token),
            ("X-Storage-Token", token),
            ("X-Storage-Url", url),
            ("X-Auth-Token-Expires", str(int(expires - self._clock.time()))),
            # Tokens must not be kept by anything between us and the client.
            ("Cache-Control", "no-store"),
        ]
        body = orjson.dumps({"storage": {"default": "local", "local": url}})
        return Reply(200, body, headers, "application/json; charset=UTF-8")

    def _authenticated(self, account: str, user: str, key: str) -> User:
        found = self._users.get(f"{account}:{user}")
        wanted = _NOBODY_KEY
        if found is not None:
            wanted = hashlib.sha256(found.key.encode()).digest()
        given = hashlib.sha256(key.encode()).digest()
        matches = hmac.compare_digest(wanted, given)
        if found is None or not matches:
            raise unauthorized(account)
        return found

    def _storage_url(self, request: Request, user: User) -> str:
        url = user.storage_url.replace(HOST, host_url(request))
        if self._scheme != "default":
            url = f"{self._scheme}:{url.partition(':')[2]}"
        return url


def host_url(request: Request) -> str:
    """Scheme and host as the client used them."""
    environ = request.environ
    scheme = environ.get("wsgi.url_scheme", "http")
    host = environ.get("HTTP_HOST", "")
    # A host that is no host must not end up in a header that clients follow.
    if not host or not all(c.isalnum() or c in "-._:[]" for c in host):
        host = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    return f"{scheme}://{host}"


def _credentials(request: Request, parts: list[str]) -> tuple[str, str, str]:
    """(account, user, key) of the request; 401 when incomplete, 400 elsewhere."""
    names = ("X-Auth-User", "X-Storage-User")
    keys = ("X-Auth-Key", "X-Storage-Pass")
    if len(parts) == 3 and parts[0] == "v1" and parts[2] == "auth":
        account = parts[1]
        user = _first(request, names[::-1])
        if ":" in user:
            stated, _, user = user.partition(":")
            if stated != account:
                raise unauthorized(account)
        key = _first(request, keys[::-1])
    elif len(parts) == 1 and parts[0] in ("v1.0", "v1", "auth"):
        account, _, user = _first(request, names).partition(":")
        key = _first(request, keys)
    else:
        raise Rejected(400)
    if not (account and user and key):
        raise unauthorized(account)
    return account, user, key


def _first(request: Request, names: tuple[str, ...]) -> str:
    for name in names:
        value = request.header(name)
        if value:
            # The X-Auth-* ones may be URL-quoted, the X-Storage-* ones are not.
            return unquote(value) if name.startswith("X-Auth") else value
    return ""
