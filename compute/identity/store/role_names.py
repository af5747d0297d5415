"""The roles that a request names."""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.model import Role
from compute.identity.store.subjects import roles


def named_role(connection: Connection, entry: Mapping[str, str]) -> Role | None:
    """From ``{"id"}`` or ``{"name"}``.

    Clients whose user may not list roles send the name that they were given as the
    id, so a name is taken there too; ids are random, so none is another's name.
    """
    found = None
    if "id" in entry:
        found = roles.find(connection, entry["id"])
    if found is None:
        rows = tables.roles.c
        name = entry.get("name") or entry.get("id", "")
        found = roles.first(connection, rows.name == name, rows.domain_id == "")
    return found
