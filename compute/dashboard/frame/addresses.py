"""Where a request was sent to, as the person's browser shows it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from compute.dashboard.frame import guard
from compute.dashboard.frame.visit import at
from objectstore.kernel.request import Request

SIGN_IN = "/sign-in"
# What says where in a list a page begins.
PLACES = frozenset(("marker", "offset"))


def address_of(request: Request) -> str:
    """Path and query, as the browser shows them, below the dashboard."""
    environ = request.environ
    raw: str = environ.get("RAW_PATH_INFO", "") or environ.get("PATH_INFO", "/")
    base = environ.get("SCRIPT_NAME", "")
    path = raw.removeprefix(base) if base else raw
    query = environ.get("QUERY_STRING", "")
    found = guard.local_path(f"{path}?{query}" if query else path, "/")
    return found if found.isascii() else "/"


def first_page(address: str) -> str:
    """Of a list whose next pages are asked for by a marker or an offset; "" on it."""
    path, _, query = address.partition("?")
    asked = parse_qsl(query, keep_blank_values=True)
    kept = [each for each in asked if each[0] not in PLACES]
    if len(kept) == len(asked):
        return ""
    return f"{path}?{urlencode(kept)}" if kept else path


def sign_in_path(next_path: str) -> str:
    """The form, and where to go on from it."""
    return SIGN_IN if next_path in ("", "/") else at("sign-in", next=next_path)
