"""Signing in by a provider: from what it said to a token.

Whatever is wrong, a stranger hears the same 401; why is in the log, without tokens,
codes or claims.  A provider that does not answer is a 503.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection, Duplicate
from compute.identity import factors
from compute.identity.federation.arrivals import Arrival, arrive
from compute.identity.federation.claims import assertion_of
from compute.identity.federation.documents import ProviderDocuments
from compute.identity.federation.mapping import (
    Assertion,
    Mapped,
    Unmapped,
    map_attributes,
)
from compute.identity.federation.model import (
    AttributeMapping,
    IdentityProvider,
    Protocol,
    protocol_key,
)
from compute.identity.federation.operator_file import ProviderSettings
from compute.identity.federation.outside import Outside
from compute.identity.federation.signed_tokens import (
    Expected,
    NotForUs,
    check_claims,
    checked_claims,
)
from compute.identity.federation.subjects import (
    identity_providers,
    mappings,
    protocols,
    remote_ids_of,
)
from compute.identity.parts import Parts
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.service import new_audit_id
from compute.identity.tokens.standing import Standing, standing_of
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock

METHOD = "mapped"
# Of all patterns of a mapping together: some of them take for ever on some texts.
PATTERN_SECONDS = 0.5
_log = logging.getLogger("compute.identity.federation")


@dataclass(frozen=True, slots=True)
class Ways:
    """One provider of the operator's, as it is asked."""

    settings: ProviderSettings
    outside: Outside
    documents: ProviderDocuments

    @property
    def expected(self) -> Expected:
        """What its tokens must say."""
        known = self.settings
        return Expected(known.issuer, known.all_audiences, known.algorithms)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the API knows of a way in that is open now."""

    provider: IdentityProvider
    protocol: Protocol
    mapping: AttributeMapping
    remote_ids: tuple[str, ...]


class Federation:
    """Who may come by whom."""

    def __init__(
        self,
        parts: Parts,
        providers: Mapping[tuple[str, str], ProviderSettings],
    ) -> None:
        self._parts = parts
        self.ways: dict[tuple[str, str], Ways] = {}
        for key, settings in providers.items():
            outside = Outside(settings)
            documents = ProviderDocuments(settings.issuer, outside, parts.clock)
            self.ways[key] = Ways(settings, outside, documents)

    def opened(self, provider_id: str, name: str) -> tuple[Ways, Opened]:
        """The way in of that name; ``Unauthorized`` when it is not open."""
        ways = self.ways.get((provider_id, name))
        found = self._parts.read(
            lambda connection: _opened(connection, provider_id, name)
        )
        if ways is None or found is None:
            raise Unauthorized()
        return ways, found

    def by_bearer(
        self, provider_id: str, name: str, bearer: str
    ) -> tuple[TokenFacts, Standing]:
        """A token of ours for one of the provider's."""
        ways, opened = self.opened(provider_id, name)
        try:
            claims = self._claims_of(ways, bearer)
        except NotForUs as error:
            raise refused(provider_id, error) from None
        return self.admit(ways, opened, claims)

    def _claims_of(self, ways: Ways, bearer: str) -> Mapping[str, Any]:
        settings, now = ways.settings, self._parts.now()
        if bearer.count(".") == 2 or not settings.introspection:
            claims = checked_claims(bearer, ways.documents.keys_for, ways.expected, now)
        else:
            claims = self._introspected(ways, bearer, now)
        return self.with_userinfo(ways, claims, bearer) if settings.userinfo else claims

    def _introspected(self, ways: Ways, bearer: str, now: float) -> Mapping[str, Any]:
        url = ways.documents.endpoint("introspection_endpoint")
        fields = {"token": bearer, "token_type_hint": "access_token"}
        status, told = ways.outside.post(url, fields)
        if status != 200 or told.get("active") is not True:
            raise NotForUs("the provider says that it is not good")
        # What it need not say of its own token (RFC 7662, 2.2).
        said = {"iss": ways.settings.issuer, "aud": told.get("client_id"), **told}
        said.setdefault("exp", now + self._parts.settings.token_life)
        check_claims(said, ways.expected, now)
        return said

    def with_userinfo(
        self, ways: Ways, claims: Mapping[str, Any], access_token: str
    ) -> Mapping[str, Any]:
        """With what the provider tells of whoever has the access token; what was
        signed counts more."""
        url = ways.documents.endpoint("userinfo_endpoint")
        told = ways.outside.get_as(url, access_token)
        if told is None:
            raise NotForUs("nothing is told of the user to whoever has his token")
        if told.get("sub") != claims["sub"]:
            raise NotForUs("what is told of the user is of another one")
        return {**told, **claims}

    def admit(
        self, ways: Ways, opened: Opened, claims: Mapping[str, Any]
    ) -> tuple[TokenFacts, Standing]:
        """The token of whoever has these claims, which are checked."""
        parts, provider, protocol = self._parts, opened.provider, opened.protocol
        assertion = assertion_of(claims, ways.settings.claims_prefix)
        try:
            _check_remote_id(opened, assertion, ways.settings.issuer)
            mapped = _mapped(opened.mapping, assertion, parts.clock)
        except (Unmapped, NotForUs) as error:
            raise refused(provider.id, error) from None
        now = parts.now()

        def write(connection: Connection) -> Arrival:
            subject = claims["sub"]
            return arrive(connection, parts, provider, protocol, mapped, subject, now)

        try:
            arrival = parts.run(write)
        except Duplicate:
            # The same person has come for the first time twice at once.
            arrival = parts.run(write)
        if arrival.lost:
            parts.tokens.tell_revoked()
        if not factors.are_enough(arrival.user, (METHOD,)):
            raise refused(provider.id, NotForUs("the user's rules want more methods"))
        facts = TokenFacts(
            arrival.user.id,
            (METHOD,),
            now,
            now + parts.settings.token_life,
            (new_audit_id(),),
            provider_id=provider.id,
            protocol_id=protocol.name,
        )
        standing = parts.read(lambda connection: standing_of(connection, facts, now))
        _log.info("user %s came by %s", arrival.user.id, protocol.id)
        return facts, standing


