"""Keys that are made here, and which may be ordered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from compute.core.errors import BadRequest

# By algorithm, the bits that its keys have.
SYMMETRIC_BITS: Mapping[str, tuple[int, ...]] = {
    "aes": (128, 192, 256),
    "hmacsha1": (160, 256, 512),
    "hmacsha256": (256, 512),
    "hmacsha384": (384, 512, 1024),
    "hmacsha512": (512, 1024),
}
# 1024 is asked for by old templates, and breakable; beyond 4096 a key takes minutes.
RSA = "rsa"
ASYMMETRIC_BITS: Mapping[str, tuple[int, ...]] = {RSA: (2048, 3072, 4096)}
PUBLIC_EXPONENT = 65537
PASSPHRASE_CHARACTERS_MAX = 255


@dataclass(frozen=True, slots=True)
class KeyPair:
    """As PEM: PKCS #8 and the public key's own form."""

    private: bytes = field(repr=False)
    public: bytes


def check_bits(known: Mapping[str, tuple[int, ...]], algorithm: str, bits: int) -> None:
    """``BadRequest`` for keys that are not made here."""
    if algorithm.lower() not in known:
        raise BadRequest(f"algorithm is one of {', '.join(known)}")
    if bits not in known[algorithm.lower()]:
        named = ", ".join(str(each) for each in known[algorithm.lower()])
        raise BadRequest(f"bit_length of {algorithm} is one of {named}")


def symmetric_key(bits: int) -> bytes:
    """From the system's own source of randomness."""
    return secrets.token_bytes(bits // 8)


def key_pair(bits: int, passphrase: str) -> KeyPair:
    """An RSA key; it takes about a second of a core.  ``passphrase`` "": in clear."""
    key = rsa.generate_private_key(PUBLIC_EXPONENT, bits)
    sealing: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        sealing = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(private, public)
