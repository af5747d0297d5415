"""The keys that sign temporary URLs and forms, and how far each reaches.

An account has up to two (``X-Account-Meta-Temp-URL-Key`` and ``...-Key-2``, so
that keys can be changed without breaking URLs in use), a container likewise;
a container's key opens that container only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.middleware.auth.challenge import challenge
from objectstore.middleware.stored_facts import (
    account_metadata,
    container_metadata,
    fresh_account_facts,
    fresh_container_facts,
    metadata_of,
)


class SharedKey(NamedTuple):
    """A key, and whether it is the container's only."""

    key: str
    is_containers: bool


def shared_keys(
    request: Request, account: str, container: str
) -> Iterator[list[SharedKey]]:
    """The keys of the account, then those of the container; and once more, as they
    are now, for who found none of them right: a key that has just been set through
    another process opens at once.
    """
    context = request.context
    known = _both(
        account_metadata(context, account),
        container_metadata(context, account, container),
    )
    yield known
    fresh = _both(
        metadata_of(fresh_account_facts(context, account)),
        metadata_of(fresh_container_facts(context, account, container)),
    )
    if fresh != known:
        yield fresh


def _both(account: Mapping[str, str], container: Mapping[str, str]) -> list[SharedKey]:
    keys = [SharedKey(key, False) for key in _keys(account, "Account")]
    return keys + [SharedKey(key, True) for key in _keys(container, "Container")]


def _keys(metadata: Mapping[str, str], kind: str) -> list[str]:
    names = (f"X-{kind}-Meta-Temp-Url-Key", f"X-{kind}-Meta-Temp-Url-Key-2")
    return [metadata[name] for name in names if metadata.get(name)]


def refusal(account: str, text: str) -> Rejected:
    """A 401 with a text of its own."""
    return Rejected(401, text, (("WWW-Authenticate", challenge(account)),))
