"""What the cloud's own services read when nobody waits for it.

A user who may read a secret or a container makes a resource of another room its
consumer, by asking that room for it: a listener, an encrypted volume.  From then on
that room may read it, for that resource, until the consumer is taken away, by the room
or by whoever may.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.secret.model import CONTAINERS, Member, Payload
from compute.secret.parts import Parts, missing
from compute.secret.service.consumers import is_of
from compute.secret.service.finding import living_secret
from compute.secret.uses import Use, check_entrustable


@dataclass(frozen=True, slots=True)
class Named:
    """A payload, and what its secret is called in its container ("": there is none)."""

    name: str
    payload: Payload


def read_entrusted(parts: Parts, kind: str, subject_id: str, use: Use) -> list[Named]:
    """All that is kept there.  ``NotFound`` also when that resource is no consumer."""

    def read(connection: Connection) -> list[Named]:
        _check_entrusted(connection, parts, subject_id, use)
        members = [Member("", subject_id)]
        if kind == CONTAINERS:
            container = parts.stores.container(connection, subject_id)
            if container is None:
                raise missing(subject_id)
            check_entrustable(container.type)
            members = list(container.members)
        return [_opened(connection, parts, each) for each in members]

    return parts.read(read)


def release(parts: Parts, subject_id: str, use: Use) -> None:
    """The resource uses it no more, if it did."""

    def write(connection: Connection) -> None:
        consumers = parts.stores.consumers(connection, [subject_id])[subject_id]
        for each in consumers:
            if is_of(use, each):
                parts.stores.delete_consumer(connection, each.id)

    parts.run(write)


def _check_entrusted(
    connection: Connection, parts: Parts, subject_id: str, use: Use
) -> None:
    consumers = parts.stores.consumers(connection, [subject_id])[subject_id]
    if not any(is_of(use, each) for each in consumers):
        raise missing(subject_id)


def _opened(connection: Connection, parts: Parts, member: Member) -> Named:
    secret = living_secret(connection, parts, member.secret_id)
    payload = parts.stores.payload(connection, secret) if secret else None
    if payload is None:
        raise NotFound(f"Not found: the payload of {member.name or member.secret_id}")
    return Named(member.name, payload)
