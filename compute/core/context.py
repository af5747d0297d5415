"""Who asks, and with what rights: one record for each API call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from objectstore.client.access_rules import AccessRule


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The caller as his token describes him.

    Ids are identity's (32 hexadecimal digits).  At most one scope is set: a project,
    a domain, or the system; none in an unscoped token.  ``roles`` are names in
    lower case, with those that they imply.
    """

    request_id: str = ""
    user_id: str = ""
    user_name: str = ""
    user_domain_id: str = ""
    project_id: str = ""
    project_name: str = ""
    project_domain_id: str = ""
    domain_id: str = ""
    system_scope: str = ""
    roles: frozenset[str] = frozenset()
    # Seconds since the epoch.
    expires_at: float = 0.0
    token: str = field(default="", repr=False)  # a secret: never in a log line
    # What an application credential is restricted to; None: it, or the user, is not.
    access_rules: tuple[AccessRule, ...] | None = None

    def has_role(self, name: str) -> bool:
        """Whether the role, or one that implies it, was given in this scope."""
        return name in self.roles


class TokenChecker(Protocol):
    """Turns a token into the caller that it stands for."""

    def check(self, token: str, request_id: str) -> RequestContext:
        """The caller.  Raises ``Unauthorized`` for a token that is not, or no
        longer, good; ``Unavailable`` when nobody can say."""


class TokenSource(Protocol):
    """Gives the house's own services a token to call each other with."""

    def token(self) -> str:
        """A token that is good for some minutes at least; ``Unavailable``."""
