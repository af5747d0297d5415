"""How things are shown.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.core.instants import iso_micro
from compute.secret.model import (
    ACTIVE,
    CONTAINERS,
    ORDERS,
    SECRETS,
    Access,
    Consumer,
    Container,
    Order,
    Secret,
)
from compute.secret.references import reference

_UNKNOWN = "Unknown"


def secret_document(
    base_url: str, secret: Secret, consumers: Sequence[Consumer] | None = None
) -> dict[str, Any]:
    """``consumers`` None: the caller's version knows of none."""
    ends = secret.expires_at
    found: dict[str, Any] = {
        "secret_ref": reference(base_url, SECRETS, secret.id),
        "name": secret.name or None,
        "secret_type": secret.secret_type,
        "algorithm": secret.algorithm or None,
        "bit_length": secret.bit_length,
        "mode": secret.mode or None,
        "expiration": None if ends is None else iso_micro(ends),
        "creator_id": secret.creator_id,
        "status": ACTIVE,
        "created": iso_micro(secret.created_at),
        "updated": iso_micro(secret.updated_at),
    }
    if secret.content_type:
        found["content_types"] = {"default": secret.content_type}
    if consumers is not None:
        found["consumers"] = [_used(each) for each in consumers]
    return found


def container_document(
    base_url: str, container: Container, consumers: Sequence[Consumer]
) -> dict[str, Any]:
    """With the names of its secrets, where they have any."""
    members = []
    for each in container.members:
        shown = {"secret_ref": reference(base_url, SECRETS, each.secret_id)}
        members.append({"name": each.name, **shown} if each.name else shown)
    return {
        "container_ref": reference(base_url, CONTAINERS, container.id),
        "name": container.name or None,
        "type": container.type,
        "creator_id": container.creator_id,
        "status": ACTIVE,
        "secret_refs": members,
        "consumers": [_named(each) for each in consumers],
        "created": iso_micro(container.created_at),
        "updated": iso_micro(container.updated_at),
    }


def consumer_document(consumer: Consumer) -> dict[str, Any]:
    """In the list of consumers."""
    shown = _used(consumer) if consumer.resource_type else _named(consumer)
    at = iso_micro(consumer.created_at)
    return {**shown, "status": ACTIVE, "created": at, "updated": at}


def access_document(access: Access) -> dict[str, Any]:
    """Who reads."""
    read: dict[str, Any] = {"project-access": access.project_access}
    if access.created_at is not None and access.changed_at is not None:
        read["users"] = list(access.users)
        read["created"] = iso_micro(access.created_at)
        read["updated"] = iso_micro(access.changed_at)
    return {"read": read}


def order_document(base_url: str, order: Order) -> dict[str, Any]:
    """With what it made."""
    at = iso_micro(order.created_at)
    found = {
        "order_ref": reference(base_url, ORDERS, order.id),
        "type": order.type,
        "meta": dict(order.meta),
        "creator_id": order.creator_id,
        "status": ACTIVE,
        "sub_status": _UNKNOWN,
        "sub_status_message": _UNKNOWN,
        "created": at,
        "updated": at,
    }
    if order.secret_id:
        found["secret_ref"] = reference(base_url, SECRETS, order.secret_id)
    if order.container_id:
        found["container_ref"] = reference(base_url, CONTAINERS, order.container_id)
    return found


def _used(consumer: Consumer) -> dict[str, str]:
    return {
        "service": consumer.service,
        "resource_type": consumer.resource_type,
        "resource_id": consumer.resource_id,
    }


def _named(consumer: Consumer) -> dict[str, str]:
    return {"name": consumer.service, "URL": consumer.resource_id}
