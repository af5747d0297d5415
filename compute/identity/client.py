"""What other rooms know of identity: who a token stands for, our own, and look-ups.

``IdentityTokens`` asks identity about a token once and believes the answer for
``CACHE_SECONDS``, or until identity tells on the bus that something was revoked.
Without a token of its own it shows identity the very token that it asks about: a
token may always look at itself.  ``ServiceTokens`` signs the house's own services
in and renews in time.  ``IdentityLookup`` finds names, ids and EC2 keys.

All of it speaks HTTP through a ``Caller``: to the room in this process or elsewhere.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from compute.core.access_rules import AccessRule
from compute.core.bus import Bus
from compute.core.context import RequestContext, TokenSource
from compute.core.errors import Unauthorized
from compute.core.instants import parse_iso
from objectstore.client.caller import Answer, Caller
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

# Identity publishes here whenever a token may have ended before its time.
REVOKED_TOPIC = "identity.revoked"
# How long a revoked token may still work in a process that no bus reaches.
CACHE_SECONDS = 30.0
CACHE_SIZE = 10_000  # clients in use at one time; about 1 KiB each
# A wrong token is asked about again soon: it may have been asked for too early.
REFUSED_SECONDS = 5.0
REFUSED_SIZE = 1_000
# Well over ours; stops nonsense before it goes over a wire.
TOKEN_CHARACTERS_MAX = 8192
# A service's token is renewed when it has less than this left...
RENEW_SECONDS = 600.0
# ... and is used as long as it has this much left when identity is away.
LAST_SECONDS = 30.0
TIMEOUT_SECONDS = 10.0

_TOKENS = "/v3/auth/tokens"
_log = logging.getLogger("compute.identity.client")


class IdentityTokens:
    """A ``TokenChecker`` that asks identity."""

    def __init__(
        self,
        caller: Caller,
        clock: Clock,
        *,
        service: TokenSource | None = None,
        bus: Bus | None = None,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        """``service``: whose token the questions are asked with; None: with the
        token itself.  ``bus``: where revocations are heard of at once."""
        self._caller = caller
        self._clock = clock
        self._service = service
        self._cache_seconds = cache_seconds
        self._known: dict[str, tuple[float, RequestContext]] = {}
        self._refused: dict[str, float] = {}
        if bus is not None:
            bus.subscribe(REVOKED_TOPIC, lambda message: self.forget())

    def forget(self) -> None:
        """Ask anew about every token."""
        self._known.clear()

    def check(self, token: str, request_id: str) -> RequestContext:
        """See ``TokenChecker.check``."""
        now = self._clock.time()
        known = self._known.get(token)
        if known is None or known[0] <= now:
            known = self._ask(token, now)
        return dataclasses.replace(known[1], request_id=request_id)

    def _ask(self, token: str, now: float) -> tuple[float, RequestContext]:
        if self._refused.get(token, 0.0) > now:
            raise Unauthorized()
        self._known.pop(token, None)
        body = self._validated(token)
        if body is None:
            _bound(self._refused, REFUSED_SIZE)
            self._refused[token] = now + REFUSED_SECONDS
            raise Unauthorized()
        context = context_of(body, token)
        if context.expires_at <= now:
            raise Unauthorized()
        known = (min(now + self._cache_seconds, context.expires_at), context)
        _bound(self._known, CACHE_SIZE)
        self._known[token] = known
        return known

    def _validated(self, token: str) -> Mapping[str, Any] | None:
        if not (token.isascii() and token.isprintable() and " " not in token):
            return None
        if len(token) > TOKEN_CHARACTERS_MAX:
            return None
        asker = token if self._service is None else self._service.token()
        headers = {
            "X-Auth-Token": asker,
            "X-Subject-Token": token,
            # We keep to the access rules of restricted credentials.
            "OpenStack-Identity-Access-Rules": "1",
        }
        with self._caller.request(
            "GET", f"{_TOKENS}?nocatalog", headers, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status == 200:
                found: Mapping[str, Any] = _member(answer, "token")
                return found
            if answer.status == 404 or (answer.status == 401 and asker == token):
                return None
            raise Unavailable(f"identity answers {answer.status} about a token")


def context_of(
    token: Mapping[str, Any], text: str, request_id: str = ""
) -> RequestContext:
    """The caller that the ``token`` object of identity's reply describes."""
    user = token["user"]
    project: Mapping[str, Any] = token.get("project") or {}
    rules = (token.get("application_credential") or {}).get("access_rules")
    return RequestContext(
        request_id=request_id,
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        project_id=project.get("id", ""),
        project_name=project.get("name", ""),
        project_domain_id=(project.get("domain") or {}).get("id") or "",
        domain_id=(token.get("domain") or {}).get("id", ""),
        system_scope="all" if (token.get("system") or {}).get("all") else "",
        roles=frozenset(role["name"].lower() for role in token.get("roles", ())),
        expires_at=parse_iso(token["expires_at"]),
        token=text,
        access_rules=None
        if rules is None
        else tuple(
            AccessRule(rule["service"], rule["method"], rule["path"]) for rule in rules
        ),
    )


