"""Tokens that need no store: signed and encrypted, so every worker can read them.

A token is the reseller prefix, ``tk`` and a Fernet message (AES-CBC with
HMAC-SHA256) of: the user's name, when it ends, and a digest of the user's key.
So a token outlives restarts, is valid on every worker that has the same
secret, and dies with the key it was given for.

Reading a token costs ~50 us of cryptography; read ones are remembered
in a bounded table, whose hits cost well under 1 us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import msgpack
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.middleware.auth.users import User

# Clients in use at one time on one worker; ~500 bytes each.
REMEMBERED_MAX = 10_000
# Far longer than any token of ours; stops decoding of nonsense early.
TOKEN_CHARACTERS_MAX = 2048
_KEY_DIGEST_BYTES = 16
# A secret made of the users' keys must cost whoever guesses at a weak key:
# scrypt with these takes ~50 ms, once, at start.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1


class Tokens:
    """Gives out tokens and reads them."""

    __slots__ = ("_clock", "_fernet", "_mac_key", "_remembered", "_users", "prefix")

    def __init__(
        self, secret: bytes, prefix: str, users: Mapping[str, User], clock: Clock
    ) -> None:
        self.prefix = prefix + "tk"
        self._clock = clock
        self._users = users
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(secret, b"tokens")))
        self._mac_key = _derive(secret, b"key digests")
        self._remembered: dict[str, tuple[float, Identity]] = {}

    def grant(self, user: User, life_seconds: float) -> tuple[str, int]:
        """A new token for the user, and when it ends (seconds since the epoch)."""
        expires = int(self._clock.time() + life_seconds)
        content = msgpack.packb([user.name, expires, self._key_digest(user)])
        message = self._fernet.encrypt_at_time(content, int(self._clock.time()))
        return self.prefix + message.decode().rstrip("="), expires

    def identity_of(self, token: str) -> Identity | None:
        """Whose token it is; None when it is not (or no longer) good."""
        known = self._remembered.get(token)
        if known is None:
            known = self._read(token)
            if known is None:
                return None
            if len(self._remembered) >= REMEMBERED_MAX:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[token] = known
        expires, identity = known
        if expires <= self._clock.time():
            self._remembered.pop(token, None)
            return None
        return identity

    def _read(self, token: str) -> tuple[float, Identity] | None:
        if not token.startswith(self.prefix) or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        message = token[len(self.prefix) :]
        message += "=" * (-len(message) % 4)
        try:
            content = self._fernet.decrypt(message.encode())
        except (InvalidToken, UnicodeEncodeError):
            return None
        # Authenticated, so it is what ``grant`` packed.
        name, expires, digest = msgpack.unpackb(content)
        user = self._users.get(name)
        if user is None or not hmac.compare_digest(digest, self._key_digest(user)):
            return None
        return float(expires), user.identity

    def _key_digest(self, user: User) -> bytes:
        text = f"{user.name}\0{user.key}".encode()
        return hmac.digest(self._mac_key, text, "sha256")[:_KEY_DIGEST_BYTES]


def secret_from_users(users: Mapping[str, User]) -> bytes:
    """A secret for stores whose operator set none: made of all users' keys.

    Equal on every worker and after restarts while the users stay; any change
    of users ends all tokens.
    """
    lines = [f"{name}\0{users[name].key}" for name in sorted(users)]
    return hashlib.scrypt(
        "\0\0".join(lines).encode(),
        salt=b"ringstack tempauth",
        n=_SCRYPT_N,
        r=_SCRYPT_R,
        p=_SCRYPT_P,
        dklen=32,
    )


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"ringstack " + purpose
    ).derive(secret)
