"""Consumers: what uses a secret or a container, told by whoever may read it."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.secret.model import CONSUMERS, SECRETS, Consumer, Container, Secret
from compute.secret.parts import Parts
from compute.secret.service.finding import find_container, find_secret
from compute.secret.service.quotas import check_quota
from compute.secret.uses import Use

# Of one thing: all of them are shown with it.
CONSUMERS_MAX = 200
Subject = Secret | Container


class ConsumerService:
    """Those of secrets, or of containers (``kind``)."""

    def __init__(self, parts: Parts, kind: str) -> None:
        self._parts = parts
        self._is_secret = kind == SECRETS

    def all(
        self, context: RequestContext, subject_id: str
    ) -> tuple[Subject, list[Consumer]]:
        """Of one thing, the oldest first."""

        def read(connection: Connection) -> tuple[Subject, list[Consumer]]:
            subject = self._find(connection, context, subject_id, "get")
            return subject, self._of(connection, subject)

        return self._parts.read(read)

    def add(
        self, context: RequestContext, subject_id: str, use: Use
    ) -> tuple[Subject, list[Consumer]]:
        """One more; once, however often it is said.  The thing, and all of its
        consumers."""
        parts = self._parts

        def write(connection: Connection) -> tuple[Subject, list[Consumer]]:
            subject = self._find(connection, context, subject_id, "post")
            there = self._of(connection, subject)
            if any(is_of(use, each) for each in there):
                return subject, there
            if len(there) >= CONSUMERS_MAX:
                raise BadRequest(f"A thing has at most {CONSUMERS_MAX} consumers")
            check_quota(connection, parts, subject.project_id, CONSUMERS)
            made = Consumer(
                id=parts.identifiers.uuid(),
                subject_id=subject.id,
                project_id=subject.project_id,
                service=use.service,
                resource_type=use.resource_type,
                resource_id=use.resource_id,
                created_at=parts.now(),
            )
            parts.stores.insert_consumer(connection, made)
            return subject, [*there, made]

        return parts.run(write)

    def remove(
        self, context: RequestContext, subject_id: str, use: Use
    ) -> tuple[Subject, list[Consumer]]:
        """One less; ``NotFound`` when it was none."""

        def write(connection: Connection) -> tuple[Subject, list[Consumer]]:
            subject = self._find(connection, context, subject_id, "delete")
            there = self._of(connection, subject)
            found = [each for each in there if is_of(use, each)]
            if not found:
                raise NotFound("There is no such consumer")
            self._parts.stores.delete_consumer(connection, found[0].id)
            return subject, [each for each in there if each is not found[0]]

        return self._parts.run(write)

    def _find(
        self, connection: Connection, context: RequestContext, subject_id: str, act: str
    ) -> Subject:
        parts = self._parts
        if self._is_secret:
            rule = f"secret_consumers:{act}"
            return find_secret(connection, parts, context, subject_id, rule)
        rule = f"container_consumers:{act}"
        return find_container(connection, parts, context, subject_id, rule)

    def _of(self, connection: Connection, subject: Subject) -> list[Consumer]:
        return self._parts.stores.consumers(connection, [subject.id])[subject.id]


def is_of(use: Use, consumer: Consumer) -> bool:
    """Whether that is it."""
    return use == Use(consumer.service, consumer.resource_type, consumer.resource_id)
