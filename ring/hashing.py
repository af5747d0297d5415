"""From a name to the sixteen bytes that decide where it lives.

Every program that talks about the same cluster must agree on this rule, so it is
Swift's: MD5 over an optional secret prefix, the path, and an optional secret suffix.
The secrets stop strangers from aiming many names at one partition; MD5 is used for its
even spread and its compatibility, not for security.
"""

from __future__ import annotations

import hashlib


def hash_path(
    account: str,
    container: str | None = None,
    object: str | None = None,
    *,
    prefix: bytes = b"",
    suffix: bytes = b"",
) -> bytes:
    """Return the 16-byte placement key of an account, a container or an object."""
    path = account
    if container is not None:
        path = f"{account}/{container}"
        if object is not None:
            path = f"{path}/{object}"
    elif object is not None:
        raise ValueError("an object name needs a container name")
    data = b"%b/%b%b" % (prefix, path.encode("utf-8"), suffix)
    return hashlib.md5(data, usedforsecurity=False).digest()
