"""Names that are taken, and domains that things are to be in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from compute.core.errors import Conflict
from compute.core.sql.database import Connection, Duplicate
from compute.identity.store.subjects import domains


@contextmanager
def unless_taken(noun: str, name: str, *, by: str = "name") -> Iterator[None]:
    """``Conflict`` where something else has the name that one is to have."""
    try:
        yield
    except Duplicate:
        raise taken(noun, name, by=by) from None


def taken(noun: str, name: str, *, by: str = "name") -> Conflict:
    """The error for a name (or what ``by`` says) that something else has."""
    return Conflict(
        f"Conflict occurred attempting to store {noun} - "
        f"Duplicate entry found with {by} {name}."
    )


def check_domain(connection: Connection, domain_id: str) -> None:
    """``NotFound`` unless there is such a domain."""
    found = domains.find(connection, domain_id)
    if found is None or not found.is_domain:
        raise domains.missing(domain_id)
