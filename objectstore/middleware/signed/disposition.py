"""``Content-Disposition`` of a reply that may be saved as a file.  Pure."""

from __future__ import annotations

from urllib.parse import quote


def disposition(own: str, filename: str, name: str, *, is_inline: bool) -> str:
    """The ``Content-Disposition``: as the URL wants, else the object's own, else
    an attachment with the last part of the object's name."""
    if is_inline:
        return _with_filename("inline", filename) if filename else "inline"
    if filename:
        return _with_filename("attachment", filename)
    if own:
        return own.replace("\n", "%0A")
    return _with_filename("attachment", name.rstrip("/").rpartition("/")[2])


def _with_filename(kind: str, filename: str) -> str:
    # RFC 6266: the plain form for old clients, the RFC 5987 one for all others.
    plain, full = quote(filename, safe=" /"), quote(filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}"
