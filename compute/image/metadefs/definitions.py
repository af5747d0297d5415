"""What namespaces define: properties, objects, tags, and resource types."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.image.metadefs import store
from compute.image.metadefs.access import (
    allowed,
    check_unprotected,
    content,
    define,
    written,
)
from compute.image.metadefs.model import RESOURCE_TYPE, Definition, Kind, Namespace
from compute.image.parts import Parts


class DefinitionService:
    """Each call is one transaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def all(self, context: RequestContext, name: str, kind: Kind) -> list[Definition]:
        """All of a kind, by name."""

        def look(connection: Connection) -> list[Definition]:
            found = allowed(self._parts, connection, context, name, kind.list)
            return store.definitions_of(connection, [found.id], kind.name)

        return self._parts.read(look)

    def one(
        self, context: RequestContext, name: str, kind: Kind, key: str
    ) -> Definition:
        """One of them."""

        def look(connection: Connection) -> Definition:
            namespace = allowed(self._parts, connection, context, name, kind.show)
            return _found(connection, namespace, kind, key)

        return self._parts.read(look)

    def prefix(self, context: RequestContext, name: str, resource_type: str) -> str:
        """What the namespace's properties begin with on things of that type."""

        def look(connection: Connection) -> str:
            namespace = allowed(self._parts, connection, context, name)
            found = store.definition(
                connection, namespace.id, RESOURCE_TYPE.name, resource_type
            )
            return "" if found is None else found.document.get("prefix") or ""

        return self._parts.read(look)

    def add(
        self,
        context: RequestContext,
        name: str,
        kind: Kind,
        documents: Sequence[Mapping[str, Any]],
        *,
        replacing: bool = False,
    ) -> list[Definition]:
        """Define something; ``replacing``: and nothing else of the kind any more
        (``Forbidden`` when the namespace is protected)."""

        now = self._parts.now()

        def write(connection: Connection) -> list[Definition]:
            namespace = allowed(self._parts, connection, context, name, kind.add)
            if replacing and store.forget(connection, namespace.id, kind.name):
                check_unprotected(namespace)
            return define(connection, namespace, kind, documents, now)

        return written(
            self._parts, write, f"That {kind.name} is defined in {name} already."
        )

    def change(
        self,
        context: RequestContext,
        name: str,
        kind: Kind,
        key: str,
        document: Mapping[str, Any],
    ) -> Definition:
        """Define it anew, perhaps by another name."""
        now = self._parts.now()

        def write(connection: Connection) -> Definition:
            namespace = allowed(self._parts, connection, context, name, kind.change)
            before = _found(connection, namespace, kind, key)
            store.forget(connection, namespace.id, kind.name, key)
            after = dataclasses.replace(
                before,
                name=document["name"],
                document=content(document),
                updated_at=now,
            )
            store.define(connection, after)
            return after

        return written(
            self._parts, write, f"That {kind.name} is defined in {name} already."
        )

    def remove(self, context: RequestContext, name: str, kind: Kind, key: str) -> None:
        """Define it no more; ``Forbidden`` when the namespace is protected."""

        def write(connection: Connection) -> None:
            namespace = allowed(self._parts, connection, context, name, kind.remove)
            check_unprotected(namespace)
            _found(connection, namespace, kind, key)
            store.forget(connection, namespace.id, kind.name, key)

        self._parts.change(write)

    def remove_all(self, context: RequestContext, name: str, kind: Kind) -> None:
        """Define nothing of the kind any more."""

        def write(connection: Connection) -> None:
            namespace = allowed(self._parts, connection, context, name, kind.remove)
            check_unprotected(namespace)
            store.forget(connection, namespace.id, kind.name)

        self._parts.change(write)

    def resource_types(self, context: RequestContext) -> list[Definition]:
        """Every association of a namespace that the caller may see."""
        self._parts.policy.enforce(context, "list_metadef_resource_types")
        return self._parts.read(
            lambda connection: store.resource_types(
                connection,
                owner=context.project_id,
                sees_all=context.has_role("admin"),
            )
        )


def _found(
    connection: Connection, namespace: Namespace, kind: Kind, key: str
) -> Definition:
    found = store.definition(connection, namespace.id, kind.name, key)
    if found is None:
        raise NotFound(
            f"The metadata definition {kind.name} with name={key} was not found in"
            f" namespace={namespace.name}."
        )
    return found
