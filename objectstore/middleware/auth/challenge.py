"""The challenge of a 401 (``WWW-Authenticate``).  Pure."""

from __future__ import annotations

from urllib.parse import quote


def challenge(account: str) -> str:
    """Swift's scheme, with the account percent-encoded: a name is a client's text, and
    must not end the quotes, or the header."""
    return f'Swift realm="{quote(account) or "unknown"}"'