def refused(provider_id: str, why: Exception) -> Unauthorized:
    """The same for all; why, in the log."""
    _log.warning("nobody is let in by %s: %s", provider_id, why)
    return Unauthorized()


def _opened(connection: Connection, provider_id: str, name: str) -> Opened | None:
    provider = identity_providers.find(connection, provider_id)
    protocol = protocols.find(connection, protocol_key(provider_id, name))
    if provider is None or not provider.enabled or protocol is None:
        return None
    mapping = mappings.find(connection, protocol.mapping_id)
    if mapping is None:
        return None
    known = remote_ids_of(connection, [provider_id])[provider_id]
    return Opened(provider, protocol, mapping, tuple(known))


def _check_remote_id(opened: Opened, assertion: Assertion, issuer: str) -> None:
    """Of a provider that has names it must be one of them that speaks."""
    if not opened.remote_ids:
        return
    attribute = opened.protocol.remote_id_attribute
    said = (issuer,) if attribute is None else assertion.get(attribute, ())
    if not set(said) & set(opened.remote_ids):
        raise NotForUs("its issuer is none of the provider's remote ids")


def _mapped(mapping: AttributeMapping, assertion: Assertion, clock: Clock) -> Mapped:
    left = PATTERN_SECONDS

    def search(pattern: str, text: str) -> bool:
        nonlocal left
        since = clock.monotonic()
        if left <= 0:
            raise Unmapped(f"the patterns take more than {PATTERN_SECONDS} s")
        try:
            found = regex.search(pattern, text, timeout=left, concurrent=True)
        except TimeoutError:
            raise Unmapped(f"the patterns take more than {PATTERN_SECONDS} s") from None
        left -= clock.monotonic() - since
        return found is not None

    outcome: Mapped = concurrency.offload(
        map_attributes, mapping.rules, assertion, search
    )
    return outcome
