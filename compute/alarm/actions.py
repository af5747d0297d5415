"""What an alarm can be told to do: actions as URLs.  Pure.

    http://, https://               the alarm's news are posted there
    trust+http://, trust+https://   the same, with a token by its user's trust
    log://                          a line in the operator's log

A signal to a resource of a stack of this cloud is the one webhook that need not be an
address of the outside: it is known by its path below one of the places at which the
catalogue has orchestration, and is given to that room and to nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from compute.core.web.url_rules import DEFAULT_PORTS

URL_CHARACTERS_MAX = 2048
TRUST = "trust+"
LOG = "log"
SCHEMES = ("http", "https", "trust+http", "trust+https", LOG)
SIGNATURE = "signature="

# No dots alone, no slash in disguise: what is matched is what the room sees.
_PART = r"(?!\.{1,2}/)(?:[A-Za-z0-9._~-]|%(?!2[EeFf]|5[Cc]|00)[0-9A-Fa-f]{2})+"
_SIGNAL = re.compile(rf"/v1/{_PART}/stacks/{_PART}/{_PART}/resources/{_PART}/signal")


@dataclass(frozen=True, slots=True)
class Action:
    """One action.  ``url``: without the prefix of the scheme."""

    scheme: str
    url: str

    @property
    def goes_by_trust(self) -> bool:
        """Whether it carries a token."""
        return self.scheme.startswith(TRUST)

    @property
    def place(self) -> str:
        """Where it leads, for logs and histories: paths and queries are secrets."""
        if self.scheme == LOG:
            return "log://"
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        shown = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{shown}{port}"


def parse(text: str) -> Action:
    """``ValueError`` says what is wrong with it."""
    if len(text) > URL_CHARACTERS_MAX:
        raise ValueError(f"an action has at most {URL_CHARACTERS_MAX} characters")
    if not text.isprintable() or " " in text:
        raise ValueError("an action is a URL without spaces")
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
        _ = parts.port
    except ValueError:
        raise ValueError("an action is a URL that can be read") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"Unsupported action {parts.scheme or 'without a scheme'}")
    if parts.scheme != LOG and not has_host:
        raise ValueError("an action names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an action holds no user's name: who sees the alarm sees it")
    return Action(parts.scheme, text.removeprefix(TRUST))


def signal_path(url: str, bases: Iterable[str]) -> str | None:
    """The path and query to ask orchestration for, when the URL is a signal to one of
    its resources below one of ``bases``; None: it is a webhook like any other."""
    place, path, query = _taken_apart(url)
    for base in bases:
        base_place, prefix, _ = _taken_apart(base)
        inner = path.removeprefix(prefix.rstrip("/"))
        is_below = path.startswith(prefix.rstrip("/"))
        if place == base_place and is_below and _SIGNAL.fullmatch(inner):
            return f"{inner}?{query}" if query else inner
    return None


def is_signed(url: str) -> bool:
    """Whether a signal's URL has its right in itself."""
    return any(each.startswith(SIGNATURE) for each in urlsplit(url).query.split("&"))


def _taken_apart(url: str) -> tuple[tuple[str, str, int], str, str]:
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    host = (parts.hostname or "").rstrip(".").lower()
    return (parts.scheme, host, port), parts.path, parts.query
