"""Things by their ids, for who may do to them what a rule is about.

``NotFound`` where there is none, where it has ended, and where it is somebody else's;
``PolicyNotAuthorized`` where the caller may not, and may know of it.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.secret.model import Container, Order, Secret
from compute.secret.parts import Parts, missing


def living_secret(
    connection: Connection, parts: Parts, secret_id: str
) -> Secret | None:
    """One that has not ended, whoever asks."""
    found = parts.stores.secret(connection, secret_id)
    if found is None or has_ended(found, parts.now()):
        return None
    return found


def find_secret(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    secret_id: str,
    rule: str,
) -> Secret:
    """See the module."""
    found = living_secret(connection, parts, secret_id)
    if found is None:
        raise missing(secret_id)
    parts.check(context, rule, found)
    return found


def find_container(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    container_id: str,
    rule: str,
) -> Container:
    """See the module."""
    found = parts.stores.container(connection, container_id)
    if found is None:
        raise missing(container_id)
    parts.check(context, rule, found)
    return found


def find_order(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    order_id: str,
    rule: str,
) -> Order:
    """See the module."""
    found = parts.stores.orders.find(connection, order_id)
    if found is None:
        raise missing(order_id)
    parts.check(context, rule, found)
    return found


def has_ended(secret: Secret, now: float) -> bool:
    """Whether its time has passed: it is not shown any more, and soon gone."""
    return secret.expires_at is not None and secret.expires_at <= now
