"""Namespaces of metadata definitions: made, listed, shown, changed, deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from compute.core.api.pagination import Page
from compute.core.context import RequestContext
from compute.core.errors import Forbidden
from compute.core.sql.database import Connection
from compute.image.metadefs import store
from compute.image.metadefs.access import (
    allowed,
    check_unprotected,
    define,
    written,
)
from compute.image.metadefs.model import (
    NAMESPACES_MAX,
    OBJECT,
    PRIVATE,
    PROPERTY,
    RESOURCE_TYPE,
    TAG,
    Definition,
    Kind,
    Namespace,
)
from compute.image.parts import Parts
from compute.image.rules import TooMuch

SETTABLE = ("display_name", "description", "visibility", "protected", "owner")


class NamespaceService:
    """Each call is one transaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def page(
        self,
        context: RequestContext,
        page: Page,
        visibility: str,
        resource_types: Collection[str],
    ) -> list[tuple[Namespace, list[Definition]]]:
        """A page of namespaces with their resource types."""
        self._parts.policy.enforce(context, "get_metadef_namespaces")

        def look(connection: Connection) -> list[tuple[Namespace, list[Definition]]]:
            found = store.page(
                connection,
                page,
                owner=context.project_id,
                sees_all=context.has_role("admin"),
                visibility=visibility,
                resource_types=resource_types,
            )
            ids = [each.id for each in found]
            meant = store.definitions_of(connection, ids, RESOURCE_TYPE.name)
            return [
                (each, [one for one in meant if one.namespace_id == each.id])
                for each in found
            ]

        return self._parts.read(look)

    def show(
        self, context: RequestContext, name: str
    ) -> tuple[Namespace, list[Definition]]:
        """A namespace with everything in it."""

        def look(connection: Connection) -> tuple[Namespace, list[Definition]]:
            found = allowed(self._parts, connection, context, name)
            return found, store.definitions_of(connection, [found.id])

        return self._parts.read(look)

    def create(
        self, context: RequestContext, document: Mapping[str, Any]
    ) -> tuple[Namespace, list[Definition]]:
        """A namespace, and what the document defines in it."""
        parts = self._parts
        parts.policy.enforce(context, "add_metadef_namespace")
        owner = document.get("owner") or context.project_id
        if not owner:
            raise Forbidden("A namespace needs an owner: a token of a project")
        now = parts.now()
        namespace = Namespace(
            id=parts.identifiers.uuid(),
            name=document["namespace"],
            owner=owner,
            created_at=now,
            updated_at=now,
            display_name=document.get("display_name"),
            description=document.get("description"),
            visibility=document.get("visibility", PRIVATE),
            protected=document.get("protected", False),
        )

        def write(connection: Connection) -> list[Definition]:
            if store.count(connection) >= NAMESPACES_MAX:
                raise TooMuch(f"There are {NAMESPACES_MAX} namespaces already")
            store.add(connection, namespace)
            for kind, given in _contents(document):
                define(connection, namespace, kind, given, now)
            parts.events.append(
                connection, context, now, "metadef_namespace.create", namespace.id, {}
            )
            return store.definitions_of(connection, [namespace.id])

        taken = f"The metadata definition namespace={namespace.name} already exists."
        return namespace, written(parts, write, taken)

    def update(
        self, context: RequestContext, name: str, document: Mapping[str, Any]
    ) -> tuple[Namespace, list[Definition]]:
        """Set what the document says of the namespace itself."""
        parts = self._parts
        new_name = document.get("namespace", name)

        def write(connection: Connection) -> tuple[Namespace, list[Definition]]:
            found = allowed(
                parts, connection, context, name, "modify_metadef_namespace"
            )
            values = {key: document[key] for key in SETTABLE if key in document}
            now = parts.now()
            changed = store.change(
                connection, found, **values, name=new_name, updated_at=now
            )
            kind = "metadef_namespace.update"
            parts.events.append(connection, context, now, kind, found.id, {})
            return changed, store.definitions_of(connection, [found.id])

        taken = f"The metadata definition namespace={new_name} already exists."
        return written(parts, write, taken)

    def delete(self, context: RequestContext, name: str) -> None:
        """Remove it with all that it defines; ``Forbidden`` when it is protected."""
        parts = self._parts

        def write(connection: Connection) -> None:
            found = allowed(
                parts, connection, context, name, "delete_metadef_namespace"
            )
            check_unprotected(found)
            store.delete(connection, found)
            now, kind = parts.now(), "metadef_namespace.delete"
            parts.events.append(connection, context, now, kind, found.id, {})

        parts.change(write)


def _contents(
    document: Mapping[str, Any],
) -> list[tuple[Kind, list[Mapping[str, Any]]]]:
    """What a namespace's document defines, by kind."""
    properties = document.get("properties") or {}
    return [
        (RESOURCE_TYPE, document.get("resource_type_associations") or []),
        (OBJECT, document.get("objects") or []),
        (TAG, document.get("tags") or []),
        (PROPERTY, [{**each, "name": name} for name, each in properties.items()]),
    ]
