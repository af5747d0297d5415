"""SigV4's derived keys and signatures.

Deriving a key takes four HMACs and the key is good for a day, so derived keys
are kept: bounded, in memory, never logged.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import digest

# A day's keys of that many users; each entry is a few hundred bytes.
KEYS_MAX = 2000
# Presigned URLs in use at a time; each entry is about a kilobyte.
SEEN_MAX = 1000


_BLOCK_BYTES = 64  # of SHA-256
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class KeyedHash:
    """HMAC-SHA256 (RFC 2104) with one key of at most a block, which is hashed once: a
    third of the time of ``hmac.digest`` for a short text."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def hex(self, text: bytes) -> str:
        """The MAC of the text."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


class SigningKeys:
    """Derives and remembers signing keys."""

    __slots__ = ("_keys", "seen")

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str, str], bytes] = {}
        # Presigned requests whose signature was right: see ``sigv4``.
        self.seen: set[tuple[bytes, str, str, str, str, str]] = set()

    def remember(self, seen: tuple[bytes, str, str, str, str, str]) -> None:
        """That presigned request's signature was right."""
        if len(self.seen) >= SEEN_MAX:
            self.seen.clear()
        self.seen.add(seen)

    def key(self, secret: str, date: str, region: str, service: str) -> bytes:
        """The key for a scope; the secret itself is part of what is looked up,
        so a changed secret never meets an old key."""
        scope = (secret, date, region, service)
        found = self._keys.get(scope)
        if found is None:
            if len(self._keys) >= KEYS_MAX:
                self._keys.clear()
            found = self._keys[scope] = derive(secret, date, region, service)
        return found


def derive(secret: str, date: str, region: str, service: str) -> bytes:
    """The chain of HMACs from secret to signing key."""
    key = digest(b"AWS4" + secret.encode(), date.encode(), "sha256")
    key = digest(key, region.encode(), "sha256")
    key = digest(key, service.encode(), "sha256")
    return digest(key, b"aws4_request", "sha256")


def request_signature(key: bytes, moment: str, scope: str, canonical: bytes) -> str:
    """The signature of a canonical request."""
    return digest(key, string_to_sign(moment, scope, canonical), "sha256").hex()


def string_to_sign(moment: str, scope: str, canonical: bytes) -> bytes:
    """What is signed of a canonical request."""
    hashed = sha256(canonical).hexdigest()
    return f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}".encode()


def sign(key: bytes, text: str) -> str:
    """Hex HMAC-SHA256 of a string to sign."""
    return digest(key, text.encode(), "sha256").hex()
