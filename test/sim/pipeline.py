"""The filters in front of a simulated proxy: those that know kinds of objects, and the
S3 face, all on their machine's clock.

Who asks is no question here: one user owns everything, his key signs S3's requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.middleware.copy import Copy, CopySettings
from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.shortcut import shortened
from objectstore.middleware.slo import Slo, SloSettings
from objectstore.middleware.symlink import Symlink, SymlinkSettings
from objectstore.middleware.versioned_writes import VersionedWrites
from objectstore.s3.filter import S3Filter
from objectstore.s3.lock_guard import LockGuard
from objectstore.s3.settings import S3Settings

USER, KEY, ACCOUNT = "sim:owner", "the key of the simulation", "AUTH_sim"
# Presigned until long after every simulated clock.
EXPIRES = "4000000000"
# Parts of a few bytes, and no day is shorter than a clock's jump.
S3_SETTINGS = S3Settings(min_segment_size=1)


class OneUser:
    """In the place of an auth filter: knows the one user's key; allows everything."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        """See ``s3.credentials``."""
        if access_key != USER:
            return None
        account = USER.partition(":")[0]
        return Identity(USER, (account, USER), (ACCOUNT,)), KEY

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Hand on."""
        return self.app(environ, start_response)


def filtered(proxy: Application, clock: Clock) -> Application:
    """The proxy inside its filters."""
    inner: Application = ObjectVersioning(proxy, clock)
    inner = VersionedWrites(inner, clock)
    inner = Symlink(inner, SymlinkSettings())
    inner = Slo(inner, SloSettings(), clock)
    inner = LockGuard(inner)
    inner = Copy(inner, CopySettings())
    return shortened(S3Filter(OneUser(inner), S3_SETTINGS, clock))


def presigned(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """The query string of an S3 request, signed (version 2: no clock is asked)."""
    amazon = [
        f"{name.lower()}:{headers[name]}\n"
        for name in sorted(headers, key=str.lower)
        if name.lower().startswith("x-amz-")
    ]
    signed = sorted(name for name in query if name in _SIGNED)
    parts = [f"{name}={query[name]}" if query[name] else name for name in signed]
    resource = quote(path) + ("?" + "&".join(parts) if parts else "")
    md5 = headers.get("Content-MD5", "")
    text = f"{method}\n{md5}\n\n{EXPIRES}\n{''.join(amazon)}{resource}"
    made = hmac.new(KEY.encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(made).decode()
    access = {"AWSAccessKeyId": USER, "Expires": EXPIRES, "Signature": signature}
    return urlencode({**query, **access})


_SIGNED = frozenset(
    {
        "delete",
        "legal-hold",
        "lifecycle",
        "object-lock",
        "partNumber",
        "retention",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
    }
)


def draw_identifiers(chance: Random) -> None:
    """What the S3 face takes from the system (upload ids, tokens) depends on the seed
    from here on.  Every run has a Python of its own: this spoils nothing."""
    module: Any = random
    module._urandom = chance.randbytes
