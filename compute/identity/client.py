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
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from compute.core.bus import Bus
from compute.core.context import RequestContext, TokenSource
from compute.core.errors import Unauthorized
from objectstore.client.access_rules import AccessRule
from objectstore.client.caller import Caller
from objectstore.client.identity import (
    CACHE_SECONDS,
    TIMEOUT_SECONDS,
    KnownTokens,
    ServiceCredentials,
    ServiceTokens,
    member,
    moment,
)
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

__all__ = [
    "REVOKED_TOPIC",
    "Ec2Key",
    "IdentityLookup",
    "IdentityTokens",
    "ServiceCredentials",
    "ServiceTokens",
    "context_of",
]

# Identity publishes here whenever a token may have ended before its time.
REVOKED_TOPIC = "identity.revoked"


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
        self._known = KnownTokens(
            caller, clock, context_of, service=service, cache_seconds=cache_seconds
        )
        if bus is not None:
            bus.subscribe(REVOKED_TOPIC, lambda message: self.forget())

    def forget(self) -> None:
        """Ask anew about every token."""
        self._known.forget()

    def check(self, token: str, request_id: str) -> RequestContext:
        """See ``TokenChecker.check``."""
        known = self._known.find(token)
        if known is None:
            raise Unauthorized()
        return dataclasses.replace(known, request_id=request_id)


def context_of(token: Mapping[str, Any], text: str) -> RequestContext:
    """The caller that the ``token`` object of identity's reply describes."""
    user = token["user"]
    project: Mapping[str, Any] = token.get("project") or {}
    rules = (token.get("application_credential") or {}).get("access_rules")
    return RequestContext(
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        project_id=project.get("id", ""),
        project_name=project.get("name", ""),
        project_domain_id=(project.get("domain") or {}).get("id") or "",
        domain_id=(token.get("domain") or {}).get("id", ""),
        system_scope="all" if (token.get("system") or {}).get("all") else "",
        roles=frozenset(role["name"].lower() for role in token.get("roles", ())),
        expires_at=moment(token["expires_at"]),
        token=text,
        access_rules=None
        if rules is None
        else tuple(
            AccessRule(rule["service"], rule["method"], rule["path"]) for rule in rules
        ),
    )


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
        # Identity keeps EC2 keys under the digest of their name.
        identifier = hashlib.sha256(access.encode()).hexdigest()
        found = self._get(f"/v3/credentials/{identifier}", "credential")
        if found is None or found["type"] != "ec2":
            return None
        secret = orjson.loads(found["blob"])["secret"]
        return Ec2Key(access, secret, found["user_id"], found["project_id"])

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
                return member(answer, name)
            if answer.status == 404:
                return None
            raise Unavailable(f"identity answers {answer.status} to a look-up")
