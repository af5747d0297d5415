"""What other rooms know of identity: who a token stands for, and our own tokens.

``IdentityTokens`` asks identity about a token once and believes the answer for
``CACHE_SECONDS``, or until identity tells on the bus that something was revoked.
Without a token of its own it shows identity the very token that it asks about: a
token may always look at itself.  ``ServiceTokens`` signs the house's own services
in and renews in time.

All of it speaks HTTP through a ``Caller``: to the room in this process or elsewhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.core.bus import Bus
from compute.core.context import RequestContext, TokenSource
from compute.core.errors import Unauthorized
from objectstore.client.access_rules import AccessRule
from objectstore.client.caller import Caller
from objectstore.client.identity import (
    CACHE_SECONDS,
    KnownTokens,
    ServiceCredentials,
    ServiceTokens,
    moment,
)
from objectstore.kernel.clock import Clock

__all__ = [
    "REVOKED_TOPIC",
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
