"""The chain of signatures over the chunks of a signed ``aws-chunked`` body.

Each chunk's signature covers the one before it, beginning with that of the
request; the trailer's covers the last chunk's.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from objectstore.s3.signing.claim import Verified
from objectstore.s3.signing.mismatch import mismatch
from objectstore.s3.signing.signing_key import sign

_EMPTY_SHA256 = sha256(b"").hexdigest()


class ChunkSigner:
    """Checks chunk after chunk."""

    __slots__ = ("_access_key", "_hash", "_key", "_moment", "_previous", "_scope")

    def __init__(self, verified: Verified) -> None:
        self._access_key = verified.access_key
        self._key = verified.signing_key
        self._moment = verified.moment
        self._scope = verified.scope
        self._previous = verified.signature
        self._hash = sha256()

    def update(self, data: bytes | memoryview) -> None:
        """Add bytes of the present chunk."""
        self._hash.update(data)

    def end_chunk(self, signature: str) -> None:
        """All of a chunk is here: its signature must be right."""
        self._check(
            f"AWS4-HMAC-SHA256-PAYLOAD\n{self._moment}\n{self._scope}\n"
            f"{self._previous}\n{_EMPTY_SHA256}\n{self._hash.hexdigest()}",
            signature,
        )
        self._hash = sha256()

    def end_trailer(self, canonical: str, signature: str) -> None:
        """The trailer's signature must be right."""
        hashed = sha256(canonical.encode("latin-1")).hexdigest()
        self._check(
            f"AWS4-HMAC-SHA256-TRAILER\n{self._moment}\n{self._scope}\n"
            f"{self._previous}\n{hashed}",
            signature,
        )

    def _check(self, text: str, signature: str) -> None:
        expected = sign(self._key, text)
        if not compare_digest(expected.encode(), signature.encode("latin-1")):
            raise mismatch(self._access_key, text.encode("latin-1"), signature)
        self._previous = expected
