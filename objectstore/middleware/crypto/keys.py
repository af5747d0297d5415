"""Keys: from root secrets to one key for every path, and one for every body.

A root secret never encrypts anything itself: each path has a key of its own, its HMAC
under the secret.  A body has a random key, which is kept beside it, wrapped with its
path's key; so a body's key is never used twice, and rotating the root secret does not
touch bodies.  Several secrets are known, by id; new data uses the active one, or the
*named key* that a client of S3 asks for (SSE-KMS).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectstore.kernel.errors import Corrupt
from objectstore.kernel.settings import BadSettings, Mistake

KEY_BYTES = 32
NONCE_BYTES = 12
SECRET = "encryption_root_secret"
KMS_KEY = "kms_key_"
# A secret's id that no root secret has: data of a named key says so.
_KMS_ID = "kms-"
ACTIVE = "active_root_secret_id"


class KeyIsGone(Corrupt):
    """Something lies under a named key that is gone.  (A root secret never goes: one
    that a proxy does not know is its mistake.)"""


@dataclass(frozen=True, slots=True)
class PathKey:
    """The key of one path under one root secret."""

    secret_id: str
    key: bytes

    def seal(self, value: bytes, purpose: str) -> str:
        """Encrypted text of a small value, bound to what it is for."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, value, purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, text: str, purpose: str) -> bytes:
        """The value again.  Raises ``Corrupt``."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            nonce, sealed = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            return AESGCM(self.key).decrypt(nonce, sealed, purpose.encode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Corrupt("an encrypted value cannot be opened") from error

    def mac(self, text: str) -> str:
        """What stands for ``text`` where it is only compared."""
        key = hmac.new(self.key, b"mac", hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Keys:
    """The root secrets, by id; "" is the id of the one without a name."""

    def __init__(self, secrets: Mapping[str, bytes], active: str) -> None:
        self._secrets = dict(secrets)
        self._active = active

    def current(self, *path: str) -> PathKey:
        """The key with which new data of that path is encrypted."""
        return self.of(self._active, *path)

    def of(self, secret_id: str, *path: str) -> PathKey:
        """The key under a certain secret.  Raises ``Corrupt`` for an unknown one, which
        is ``KeyIsGone`` for a named key."""
        secret = self._secrets.get(secret_id)
        if secret is None:
            if secret_id.startswith(_KMS_ID):
                raise KeyIsGone(f"there is no key {secret_id!r}")
            raise Corrupt(f"there is no root secret {secret_id!r}")
        text = "/" + "/".join(path)
        return PathKey(
            secret_id, hmac.new(secret, text.encode(), hashlib.sha256).digest()
        )

    def has_named(self, name: str) -> bool:
        """Whether there is a named key of that name."""
        return _KMS_ID + name in self._secrets

    def named(self, name: str, *path: str) -> PathKey:
        """The path's key under a named key.  Raises ``KeyIsGone``, as ``of`` does."""
        return self.of(_KMS_ID + name, *path)

    def all(self, *path: str) -> list[PathKey]:
        """The path's keys under every secret."""
        return [self.of(secret_id, *path) for secret_id in self._secrets]


def read_keys(options: Mapping[str, str], source: str) -> Keys:
    """``encryption_root_secret[_ID]`` and ``active_root_secret_id`` of a section.

    Raises ``BadSettings`` with every mistake.
    """
    mistakes: list[Mistake] = []
    secrets: dict[str, bytes] = {}

    def note(name: str, text: str) -> None:
        mistakes.append(Mistake(source, "filter:encryption", name, text))

    for name, text in options.items():
        if not is_secret(name):
            continue
        try:
            secret = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) < KEY_BYTES:
            note(name, "must be at least 32 bytes in base64")
        if name.startswith(KMS_KEY):
            named = name[len(KMS_KEY) :]
            if not re.fullmatch(r"[\w-]{1,64}", named, re.ASCII):
                note(name, "a key's name has letters, digits, _ and - only, 64 at most")
            secrets[_KMS_ID + named] = secret
            continue
        secret_id = name[len(SECRET) + 1 :]
        if not re.fullmatch(r"\w*", secret_id, re.ASCII):
            note(name, "an id has letters, digits and underscores only")
        secrets[secret_id] = secret
    active = options.get(ACTIVE, "").strip()
    if all(secret_id.startswith(_KMS_ID) for secret_id in secrets):
        note(SECRET, "must be set")
    elif active not in secrets:
        note(ACTIVE, f"there is no {SECRET}{'_' + active if active else ''}")
    if mistakes:
        raise BadSettings(mistakes)
    return Keys(secrets, active)


def is_secret(name: str) -> bool:
    """Whether an option of that name is a root secret or a named key."""
    return name == SECRET or name.startswith((SECRET + "_", KMS_KEY))
