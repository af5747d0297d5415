"""What the names of a request's headers say, without their values.

A client sends the same headers again and again: which of them are S3's, and what an
inner request takes over, is found once for each set of names.  For a small request
that was a quarter of what the face costs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from objectstore.kernel.request import KEY_SETS_MAX, Environ

# What says who sends the body and when, and nothing about what is asked.
_ABOUT_THE_SIGNATURE = frozenset(
    {
        "HTTP_X_AMZ_CONTENT_SHA256",
        "HTTP_X_AMZ_DATE",
        "HTTP_X_AMZ_SECURITY_TOKEN",
    }
)
# What a request has that is signed in its header with Signature Version 4.
_SIGNED = frozenset(
    {"HTTP_AUTHORIZATION", "HTTP_X_AMZ_DATE", "HTTP_X_AMZ_CONTENT_SHA256"}
)
# What a read of an object, as far as it is plain, knows of ``x-amz-`` headers, and
# what makes it another one.
_PLAIN_EXTRAS = frozenset({"HTTP_X_AMZ_CHECKSUM_MODE", "HTTP_X_AMZ_USER_AGENT"})
_LOOKED_AT = ("HTTP_RANGE", "HTTP_IF_", "HTTP_ORIGIN", "HTTP_X_AMZ_SECURITY_TOKEN")
# What makes a write of an object another one, or is stored with it.
_MINDED = (
    *("HTTP_IF_", "HTTP_ORIGIN", "HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_CONTENT_MD5"),
    *("HTTP_CACHE_CONTROL", "HTTP_CONTENT_DISPOSITION", "HTTP_CONTENT_LANGUAGE"),
    "HTTP_EXPIRES",
)
_ABOUT_THE_BODY = (
    *("HTTP_X_AMZ_CHECKSUM_", "HTTP_X_AMZ_SDK_CHECKSUM_", "HTTP_X_AMZ_TRAILER"),
    *("HTTP_X_AMZ_DECODED_CONTENT_LENGTH", "HTTP_X_AMZ_USER_AGENT"),
)
# Of the client's request these say something about his message only.
_NOT_INHERITED = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "RAW_PATH_INFO",
        "ringstack.header_fields",
        "wsgi.input",
    }
)


class HeaderNames(NamedTuple):
    """Keys of an environ: its ``x-amz-`` headers, those of them beyond the
    signature's, and all that an inner request inherits."""

    amazon: tuple[str, ...]
    extras: tuple[str, ...]
    inherited: tuple[str, ...]
    values: Callable[[Environ], tuple[Any, ...]]
    # In the header, with Signature Version 4.
    is_signed: bool
    # Signed so, and with nothing that a read of an object would look at.
    is_plain_read: bool
    # With nothing that a PUT of an object looks at beside its body.
    is_plain_write: bool
    # Signed as above too, and with nothing but a body, its type and its encoding.
    is_straight_write: bool

    def inherit(self, environ: Environ) -> Environ:
        """A new environ with what an inner request inherits of this one."""
        return dict(zip(self.inherited, self.values(environ), strict=True))


def header_names(environ: Environ) -> HeaderNames:
    """The names in that environ."""
    return _sorted_out(tuple(environ))


@lru_cache(KEY_SETS_MAX)
def _sorted_out(keys: tuple[str, ...]) -> HeaderNames:
    amazon = tuple([key for key in keys if key.startswith("HTTP_X_AMZ_")])
    extras = tuple([key for key in amazon if key not in _ABOUT_THE_SIGNATURE])
    inherited = tuple(
        [
            key
            for key in keys
            if not key.startswith("HTTP_") and key not in _NOT_INHERITED
        ]
    )
    is_signed = _SIGNED.issubset(keys)
    is_plain_write = all(key.startswith(_ABOUT_THE_BODY) for key in extras)
    return HeaderNames(
        amazon,
        extras,
        inherited,
        # Two keys at least, or else it would give no tuple: see PEP 3333.
        itemgetter(*inherited),
        is_signed,
        is_signed
        and _PLAIN_EXTRAS.issuperset(extras)
        and not any(key.startswith(_LOOKED_AT) for key in keys),
        is_plain_write,
        is_signed
        and is_plain_write
        and not any(key.startswith(_MINDED) for key in keys),
    )
