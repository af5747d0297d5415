"""From a token's claims to the attributes that mappings name.  Pure.

Operators know each claim by two names, those of Apache's module: with its prefix as it
is (``OIDC-preferred_username``), and as a header (``HTTP_OIDC_PREFERRED_USERNAME``).
What is within a claim is named with dots: ``OIDC-realm_access.roles``.  A name that two
claims would have is nobody's: who chooses one of them must not speak for the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from compute.identity.federation.mapping import REMOTE_USER, Assertion

DEPTH_MAX = 3
CLAIMS_MAX = 200
VALUES_MAX = 1000
CHARACTERS_MAX = 1024


def is_text(value: str) -> bool:
    """Whether it is short, and every database takes it: no control characters, and no
    halves of characters, which JSON can write."""
    return len(value) <= CHARACTERS_MAX and not any(
        unicodedata.category(each) in ("Cc", "Cs") for each in value
    )


def assertion_of(claims: Mapping[str, Any], prefix: str) -> Assertion:
    """The attributes; what is too long, too deep or no text is left out."""
    flat = list(_flat(claims, "", DEPTH_MAX))[:CLAIMS_MAX]
    named = [(prefix + name, values) for name, values in flat]
    named += [(_as_header(name), values) for name, values in named]
    count = Counter(name for name, _ in named)
    found = {name: values for name, values in named if count[name] == 1}
    issuer, subject = claims.get("iss"), claims.get("sub")
    if isinstance(issuer, str) and isinstance(subject, str):
        found[REMOTE_USER] = (f"{subject}@{issuer.partition('://')[2] or issuer}",)
    return found


def _flat(
    claims: Mapping[str, Any], path: str, depth: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in claims.items():
        if isinstance(value, Mapping):
            if depth > 1:
                yield from _flat(value, f"{path}{name}.", depth - 1)
            continue
        given = value if isinstance(value, list) else [value]
        texts = [_text(each) for each in given[:VALUES_MAX]]
        values = tuple(text for text in texts if text and is_text(text))
        if values:
            yield path + name, values


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else ""


def _as_header(name: str) -> str:
    return "HTTP_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
