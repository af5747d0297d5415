"""What filters read of accounts' and containers' stored metadata.

The facts come from the context (cached, no subrequest).  Where nobody
provides them, or there is no such account or container, there is no metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objectstore.kernel.access import AccessRules
from objectstore.kernel.request import Context, Request
from objectstore.middleware.auth import account_acl

_NONE: Mapping[str, str] = {}


def account_facts(context: Context, account: str) -> Any:
    """The account's ``DatabaseInfo``, or None."""
    if context.facts is None or not account:
        return None
    return context.facts.account(account)


def container_facts(context: Context, account: str, container: str) -> Any:
    """The container's ``DatabaseInfo``, or None."""
    if context.facts is None or not container:
        return None
    return context.facts.container(account, container)


def fresh_container_facts(context: Context, account: str, container: str) -> Any:
    """The same, asked for now: counts as they are."""
    if context.facts is None or not container:
        return None
    return context.facts.fresh_container(account, container)


def fresh_account_facts(context: Context, account: str) -> Any:
    """The account's, asked for now."""
    if context.facts is None or not account:
        return None
    return context.facts.fresh_account(account)


def metadata_of(facts: Any) -> Mapping[str, str]:
    """The metadata of an account or container: Title-Case header names to values."""
    found: Mapping[str, str] = _NONE if facts is None else facts.metadata
    return found


def account_metadata(context: Context, account: str) -> Mapping[str, str]:
    """The account's metadata, as it was lately."""
    return metadata_of(account_facts(context, account))


def container_metadata(
    context: Context, account: str, container: str
) -> Mapping[str, str]:
    """The container's metadata, as it was lately."""
    return metadata_of(container_facts(context, account, container))


def authorize_write(request: Request) -> None:
    """Ask for the right to write now: before a filter tells something (a quota
    that is full) that only those may know who can write.  Raises Rejected."""
    _authorize(request, "X-Container-Write")


def authorize_read(request: Request) -> None:
    """The same for reading."""
    _authorize(request, "X-Container-Read")


def _authorize(request: Request, acl_header: str) -> None:
    context = request.context
    if context.authorize is not None:
        _, account, container, _ = request.split()
        container_acl = container_metadata(context, account, container)
        stored = account_metadata(context, account)
        rules = AccessRules(
            container_acl.get(acl_header, ""),
            stored.get(account_acl.STORED_HEADER, ""),
        )
        context.authorize(request, rules)
