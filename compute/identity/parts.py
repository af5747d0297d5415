"""What identity's operations work with, and what all of them do alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import Forbidden
from compute.core.identifiers import Identifiers
from compute.core.keys.repository import KeyRepository
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database
from compute.core.sql.event_log import EventLog
from compute.core.sql.room_database import RoomDatabase
from compute.identity import tables
from compute.identity.federation.operator_file import ProviderSettings
from compute.identity.passwords import Passwords
from compute.identity.policies import NOT_BY_DOMAINS
from compute.identity.settings import IdentitySettings
from compute.identity.tokens.service import TokenService
from objectstore.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Parts(RoomDatabase):
    """One room's parts."""

    database: Database
    clock: Clock
    identifiers: Identifiers
    settings: IdentitySettings
    policy: Policy
    passwords: Passwords
    tokens: TokenService
    credential_keys: KeyRepository
    events: EventLog = EventLog(tables.events)
    # By identity provider and protocol, as the operator's file has them.
    providers: Mapping[tuple[str, str], ProviderSettings] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds since the epoch, to the microsecond: tokens hold no less, and must
        say the same of themselves whenever they are asked."""
        return round(self.clock.time(), 6)

    def allows(
        self, context: RequestContext, rule: str, target: Mapping[str, Any]
    ) -> bool:
        """Whether the token's scope is one for this, and the policy says yes."""
        if context.domain_id and rule in NOT_BY_DOMAINS:
            return False
        return self.policy.allows(context, rule, target)

    def enforce(
        self, context: RequestContext, rule: str, target: Mapping[str, Any]
    ) -> None:
        """Raise ``Forbidden`` when the caller may not."""
        if not self.allows(context, rule, target):
            raise forbidden(rule)

    def note(
        self,
        connection: Connection,
        context: RequestContext,
        kind: str,
        subject_id: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down who did what, in the transaction of what he did."""
        self.events.append(connection, context, self.now(), kind, subject_id, facts)


def forbidden(rule: str) -> Forbidden:
    """The error for what the policy refuses."""
    return Forbidden(f"You are not authorized to perform the requested action: {rule}.")
