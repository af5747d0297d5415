"""The three roots as HTTP replies, and back again without loss.

A reply with ``ERROR_CONTENT_TYPE`` carries an error of the *node*: a message
``[kind, status, text, headers]``.  Any other reply that is not 200 is an error
of the *transport* (wrong secret, no such address, a crash, something else that
listens there): to the caller that node is ``Unavailable``, never ``Rejected``,
because a client of the store is not to blame for it.
"""

from __future__ import annotations

from objectstore.kernel.errors import (
    Corrupt,
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    RingstackError,
    Unavailable,
)
from objectstore.wire import codec

ERROR_CONTENT_TYPE = "application/x-ringstack-error"

# The one table. Leaves stand before their roots: the first match names an error.
_KINDS: tuple[tuple[str, type[RingstackError], int], ...] = (
    ("insufficient", InsufficientStorage, 507),
    ("deadline", DeadlineExceeded, 504),
    ("unavailable", Unavailable, 503),
    ("corrupt", Corrupt, 500),
)
_BY_KIND = {kind: error for kind, error, _ in _KINDS}
_REJECTED = "rejected"
# What a reply shows of an error; longer texts are cut, they are for people.
TEXT_CHARACTERS_MAX = 1000


def encode_error(error: RingstackError) -> tuple[int, bytes]:
    """The status and the message of an error."""
    if isinstance(error, Rejected):
        # A status outside 4xx would be taken for success, or for an interim
        # reply; the message keeps the true one.
        status = error.status if 400 <= error.status <= 499 else 400
        headers = [list(pair) for pair in error.headers]
        text = error.text[:TEXT_CHARACTERS_MAX]
        return status, codec.pack((_REJECTED, error.status, text, headers))
    for kind, family, status in _KINDS:
        if isinstance(error, family):
            text = str(error)[:TEXT_CHARACTERS_MAX]
            return status, codec.pack((kind, status, text, ()))
    raise AssertionError(f"an error of no root: {error!r}")


def decode_error(message: bytes) -> RingstackError:
    """The node's error.  Raises ``Malformed``."""
    kind, status, text, raw = codec.fields(codec.unpack(message), str, int, str, list)
    if kind == _REJECTED:
        if not 100 <= status <= 599:
            raise codec.Malformed("not a status")
        headers = tuple((name, value) for name, value in _pairs(raw))
        return Rejected(status, text, headers)
    if kind not in _BY_KIND:
        raise codec.Malformed(f"an unknown kind of error: {kind[:20]!r}")
    return _BY_KIND[kind](text)


def _pairs(raw: list[object]) -> list[list[str]]:
    return [codec.fields(pair, str, str) for pair in raw]
