"""Whether a signed token (JWT) is one for us, from a provider.  Pure.

Signature by one of the issuer's keys and an algorithm that is allowed (never ``none``,
never a shared key), issuer, audience, end, beginning, and of ID tokens the nonce.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# Between the provider's clock and ours.
LEEWAY_SECONDS = 60.0
TOKEN_CHARACTERS_MAX = 16_384
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class NotForUs(Exception):
    """The token is not good here; why is for the log, not for whoever brought it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say."""

    issuer: str
    audiences: frozenset[str]
    algorithms: tuple[str, ...]


def checked_claims(
    token: str,
    keys_for: Callable[[str | None], KeySet],
    expected: Expected,
    now: float,
    *,
    nonce: str | None = None,
) -> Mapping[str, Any]:
    """The claims of a good token; raises ``NotForUs``.  ``nonce``: it is an ID token
    that was asked for with this one."""
    if len(token) > TOKEN_CHARACTERS_MAX or token.count(".") != 2:
        raise NotForUs("it is no signed token")
    try:
        registry = jws.JWSRegistry(
            algorithms=list(expected.algorithms), strict_check_header=False
        )
        header = jws.extract_compact(token.encode("ascii"), registry=registry).headers()
    except (JoseError, ValueError):
        raise NotForUs("it is no signed token") from None
    if header.get("alg") not in expected.algorithms:
        raise NotForUs("it is signed in a way that is not allowed")
    if str(header.get("typ", "jwt")).lower() not in _TYPES:
        raise NotForUs("it is a token of another kind")
    key_id = header.get("kid")
    keys = keys_for(key_id if isinstance(key_id, str) else None)
    try:
        claims = jwt.decode(token, keys, registry=registry).claims
    except (JoseError, ValueError, TypeError) as error:
        raise NotForUs(f"its signature is not good ({type(error).__name__})") from None
    check_claims(claims, expected, now)
    if nonce is not None:
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode(), nonce.encode()
        ):
            raise NotForUs("its nonce is another sign-in's")
    return claims


def check_claims(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    """Whose, for whom, and when; raises ``NotForUs``."""
    if claims.get("iss") != expected.issuer:
        raise NotForUs("it is another issuer's")
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(each, str) and each in expected.audiences for each in given):
        raise NotForUs("it is for somebody else")
    party = claims.get("azp")
    if len(given) > 1 and isinstance(party, str) and party not in expected.audiences:
        raise NotForUs("it was given to somebody else")
    if not _number(claims.get("exp")) or claims["exp"] + LEEWAY_SECONDS <= now:
        raise NotForUs("it has ended")
    for name in ("nbf", "iat"):
        since = claims.get(name, 0)
        if not _number(since) or since - LEEWAY_SECONDS > now:
            raise NotForUs(f"its {name} is yet to come")
    if "events" in claims:
        # It tells of something, as of a sign-out (RFC 8417), and lets nobody in.
        raise NotForUs("it is a token of another kind")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise NotForUs("it names no subject")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
