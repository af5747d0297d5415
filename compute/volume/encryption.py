"""Encrypted volumes: what a type says, and which of that is kept here.  Pure.

A type may say whatever Cinder's types say; volumes are made only of what QEMU opens by
itself: LUKS in its first version, with AES in XTS mode.  The size of the key is that of
AES, as Cinder hands it to QEMU (256: AES-256, two keys of which XTS takes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from compute.core.errors import BadRequest
from compute.volume.records import TypeEncryption

FRONT_END, BACK_END = "front-end", "back-end"
CONTROL_LOCATIONS = (FRONT_END, BACK_END)
# "luks", and the names that it had before.
LUKS_PROVIDERS = frozenset(
    {
        "luks",
        "LuksEncryptor",
        "nova.volume.encryptors.luks.LuksEncryptor",
        "os_brick.encryptors.luks.LuksEncryptor",
    }
)
DEFAULT_CIPHER, DEFAULT_KEY_BITS = "aes-xts-plain64", 256
CIPHERS: Mapping[str, tuple[str, str]] = {"aes-xts-plain64": ("xts", "plain64")}
"""By the names of Cinder, mode and origin of the vectors as QEMU names them."""
KEY_BITS = (128, 256)


@dataclass(frozen=True, slots=True)
class Cipher:
    """In QEMU's words."""

    algorithm: str
    mode: str
    vectors: str

    @property
    def key_bits(self) -> int:
        """Of the key that opens the disk."""
        return int(self.algorithm.rpartition("-")[2])


@dataclass(frozen=True, slots=True)
class DiskKey:
    """What makes and opens an encrypted disk."""

    cipher: Cipher
    passphrase: str = field(repr=False)


def cipher_of(wanted: TypeEncryption) -> Cipher:
    """``BadRequest`` for what no volume can have here; the text says what can be."""
    if wanted.control_location != FRONT_END:
        raise _refused("control location", wanted.control_location, (FRONT_END,))
    if wanted.provider not in LUKS_PROVIDERS:
        raise _refused("provider", wanted.provider, ("luks",))
    name = wanted.cipher or DEFAULT_CIPHER
    if name not in CIPHERS:
        raise _refused("cipher", name, CIPHERS)
    bits = wanted.key_size or DEFAULT_KEY_BITS
    if bits not in KEY_BITS:
        raise _refused("key size", str(bits), map(str, KEY_BITS))
    return Cipher(f"aes-{bits}", *CIPHERS[name])


def passphrase_of(key: bytes) -> str:
    """What LUKS is opened with: the key in hexadecimal digits, as Cinder has it."""
    return key.hex()


def _refused(what: str, said: str, known: Iterable[str]) -> BadRequest:
    offered = ", ".join(known)
    return BadRequest(
        f"Invalid input received: volumes are not encrypted with {what} {said!r} here"
        f" (but: {offered})"
    )