@dataclass(frozen=True, slots=True)
class ServiceCredentials:
    """How a service of ours signs in."""

    password: str = field(repr=False)
    user: str = "ringstack"
    project: str = "service"
    domain_id: str = "default"

    def request(self) -> dict[str, Any]:
        """The body that asks for a token of the service's project."""
        domain = {"id": self.domain_id}
        user = {"name": self.user, "domain": domain, "password": self.password}
        return {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": self.project, "domain": domain}},
            }
        }


class ServiceTokens:
    """A ``TokenSource`` for one service user."""

    def __init__(
        self, caller: Caller, credentials: ServiceCredentials, clock: Clock
    ) -> None:
        self._caller = caller
        self._credentials = credentials
        self._clock = clock
        self._token = ""
        self._expires = 0.0
        self._renewing = concurrency.Semaphore(1)

    def token(self) -> str:
        """See ``TokenSource.token``."""
        if self._left() > RENEW_SECONDS:
            return self._token
        with self._renewing:
            if self._left() <= RENEW_SECONDS:
                self._renew()
            return self._token

    def discard(self, token: str) -> None:
        """That token was refused: get another one for the next call."""
        if token == self._token:
            self._expires = 0.0

    def _left(self) -> float:
        return self._expires - self._clock.time()

    def _renew(self) -> None:
        try:
            self._sign_in()
        except Unavailable as error:
            if self._left() < LAST_SECONDS:
                raise
            _log.warning("the service's token is not renewed: %s", error)

    def _sign_in(self) -> None:
        body = orjson.dumps(self._credentials.request())
        headers = {"Content-Type": "application/json"}
        with self._caller.request(
            "POST", f"{_TOKENS}?nocatalog", headers, body, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status != 201:
                user = self._credentials.user
                raise Unavailable(f"identity answers {answer.status} to user {user}")
            token = answer.headers.get("x-subject-token", "")
            self._expires = parse_iso(_member(answer, "token")["expires_at"])
            self._token = token


@dataclass(frozen=True, slots=True)
class Ec2Key:
    """An access key, and for whom it signs."""

    access: str
    secret: str = field(repr=False)
    user_id: str
    project_id: str


class IdentityLookup:
    """Asks identity with the service's token.  All raise ``Unavailable``."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._caller = caller
        self._service = service

    def user(self, user_id: str) -> Mapping[str, Any] | None:
        """The user as the API shows him; None when there is none."""
        return self._one(f"/v3/users/{quote(user_id, safe='')}", "user")

    def project(self, project_id: str) -> Mapping[str, Any] | None:
        """The project as the API shows it; None when there is none."""
        return self._one(f"/v3/projects/{quote(project_id, safe='')}", "project")

    def user_named(self, name: str, domain_id: str) -> Mapping[str, Any] | None:
        """The user of that name in that domain."""
        return self._named("users", name, domain_id)

    def project_named(self, name: str, domain_id: str) -> Mapping[str, Any] | None:
        """The project of that name in that domain."""
        return self._named("projects", name, domain_id)

    def ec2_key(self, access: str) -> Ec2Key | None:
        """The key with its secret; None when there is none."""
        query = urlencode({"type": "ec2", "access": access})
        found = self._get(f"/v3/credentials?{query}", "credentials") or []
        for credential in found:
            blob = orjson.loads(credential["blob"])
            if blob.get("access") == access:
                return Ec2Key(
                    access,
                    blob["secret"],
                    credential["user_id"],
                    credential["project_id"],
                )
        return None

    def _named(self, kind: str, name: str, domain_id: str) -> Mapping[str, Any] | None:
        query = urlencode({"name": name, "domain_id": domain_id})
        found: list[Mapping[str, Any]] = self._get(f"/v3/{kind}?{query}", kind) or []
        return found[0] if found else None

    def _one(self, path: str, name: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._get(path, name)
        return found

    def _get(self, path: str, name: str) -> Any:
        """None for a 404."""
        headers = {"X-Auth-Token": self._service.token()}
        with self._caller.request(
            "GET", path, headers, timeout=TIMEOUT_SECONDS
        ) as answer:
            if answer.status == 200:
                return _member(answer, name)
            if answer.status == 404:
                return None
            raise Unavailable(f"identity answers {answer.status} to a look-up")


def _member(answer: Answer, name: str) -> Any:
    value = answer.json()
    if not isinstance(value, dict) or name not in value:
        raise Unavailable("identity answers with something else than was asked for")
    return value[name]


def _bound(cache: dict[str, Any], size: int) -> None:
    """Make room for one more: the oldest goes."""
    while len(cache) >= size:
        del cache[next(iter(cache))]
