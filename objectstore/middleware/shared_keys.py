"""The keys that sign temporary URLs and forms, and how far each reaches.

An account has up to two (``X-Account-Meta-Temp-URL-Key`` and ``...-Key-2``, so
that keys can be changed without breaking URLs in use), a container likewise;
a container's key opens that container only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.middleware.stored_facts import account_metadata, container_metadata


class SharedKey(NamedTuple):
    """A key, and whether it is the container's only."""

    key: str
    is_containers: bool


def shared_keys(request: Request, account: str, container: str) -> list[SharedKey]:
    """The keys of the account, then those of the container."""
    context = request.context
    own = _keys(account_metadata(context, account), "Account")
    keys = [SharedKey(key, False) for key in own]
    inner = _keys(container_metadata(context, account, container), "Container")
    return keys + [SharedKey(key, True) for key in inner]


def _keys(metadata: Mapping[str, str], kind: str) -> list[str]:
    names = (f"X-{kind}-Meta-Temp-Url-Key", f"X-{kind}-Meta-Temp-Url-Key-2")
    return [metadata[name] for name in names if metadata.get(name)]


def refusal(account: str, text: str) -> Rejected:
    """A 401 with a text of its own."""
    plain = "".join(c for c in account if c.isprintable() and c not in '"\\')
    challenge = f'Swift realm="{plain or "unknown"}"'
    return Rejected(401, text, (("WWW-Authenticate", challenge),))
