"""Headers of every page: what a browser may load, keep and tell others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from objectstore.kernel.reply import HeaderList

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# Of what people have stored: nothing in it runs, wherever it is opened.
_SANDBOX = "default-src 'none'; sandbox"

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # Other ports of this host are of the same site, and send its cookies along.
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def is_https(environ: Mapping[str, Any]) -> bool:
    """Whether the browser speaks TLS, with us or with a proxy before us."""
    forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip()
    return "https" in (forwarded, environ.get("wsgi.url_scheme", ""))


def page_headers(frame_url: str = "") -> HeaderList:
    """``frame_url``: the one document that the page shows inside itself, or the one web
    socket that its terminal opens."""
    return [
        *_ALWAYS,
        ("Content-Security-Policy", _policy_of(frame_url)),
        ("Cache-Control", "no-store"),
    ]


def static_headers(entity_tag: str) -> HeaderList:
    """Of files whose names change with their content."""
    return [
        *_ALWAYS,
        ("Content-Security-Policy", _SANDBOX),
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("ETag", f'"{entity_tag}"'),
    ]


def download_headers(disposition: str) -> HeaderList:
    """Of content that is not ours."""
    return [
        *_ALWAYS,
        ("Content-Security-Policy", _SANDBOX),
        ("Cache-Control", "no-store"),
        ("Content-Disposition", disposition),
    ]


def _policy_of(url: str) -> str:
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
    if not parts.netloc:
        return _POLICY
    if parts.scheme in ("ws", "wss"):
        # Not every browser takes a socket of our own origin for 'self'.
        return _POLICY.replace("connect-src 'self'", f"connect-src 'self' {place}")
    if parts.scheme in ("http", "https"):
        return f"{_POLICY}; frame-src {place}"
    return _POLICY
