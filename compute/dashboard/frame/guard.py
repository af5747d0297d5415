"""What a browser may be made to do: pure decisions about forms, origins, addresses."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

LOCAL_PATH_CHARACTERS_MAX = 2000


def is_same_origin(origin: str, referer: str, host: str) -> bool:
    """Whether a form was sent from a page of ours.

    Browsers send ``Origin`` with every form that changes something; where it is
    missing the page they came from is looked at.  A request with neither is no
    browser's that could be misled, or one that hides both: refused.
    """
    source = origin or referer
    if not source or source == "null":
        return False
    try:
        came_from = urlsplit(source).netloc.lower()
    except ValueError:
        return False
    return bool(host) and came_from == host.lower()


def is_token(given: str, expected: str) -> bool:
    """Whether the form has the session's token; in constant time."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def local_path(text: str, default: str) -> str:
    """``text`` when it is a path within the dashboard (with its query), beginning with
    a slash; else ``default``: no address sends people to somewhere else."""
    if (
        len(text) > LOCAL_PATH_CHARACTERS_MAX
        or not text.startswith("/")
        or text.startswith("//")
        or "\\" in text
        or "/../" in text + "/"
        or any(ord(character) < 33 or ord(character) == 127 for character in text)
    ):
        return default
    return text
