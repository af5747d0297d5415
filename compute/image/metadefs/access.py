"""Who may do what with a namespace, and putting definitions into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from compute.core.context import RequestContext
from compute.core.errors import Conflict, Forbidden, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.image.metadefs import store
from compute.image.metadefs.model import DEFINITIONS_MAX, Definition, Kind, Namespace
from compute.image.parts import Parts
from compute.image.rules import TooMuch

T = TypeVar("T")
SEES = "get_metadef_namespace"
# What is not of the definition itself, though callers may send it back.
_OURS = frozenset({"name", "created_at", "updated_at", "self", "schema"})


def written(parts: Parts, function: Callable[[Connection], T], taken: str) -> T:
    """Run the transaction; ``Conflict`` in these words where a name is taken."""
    try:
        return parts.change(function)
    except Duplicate:
        raise Conflict(taken) from None


def allowed(
    parts: Parts,
    connection: Connection,
    context: RequestContext,
    name: str,
    rule: str = SEES,
) -> Namespace:
    """The namespace, for who may do that by the rule; who may not even see it learns
    nothing."""
    found = store.get(connection, name)
    missing = f"Metadata definition namespace not found: {name}"
    if found is None:
        raise NotFound(missing)
    target = {
        "project_id": found.owner,
        "owner": found.owner,
        "visibility": found.visibility,
    }
    if not parts.policy.allows(context, SEES, target):
        raise NotFound(missing)
    parts.policy.enforce(context, rule, target)
    return found


def check_unprotected(namespace: Namespace) -> None:
    """Whether something of it may be removed."""
    if namespace.protected:
        raise Forbidden(
            f"Metadata definition namespace {namespace.name} is protected and"
            " cannot be deleted."
        )


def define(
    connection: Connection,
    namespace: Namespace,
    kind: Kind,
    documents: Sequence[Mapping[str, Any]],
    now: float,
) -> list[Definition]:
    """Write new definitions; ``TooMuch``, ``Duplicate``."""
    found = [
        Definition(namespace.id, kind.name, each["name"], content(each), now, now)
        for each in documents
    ]
    there = store.definitions_of(connection, [namespace.id], kind.name)
    if len(there) + len(found) > DEFINITIONS_MAX:
        raise TooMuch(f"A namespace has at most {DEFINITIONS_MAX} {kind.plural}")
    for definition in found:
        store.define(connection, definition)
    return found


def content(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a definition says beside its name."""
    return {key: value for key, value in document.items() if key not in _OURS}
