"""Passcodes that change with time (TOTP, RFC 6238): six digits, a new one each half
minute, from a secret that the user's device knows too.  Pure.
"""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from compute.core.errors import BadRequest

STEP_SECONDS = 30
DIGITS = 6
# People type slowly and clocks go wrong: the passcode before is good too.
STEPS_BEFORE = 1
# 80 bits, what devices that show secrets as text mostly make.
SECRET_BYTES_MIN = 10


def check_secret(blob: str) -> None:
    """``BadRequest`` for what no device could have."""
    if _secret(blob) is None:
        raise BadRequest(
            "The blob of a totp credential must be a secret in base32,"
            " of 16 characters or more"
        )


def step_of(blob: str, passcode: str, now: float) -> int | None:
    """The half minute since the epoch whose passcode it is, None for a wrong one."""
    secret = _secret(blob)
    if secret is None:
        return None
    # Authenticators of the field know nothing but HMAC-SHA1 here.
    clock = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=False)
    found = None
    for step in range(int(now // STEP_SECONDS), -1, -1)[: STEPS_BEFORE + 1]:
        right = clock.generate(step * STEP_SECONDS)
        if compare_digest(right, passcode.encode("utf-8", "replace")):
            found = step
    return found


def _secret(blob: str) -> bytes | None:
    """None for what opens nothing: of secrets from before there were passcodes here,
    anything may be there, an empty text too."""
    text = "".join(blob.split()).upper().rstrip("=")
    try:
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return secret if len(secret) >= SECRET_BYTES_MIN else None
