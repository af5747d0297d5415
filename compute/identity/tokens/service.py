"""Tokens as the room uses them: issue, validate, revoke, check."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.errors import NotFound, Unauthorized
from compute.core.sql.database import Connection, Database
from compute.identity.client import REVOKED_TOPIC
from compute.identity.federation.subjects import enabled_service_providers
from compute.identity.settings import IdentitySettings
from compute.identity.store.endpoint_filter import endpoints_of
from compute.identity.store.subjects import endpoints, services
from compute.identity.tokens import revocation
from compute.identity.tokens.body import known_of, token_body
from compute.identity.tokens.catalogue import catalogue
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.revocation import Revocations, Subject
from compute.identity.tokens.sealing import Sealer
from compute.identity.tokens.standing import Standing, standing_of
from objectstore.client.access_rules import AccessRule
from objectstore.kernel.clock import Clock

AUDIT_ID_BYTES = 16
# Time to look at a device and type what it shows.
RECEIPT_SECONDS = 300.0


class TokenService:
    """Issues and judges tokens; itself the room's ``TokenChecker``."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bus: Bus,
        sealer: Sealer,
        settings: IdentitySettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._sealer = sealer
        self._settings = settings
        self.revocations = Revocations(
            database,
            clock,
            refresh_seconds=settings.revocation_refresh,
            keep_seconds=settings.token_life + settings.allow_expired_window,
        )

    def seal(self, facts: TokenFacts) -> str:
        """The text of a new token."""
        return self._sealer.seal(facts)

    def give_receipt(
        self, user_id: str, methods: tuple[str, ...], earlier: TokenFacts | None
    ) -> TokenFacts:
        """Of methods that were right but not enough.  ``earlier``: the receipt that
        told some of them; this one ends with it."""
        now = self._clock.time()
        ends = now + RECEIPT_SECONDS
        if earlier is not None:
            ends = min(ends, earlier.expires_at)
        return TokenFacts(user_id, methods, now, ends, (new_audit_id(),))

    def seal_receipt(self, facts: TokenFacts) -> str:
        """The text of a receipt."""
        return self._sealer.seal_receipt(facts)

    def take_receipt(self, receipt: str) -> tuple[TokenFacts, Standing]:
        """What stands behind a good receipt; ``Unauthorized`` for any other."""
        return self._standing(self._sealer.open_receipt(receipt), 0.0)

    def open(self, token: str) -> TokenFacts:
        """What a token that was checked already says."""
        facts = self._sealer.open(token)
        if facts is None:
            raise Unauthorized()
        return facts

    def validate(
        self, token: str, *, allow_expired: bool = False
    ) -> tuple[TokenFacts, Standing]:
        """What stands behind a good token; ``Unauthorized`` for any other."""
        window = self._settings.allow_expired_window if allow_expired else 0.0
        return self._standing(self._sealer.open(token), window)

    def _standing(
        self, facts: TokenFacts | None, window: float
    ) -> tuple[TokenFacts, Standing]:
        now = self._clock.time()
        if facts is None:
            raise Unauthorized()
        if facts.expires_at + window <= now:
            raise Unauthorized()
        good = facts
        standing = self._database.read(
            lambda connection: standing_of(connection, good, now)
        )
        if self.revocations.is_revoked(facts, standing.domain_ids):
            raise Unauthorized()
        return facts, standing

    def check(self, token: str, request_id: str) -> RequestContext:
        """See ``TokenChecker.check``."""
        facts, standing = self.validate(token)
        return _context(facts, standing, token, request_id)

    def body(
        self, facts: TokenFacts, standing: Standing, *, with_catalogue: bool
    ) -> dict[str, Any]:
        """The token as the API shows it."""
        shown = None
        if with_catalogue and facts.scope:
            shown = self._database.read(
                lambda connection: catalogue_of(connection, facts)
            )
        document = token_body(facts, standing, shown)
        others = self._database.read(enabled_service_providers)
        if others:
            document["service_providers"] = others
        return {"token": document}

    def revoke_one(self, facts: TokenFacts) -> None:
        """End this token."""
        subject = Subject(revocation.TOKEN, facts.audit_ids[0])
        now = self._clock.time()
        self._database.run(
            lambda connection: revocation.revoke(connection, subject, now)
        )
        self.tell_revoked()

    def tell_revoked(self) -> None:
        """After the commit: here and elsewhere, forget what was believed."""
        self.revocations.refresh()
        self._bus.publish(REVOKED_TOPIC)


def catalogue_of(connection: Connection, facts: TokenFacts) -> list[dict[str, Any]]:
    """The catalogue for a token's scope; of a project that has endpoints of its own,
    these, and no service without one."""
    everything = endpoints.where(connection)
    found = None
    if facts.project_id:
        found = endpoints_of(connection, facts.project_id, everything)
    if found is None:
        return catalogue(services.where(connection), everything, known_of(facts))
    entries = catalogue(services.where(connection), found, known_of(facts))
    return [each for each in entries if each["endpoints"]]


def subject_not_found(
    validate: Callable[[], tuple[TokenFacts, Standing]],
) -> tuple[TokenFacts, Standing]:
    """A bad token that somebody asks *about* is a 404; his own was good."""
    try:
        return validate()
    except Unauthorized:
        raise NotFound("Could not find token.") from None


def new_audit_id() -> str:
    """Names one token in logs and revocations, and opens nothing."""
    raw = secrets.token_bytes(AUDIT_ID_BYTES)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _context(
    facts: TokenFacts, standing: Standing, token: str, request_id: str
) -> RequestContext:
    target, domain = standing.target, standing.target_domain
    is_project = target is not None and domain is not None
    rules = standing.access_rules
    return RequestContext(
        request_id=request_id,
        user_id=standing.user.id,
        user_name=standing.user.name,
        user_domain_id=standing.user_domain.id,
        project_id=facts.project_id,
        project_name=target.name if target is not None and is_project else "",
        project_domain_id=domain.id if domain is not None else "",
        domain_id=facts.domain_id,
        system_scope="all" if facts.scope == "system" else "",
        roles=frozenset(role.name.lower() for role in standing.roles),
        expires_at=facts.expires_at,
        token=token,
        access_rules=None
        if rules is None
        else tuple(AccessRule(rule.service, rule.method, rule.path) for rule in rules),
    )
