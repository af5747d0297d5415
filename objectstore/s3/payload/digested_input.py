"""A body whose MD5 was announced, where the store below will see other bytes.

What is sealed with a client's key has another MD5 than what he sent, so his
Content-MD5 is held here against the plain bytes; the last of them is given on only
when it was right.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from objectstore.s3.errors import S3Error


class DigestedInput:
    """A ``wsgi.input`` of ``length`` bytes; ``failure`` says what was wrong."""

    def __init__(self, source: Any, length: int, md5: str) -> None:
        """``md5`` in hex.  Raises ``BadDigest`` for an empty body at once."""
        self.failure: S3Error | None = None
        self._source = source
        self._left = length
        self._expected = md5
        self._summer = hashlib.md5(usedforsecurity=False)
        self._check()

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all when negative."""
        data: bytes = self._source.read(size)
        self._summer.update(data)
        self._left -= len(data)
        self._check()
        return data

    def footers(self) -> dict[str, str]:
        """What the source knows at its end."""
        footers = getattr(self._source, "footers", None)
        found: dict[str, str] = footers() if footers is not None else {}
        return found

    def _check(self) -> None:
        if not self._left and self._summer.hexdigest() != self._expected:
            self.failure = wrong_md5(self._expected, self._summer.digest())
            raise self.failure


def wrong_md5(announced: str, computed: bytes) -> S3Error:
    """The error for a body with another MD5 than was announced (in hex)."""
    return S3Error(
        "BadDigest",
        ExpectedDigest=announced,
        CalculatedDigest=base64.b64encode(computed).decode(),
    )
