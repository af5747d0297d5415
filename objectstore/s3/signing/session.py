"""Temporary keys that know themselves: signed, encrypted session tokens.

A token holds the user, the secret, the expiry and perhaps a policy, sealed with
the cluster's secret: any server can check it and none has to remember it.  What
the user may do is looked up anew with every request, so taking a user away also
ends his temporary keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectstore.s3.errors import S3Error

NONCE_BYTES = 12
TOKEN_BYTES_MAX = 8192
PREFIX = "ASIA"


@dataclass(frozen=True, slots=True)
class Session:
    """What a token says.  Its ``repr`` does not show the secret."""

    access_key: str
    secret: str
    user: str  # the access key of the user behind it
    expires: float
    policy: str = ""

    def __repr__(self) -> str:
        return f"Session({self.access_key!r}, user={self.user!r})"


class Sessions:
    """Makes and reads tokens."""

    __slots__ = ("_aead",)

    def __init__(self, cluster_secret: str) -> None:
        key = hmac.digest(
            cluster_secret.encode(), b"ringstack s3 session 1", hashlib.sha256
        )
        self._aead = AESGCM(key)

    def create(self, user: str, expires: float, policy: str) -> tuple[Session, str]:
        """New temporary keys for a user, and their token."""
        access_key = PREFIX + base64.b32encode(secrets.token_bytes(10)).decode()
        session = Session(access_key, secrets.token_urlsafe(30), user, expires, policy)
        sealed = orjson.dumps(
            [session.access_key, session.secret, user, expires, policy]
        )
        nonce = secrets.token_bytes(NONCE_BYTES)
        token = nonce + self._aead.encrypt(nonce, sealed, None)
        return session, base64.urlsafe_b64encode(token).decode()

    def open(self, token: str, access_key: str, now: float) -> Session:
        """The session of a token that comes with that access key."""
        try:
            raw = base64.urlsafe_b64decode(token[:TOKEN_BYTES_MAX].encode("ascii"))
            sealed = self._aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except (ValueError, binascii.Error, InvalidTag):
            raise S3Error("InvalidToken") from None
        session = Session(*orjson.loads(sealed))
        if not hmac.compare_digest(
            session.access_key.encode(), access_key.encode("utf-8", "replace")
        ):
            raise S3Error("InvalidToken")
        if session.expires <= now:
            raise S3Error("ExpiredToken")
        return session
