"""Orders about containers: load, decide, save."""

from __future__ import annotations

import dataclasses

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection
from compute.secret.definitions import NewContainer, check_members
from compute.secret.model import CONTAINERS, GENERIC, Container, Member
from compute.secret.parts import Parts
from compute.secret.service.finding import find_container, find_secret
from compute.secret.service.quotas import check_quota


class ContainerService:
    """One for each process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def create(self, context: RequestContext, wanted: NewContainer) -> Container:
        """A new one, of secrets that the caller may read.  ``NotFound``."""
        parts = self._parts
        made = new_container(parts, context, wanted)

        def write(connection: Connection) -> None:
            for each in made.members:
                find_secret(
                    connection, parts, context, each.secret_id, "secret:decrypt"
                )
            check_quota(connection, parts, context.project_id, CONTAINERS)
            parts.stores.insert_container(connection, made)

        parts.run(write)
        return made

    def delete(self, context: RequestContext, container_id: str) -> None:
        """It is no more; its secrets stay."""

        def write(connection: Connection) -> None:
            rule = "container:delete"
            found = find_container(connection, self._parts, context, container_id, rule)
            self._parts.stores.delete_container(connection, found.id)

        self._parts.run(write)

    def add(
        self, context: RequestContext, container_id: str, member: Member
    ) -> Container:
        """One more secret in a generic container."""
        parts = self._parts

        def write(connection: Connection) -> Container:
            rule = "container_secret:post"
            found = _changeable(connection, parts, context, container_id, rule)
            find_secret(connection, parts, context, member.secret_id, "secret:decrypt")
            if any(each.secret_id == member.secret_id for each in found.members):
                raise Conflict("The secret is in the container")
            members = (*found.members, member)
            check_members(found.type, members)
            return self._save(connection, found, members)

        return parts.run(write)

    def remove(
        self, context: RequestContext, container_id: str, member: Member
    ) -> None:
        """A secret is no longer in a generic container; ``NotFound`` when it was not,
        or is there by another name."""
        parts = self._parts

        def write(connection: Connection) -> None:
            rule = "container_secret:delete"
            found = _changeable(connection, parts, context, container_id, rule)
            members = tuple(
                each
                for each in found.members
                if each.secret_id != member.secret_id
                or (member.name and each.name != member.name)
            )
            if len(members) == len(found.members):
                raise NotFound("The secret is not in the container")
            self._save(connection, found, members)

        parts.run(write)

    def _save(
        self, connection: Connection, found: Container, members: tuple[Member, ...]
    ) -> Container:
        saved = dataclasses.replace(
            found, members=members, updated_at=self._parts.now()
        )
        self._parts.stores.save_container(connection, saved)
        return saved


def new_container(
    parts: Parts, context: RequestContext, wanted: NewContainer
) -> Container:
    """As it is stored."""
    now = parts.now()
    return Container(
        id=parts.identifiers.uuid(),
        project_id=context.project_id,
        creator_id=context.user_id,
        name=wanted.name,
        type=wanted.type,
        created_at=now,
        updated_at=now,
        members=wanted.members,
    )


def _changeable(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    container_id: str,
    rule: str,
) -> Container:
    found = find_container(connection, parts, context, container_id, rule)
    if found.type != GENERIC:
        raise BadRequest("Only generic containers can be changed")
    return found
