"""SSE-C: the client sends a key with every request that touches the data.

The key is never stored nor logged; what is stored is the salt that it is used
with and a keyed digest that tells whether a later key is the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.operation import Operation
from objectstore.s3.payload.block_cipher import SALT_BYTES, BlockCipher

HEADER = "X-Amz-Server-Side-Encryption-Customer-"
COPY_HEADER = "X-Amz-Copy-Source-Server-Side-Encryption-Customer-"
ALGORITHM = "AES256"
KEY_BYTES = 32
# In the algorithm's place: the object has parts, each sealed with a salt of its own.
PARTS = "AES256-parts"


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """A client's key.  Its ``repr`` does not show it."""

    key: bytes
    digest: str  # base64 MD5, as the client sent it

    def __repr__(self) -> str:
        return "CustomerKey(...)"

    def reply_headers(self) -> HeaderList:
        """What a reply says of the encryption."""
        return [
            ("x-amz-server-side-encryption-customer-algorithm", ALGORITHM),
            ("x-amz-server-side-encryption-customer-key-MD5", self.digest),
        ]

    def new_record(self, length: int) -> tuple[str, BlockCipher]:
        """(what to store, cipher) for a new body of that many bytes."""
        salt = secrets.token_bytes(SALT_BYTES)
        proof = _proof(self.key, salt)
        stored = ":".join((ALGORITHM, _text(salt), _text(proof), str(length)))
        return stored, BlockCipher(self.key, salt, length)

    def open_record(self, stored: str) -> tuple[int, BlockCipher]:
        """(plain length, cipher) of a stored body; 403 when it is another key."""
        _, salt_text, proof_text, length = stored.split(":")
        salt = base64.b64decode(salt_text)
        if not hmac.compare_digest(
            _proof(self.key, salt), base64.b64decode(proof_text)
        ):
            raise S3Error("AccessDenied")
        return int(length), BlockCipher(self.key, salt, int(length))

    def upload_record(self) -> str:
        """What to store of an upload: parts have salts of their own."""
        salt = secrets.token_bytes(SALT_BYTES)
        return ":".join((PARTS, _text(salt), _text(_proof(self.key, salt)), "0"))

    def cipher_of_part(self, salt: bytes, length: int) -> BlockCipher:
        """The cipher of a part of that many bytes."""
        return BlockCipher(self.key, salt, length)


def read_customer_key(operation: Operation, prefix: str = HEADER) -> CustomerKey | None:
    """The request's key; None when it sends none.  Raises for half a key."""
    if not _is_named(operation, prefix):
        return None
    names = (f"{prefix}Algorithm", f"{prefix}Key", f"{prefix}Key-Md5")
    algorithm, key_text, digest = (operation.header(name) for name in names)
    if algorithm != ALGORITHM:
        raise S3Error(
            "InvalidEncryptionAlgorithmError",
            ArgumentName=names[0].lower(),
            ArgumentValue=algorithm,
        )
    if not key_text or not digest:
        raise S3Error(
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys "
            "must provide an appropriate secret key.",
        )
    try:
        key = base64.b64decode(key_text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise S3Error(
            "InvalidArgument", "The secret key was invalid for the specified algorithm."
        )
    expected = base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest())
    if not hmac.compare_digest(expected, digest.encode()):
        raise S3Error(
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was "
            "provided.",
        )
    return CustomerKey(key, digest)


def _is_named(operation: Operation, prefix: str) -> bool:
    start = _STARTS[prefix]
    return bool([key for key in operation.extras if key.startswith(start)])


_STARTS = {
    prefix: "HTTP_" + prefix.upper().replace("-", "_")
    for prefix in (HEADER, COPY_HEADER)
}


def is_in_parts(stored: str) -> bool:
    """Whether a record is that of an upload, or of what it made."""
    return stored.startswith(PARTS + ":")


def completed_record(stored: str, length: int) -> str:
    """An upload's record, as the object of that many bytes keeps it."""
    return f"{stored.rpartition(':')[0]}:{length}"


def require_no_key(operation: Operation, answer: Answer) -> None:
    """Raise when an encrypted object is read without its key."""
    if answer.get(sysmeta.SSE_C):
        raise S3Error(
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct "
            "parameters must be provided to retrieve the object.",
        )


def _proof(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, b"ringstack customer key 1" + salt, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
