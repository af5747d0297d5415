"""What is kept of encryption beside an object, and in its listing.

System metadata: the sealed description of the body (its key, its plain size), the
sealed ETag and the ETag's MAC, which conditions are compared with.  User metadata keeps
its names; the values are sealed.  In listings every ETag is a *token*:
``crypt1.SECRET.SEALED``, sealed with the container's key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from objectstore.kernel.errors import Corrupt
from objectstore.middleware.crypto.keys import Keys, PathKey
from objectstore.wire import listing_forms

BODY = "X-Object-Sysmeta-Crypto-Body"
ETAG = "X-Object-Sysmeta-Crypto-Etag"
ETAG_MAC = "X-Object-Sysmeta-Crypto-Etag-Mac"
META_PREFIX = "X-Object-Transient-Sysmeta-Crypto-Meta-"
META_SECRET = "X-Object-Transient-Sysmeta-Crypto-Secret"
USER_PREFIX = "X-Object-Meta-"

_TOKEN = "crypt1"
# Parameters of a listed ETag that are ETags themselves.
_ETAG_PARAMETERS = ("slo_etag", "s3_etag", "symlink_etag")
_IN_HEADER = re.compile(rf"{_TOKEN}\.(\w*)\.([\w-]+)")
# Where tokens stand in listings; names cannot look so, for their quotes and
# brackets are escaped.
_IN_LISTING = re.compile(
    rb'("(?:hash|slo_etag|s3_etag|symlink_etag)":"(?:\\")?|<hash>)'
    + _TOKEN.encode()
    + rb"\.(\w*)\.([\w-]+)"
)
# Where they stand in a page of fields.
_IN_FIELDS = re.compile(b"(?<=%b)[^%b]+" % (listing_forms.ETAG, listing_forms.SIZE))


class ListedEtags:
    """What an object's listing shows as its ETag, before it is sealed."""

    def __init__(self, key: PathKey, given: str, *, has_size: bool) -> None:
        """``given`` is what filters further out want listed; "": the ETag."""
        self._key = key
        self.given = given
        self.has_size = has_size

    def sealed(self, footer: str, etag: str) -> str:
        """The listed ETag with every ETag in it sealed."""
        base, *parameters = (footer or self.given or etag).split(";")
        parts = [self._token(base.strip() or etag)]
        for parameter in parameters:
            name, equals, value = parameter.strip().partition("=")
            if name in _ETAG_PARAMETERS:
                value = self._token(value)
            parts.append(f"{name}{equals}{value}")
        return "; ".join(parts)

    def _token(self, etag: str) -> str:
        key = self._key
        return f"{_TOKEN}.{key.secret_id}.{key.seal(etag.encode(), 'listed')}"


def opened_header(keys: Keys, account: str, container: str, value: str) -> str:
    """A listed ETag with its tokens opened."""
    return _IN_HEADER.sub(
        lambda found: _opened(keys, account, container, found[1], found[2]), value
    )


def opened_listing(keys: Keys, account: str, container: str, body: bytes) -> bytes:
    """A listing's page, JSON, XML or fields, with its tokens opened."""
    if listing_forms.END in body:

        def opened(found: re.Match[bytes]) -> bytes:
            return opened_header(keys, account, container, found[0].decode()).encode()

        return _IN_FIELDS.sub(opened, body)
    return _IN_LISTING.sub(_replacer(keys, account, container), body)


def _replacer(
    keys: Keys, account: str, container: str
) -> Callable[[re.Match[bytes]], bytes]:
    def replaced(found: re.Match[bytes]) -> bytes:
        secret, sealed = found[2].decode(), found[3].decode()
        etag = _opened(keys, account, container, secret, sealed)
        return found[1] + etag.encode()

    return replaced


def _opened(keys: Keys, account: str, container: str, secret: str, sealed: str) -> str:
    try:
        return keys.of(secret, account, container).open(sealed, "listed").decode()
    except Corrupt:
        # One bad row must not hide a whole listing.
        return ""
