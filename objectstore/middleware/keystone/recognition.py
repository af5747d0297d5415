"""Who a token or an S3 access key stands for: identity's answers, kept for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objectstore.client.caller import Caller
from objectstore.client.identity import KnownTokens
from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.middleware.keystone.people import (
    Person,
    RoleMeaning,
    identity_of,
    person_of,
)
from objectstore.middleware.keystone.signers import ServiceUser, Signers


class Recognition:
    """One identity service, asked.  ``Unavailable`` when it cannot be."""

    def __init__(
        self,
        caller: Caller,
        clock: Clock,
        meaning: RoleMeaning,
        user: ServiceUser,
        cache_seconds: float,
    ) -> None:
        self._meaning = meaning
        self._tokens = KnownTokens(
            caller,
            clock,
            lambda token, _: person_of(token, meaning.default_domain_id),
            cache_seconds=cache_seconds,
        )
        self._signers = Signers(caller, user, clock, self._signer, cache_seconds)

    def forget(self) -> None:
        """Tokens were revoked: believe none any more, nor any key."""
        self._tokens.forget()
        self._signers.forget()

    def person(self, token: str) -> Person | None:
        """Whose token it is; None when it is not good."""
        return self._tokens.find(token)

    def identity(self, person: Person, service_token: str | None) -> Identity:
        """What he may do, and what a service that vouches for him adds."""
        service = self.person(service_token) if service_token else None
        vouching = frozenset() if service is None else service.roles
        return identity_of(person, self._meaning, vouching)

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        """Who an S3 access key stands for, and its secret."""
        return self._signers.find(access_key)

    def _signer(self, token: Mapping[str, Any]) -> Identity:
        person = person_of(token, self._meaning.default_domain_id)
        return identity_of(person, self._meaning)
