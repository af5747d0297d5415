"""HMAC signatures as Swift's URLs carry them (``/info`` for admins, tempurl).

The signed text is ``METHOD\\nEXPIRES\\nPATH``, preceded by ``ip=RANGE\\n`` when
the signature is bound to addresses.  A signature is hexadecimal text, whose
length tells the digest, or ``digest:`` and base64 (plain or URL-safe, padded
or not).  Comparing takes the same time wherever the texts differ.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable

from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.middleware.filter_options import words

DIGESTS = ("sha1", "sha256", "sha512")
DEPRECATED_DIGESTS = frozenset({"sha1"})
_DIGEST_BY_HEX_LENGTH = {40: "sha1", 64: "sha256", 128: "sha512"}


def sign(
    key: str, method: str, path: str, expires: int, digest: str, ip_range: str = ""
) -> str:
    """The hexadecimal signature."""
    text = f"{method}\n{expires}\n{path}"
    if ip_range:
        text = f"ip={ip_range}\n{text}"
    return hmac.new(key.encode(), text.encode(), digest).hexdigest()


def digests_shown(allowed: Iterable[str]) -> dict[str, list[str]]:
    """What ``/info`` says of the digests: which ones, and which of them are old."""
    deprecated = sorted(DEPRECATED_DIGESTS.intersection(allowed))
    shown = {"allowed_digests": sorted(allowed)}
    return shown | ({"deprecated_digests": deprecated} if deprecated else {})


def read_signature(text: str) -> tuple[str, str]:
    """(digest name, hexadecimal signature) of either form; ("", "") for neither."""
    name, colon, encoded = text.partition(":")
    if not colon:
        return _DIGEST_BY_HEX_LENGTH.get(len(text), ""), text.lower()
    encoded = encoded.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return "", ""
    digest = _DIGEST_BY_HEX_LENGTH.get(len(raw) * 2, "")
    return (name, raw.hex()) if name == digest else ("", "")


def matches_any(signature: str, valid: Iterable[str]) -> bool:
    """Whether the signature equals one of ``valid``; looks at every one."""
    given = signature.encode()
    found = False
    for candidate in valid:
        found |= hmac.compare_digest(given, candidate.encode())
    return found


def check_digests(text: str, name: str, source: str) -> None:
    """Raise ``BadSettings`` when a digest is not known, or none is left."""
    digests = words(text)
    unknown = [digest for digest in digests if digest not in DIGESTS]
    if unknown or not digests:
        wrong = f"must be some of {', '.join(DIGESTS)}"
        raise BadSettings([Mistake(source, f"filter:{name}", "allowed_digests", wrong)])
