"""Headers that a presigned URL brings as parameters of its query.

SDKs put the ``x-amz-`` headers of a request that they presign into the URL, so that
whoever uses it need not know of them.  They are signed with it, and mean what the
headers would.  Three kinds mean nothing here:

* those about the signature;
* checksums: SDKs compute them when they sign, of a body that is not there yet;
* keys of the client's (SSE-C), which a URL must not show, and a copy's source: who
  wants these sends the header.

Of several that spell one header the first counts, as Version 2 signs it; the others
may have been added to the URL by anybody.  So may be what no header can be called.
"""

from __future__ import annotations

import re

from objectstore.kernel.request import Environ
from objectstore.s3.errors import S3Error

_NAME = re.compile(r"x-amz-[a-z0-9!#$%&'*+.^_`|~-]+\Z", re.IGNORECASE | re.ASCII)
_NEVER_IN_VALUES = frozenset("\r\n\0")

# Of the environ keys that start with HTTP_X_AMZ_: those that a URL may bring.
_TAKEN = (
    "HTTP_X_AMZ_ACL",
    "HTTP_X_AMZ_GRANT_",
    "HTTP_X_AMZ_META_",
    "HTTP_X_AMZ_OBJECT_LOCK_",
    "HTTP_X_AMZ_STORAGE_CLASS",
    "HTTP_X_AMZ_TAGGING",
    "HTTP_X_AMZ_WEBSITE_REDIRECT_LOCATION",
)
_ENCRYPTION = (
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID",
)


def is_name(name: str) -> bool:
    """Whether a parameter's name is that of an ``x-amz-`` header."""
    return _NAME.match(name) is not None


def headers_in(query: dict[str, str]) -> dict[str, str]:
    """Environ keys and values (real text) of the headers in a presigned query.

    Raises ``InvalidArgument`` for a value that no header can have.
    """
    found: dict[str, str] = {}
    for name, value in query.items():
        if not is_name(name):
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in _ENCRYPTION or key.startswith(_TAKEN):
            if not _NEVER_IN_VALUES.isdisjoint(value):
                raise S3Error("InvalidArgument", ArgumentName=name)
            found.setdefault(key, value)
    return found


def take(environ: Environ, query: dict[str, str]) -> bool:
    """Put them among the request's headers, of which none is replaced; whether there
    are any.  Only for a query that has been verified."""
    is_any = False
    for key, value in headers_in(query).items():
        if key not in environ:
            environ[key] = value if value.isascii() else _carried(value)
            is_any = True
    return is_any


def _carried(value: str) -> str:
    """Text as WSGI carries it."""
    return value.encode().decode("latin-1")
