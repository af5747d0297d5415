"""Session tokens of the metadata service (EC2's IMDSv2): who has one asked for it.

A token says until when it is good, and is sealed with a key that this process alone
has, for one server.  Nothing is kept: after a restart, or on another host, a guest is
told 401 and asks for another, as its programs do anyway when a token has run out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from objectstore.kernel.clock import Clock

KEY_BYTES = 32
SECONDS_MAX = 21_600
_UNTIL = struct.Struct(">Q")


class SessionTokens:
    """Those of one process."""

    def __init__(self, clock: Clock, key: bytes = b"") -> None:
        self._clock = clock
        self._key = key or secrets.token_bytes(KEY_BYTES)

    def issue(self, server_id: str, seconds: int) -> str:
        """One that is good for that server, and for so long."""
        until = _UNTIL.pack(int(self._clock.time()) + seconds)
        sealed = until + self._seal(server_id, until)
        return base64.urlsafe_b64encode(sealed).decode()

    def is_good(self, server_id: str, token: str) -> bool:
        """Whether it was issued to that server, and has not run out."""
        try:
            sealed = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        until, seal = sealed[: _UNTIL.size], sealed[_UNTIL.size :]
        if not hmac.compare_digest(seal, self._seal(server_id, until)):
            return False
        return int(self._clock.time()) < int(_UNTIL.unpack(until)[0])

    def _seal(self, server_id: str, until: bytes) -> bytes:
        return hmac.digest(self._key, until + server_id.encode(), hashlib.sha256)


def seconds_asked(text: str) -> int | None:
    """For how long a token is wanted; None: that makes no sense."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(SECONDS_MAX)):
        return None
    return int(text) if 1 <= int(text) <= SECONDS_MAX else None
