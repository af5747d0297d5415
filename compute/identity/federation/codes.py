"""The authorization code flow (OpenID Connect Core 3.1, PKCE by RFC 7636), for a page
that people sign in on.

The page makes state, nonce and verifier, and keeps them for the person; we know the
client's secret, send people on, change the code for tokens and check the ID token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.federation.service import Federation, refused
from compute.identity.federation.signed_tokens import NotForUs, checked_claims
from compute.identity.federation.subjects import identity_providers, protocols
from compute.identity.parts import Parts
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.standing import Standing


@dataclass(frozen=True, slots=True)
class Choice:
    """A way in that a page may offer."""

    provider_id: str
    protocol_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a page sends somebody away with; ``challenge``: of the PKCE verifier."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Return:
    """What somebody came back with, and what the page had kept."""

    redirect_uri: str
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


def choices(federation: Federation, parts: Parts) -> list[Choice]:
    """The ways in that have a label and are open, by label."""

    def read(connection: Connection) -> set[str]:
        rows = tables.identity_providers.c
        enabled = {
            each.id
            for each in identity_providers.where(connection, rows.enabled.is_(True))
        }
        return {
            each.id
            for each in protocols.where(connection)
            if each.provider_id in enabled
        }

    labelled = {
        key: ways.settings.label
        for key, ways in federation.ways.items()
        if ways.settings.label
    }
    there = parts.read(read) if labelled else set()
    found = [
        Choice(*key, label) for key, label in labelled.items() if "/".join(key) in there
    ]
    return sorted(found, key=lambda each: each.label)


def begin(
    federation: Federation, provider_id: str, name: str, wanted: Beginning
) -> str:
    """The URL to go to; ``Unauthorized``, ``Unavailable``."""
    ways, _ = federation.opened(provider_id, name)
    url = ways.documents.endpoint("authorization_endpoint")
    ways.outside.target(url)
    query = {
        "response_type": "code",
        "client_id": ways.settings.client_id,
        "redirect_uri": wanted.redirect_uri,
        "scope": " ".join(ways.settings.scopes),
        "state": wanted.state,
        "nonce": wanted.nonce,
        "code_challenge": wanted.challenge,
        "code_challenge_method": "S256",
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def complete(
    federation: Federation,
    parts: Parts,
    provider_id: str,
    name: str,
    returned: Return,
) -> tuple[TokenFacts, Standing]:
    """The token of whoever came back; ``Unauthorized``, ``Unavailable``."""
    ways, opened = federation.opened(provider_id, name)
    fields = {
        "grant_type": "authorization_code",
        "code": returned.code,
        "redirect_uri": returned.redirect_uri,
        "code_verifier": returned.verifier,
    }
    status, told = ways.outside.post(ways.documents.endpoint("token_endpoint"), fields)
    id_token, access_token = told.get("id_token"), told.get("access_token")
    if status != 200 or not isinstance(id_token, str):
        # The provider's word for what was wrong is not told: it may hold the code.
        raise refused(provider_id, NotForUs(f"it does not take the code ({status})"))
    try:
        claims = checked_claims(
            id_token,
            ways.documents.keys_for,
            ways.expected,
            parts.now(),
            nonce=returned.nonce,
        )
        audience = claims.get("aud")
        given = audience if isinstance(audience, list) else [audience]
        if ways.settings.client_id not in given:
            raise NotForUs("its ID token is another client's")
        if ways.settings.userinfo and isinstance(access_token, str):
            claims = federation.with_userinfo(ways, claims, access_token)
    except NotForUs as error:
        raise refused(provider_id, error) from None
    return federation.admit(ways, opened, claims)
