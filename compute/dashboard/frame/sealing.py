"""Small JSON documents that only we can read or make: what cookies carry.

AES-256-GCM; the purpose is authenticated with them, so that a notice is never taken
for a session.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
SEALED_CHARACTERS_MAX = 8000


class Sealer:
    """Seals and opens with one key."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes."""
        self._cipher = AESGCM(key)

    def seal(self, purpose: str, document: Any) -> str:
        """Text that fits a cookie."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, orjson.dumps(document), purpose.encode())
        return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, purpose: str, text: str) -> Any:
        """The document; None for whatever was not sealed so, by this key."""
        if not text or len(text) > SEALED_CHARACTERS_MAX or not text.isascii():
            return None
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = self._cipher.decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()
            )
        except (ValueError, InvalidTag):
            return None
        return orjson.loads(plain)
