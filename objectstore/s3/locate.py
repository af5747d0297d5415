"""Is it an S3 request, and of which bucket and key?

S3 is recognised by its signatures, by a host name below a storage domain, and,
without either, by a path that is none of Swift's.  Paths are taken literally:
``..`` and ``//`` are parts of keys.
"""

from __future__ import annotations

from typing import NamedTuple

from objectstore.kernel.request import Environ
from objectstore.s3.errors import S3Error

# What other faces and filters answer.
RESERVED = frozenset(
    {
        "",
        "v1",
        "v1.0",
        "auth",
        "info",
        "healthcheck",
        "endpoints",
        "metrics",
        "recon",
        "crossdomain.xml",
        "favicon.ico",
    }
)


class Place(NamedTuple):
    """What the request names; "" for what it does not."""

    bucket: str
    key: str
    host_bucket: str = ""
    is_website: bool = False


class Locator:
    """Finds the place of a request."""

    __slots__ = ("_allow_anonymous", "_site_suffixes", "_suffixes")

    def __init__(
        self,
        storage_domains: tuple[str, ...],
        website_domains: tuple[str, ...] = (),
        *,
        allow_anonymous: bool,
    ) -> None:
        self._suffixes = _suffixes(storage_domains)
        # Sites are for anybody: without anybody there are none.
        self._site_suffixes = _suffixes(website_domains) if allow_anonymous else ()
        self._allow_anonymous = allow_anonymous

    def place(self, environ: Environ) -> Place | None:
        """The place, or None: not for us.  Raises ``InvalidURI``."""
        if self._site_suffixes:
            site = _first_label(environ, self._site_suffixes)
            if site:
                return Place(site, _text(environ.get("PATH_INFO", ""))[1:], site, True)
        signed = is_signed(environ)
        path = environ.get("PATH_INFO", "")
        if not signed:
            if not self._allow_anonymous or "HTTP_X_AUTH_TOKEN" in environ:
                return None
            if path[:4] == "/v1/" or "HTTP_X_STORAGE_TOKEN" in environ:
                return None
        host_bucket = _first_label(environ, self._suffixes) if self._suffixes else ""
        path = _text(path)
        if host_bucket:
            return Place(host_bucket, path[1:], host_bucket)
        bucket, _, key = path[1:].partition("/")
        if not signed and bucket in RESERVED:
            return None
        return Place(bucket, key)


def _suffixes(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("." + domain.strip(".").lower() for domain in domains)


def _first_label(environ: Environ, suffixes: tuple[str, ...]) -> str:
    """What stands before one of the domains in the request's host; "" if none."""
    host: str = environ.get("HTTP_HOST", "").lower()
    name = host.rpartition(":")[0] if ":" in host else host
    for suffix in suffixes:
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return ""


def _text(path: str) -> str:
    if path.isascii():
        return path
    try:
        return path.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise S3Error("InvalidURI") from None


def is_signed(environ: Environ) -> bool:
    """Whether the request carries anything that looks like an S3 signature."""
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is not None:
        return str(authorization).startswith(("AWS4-HMAC-SHA256", "AWS "))
    query: str = environ.get("QUERY_STRING", "")
    return bool(query) and (
        "X-Amz-Algorithm=" in query
        or "X-Amz-Signature=" in query
        or ("AWSAccessKeyId=" in query and "Signature=" in query)
    )
