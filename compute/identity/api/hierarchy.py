"""A project's parents and children, as lists of projects or trees of ids."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.identity.api.documents import project_documents
from compute.identity.model import Project
from compute.identity.store import tree


def add_relatives(
    call: ApiCall, connection: Connection, project: Project, document: dict[str, Any]
) -> None:
    """What ``parents_as_list``, ``parents_as_ids``, ``subtree_as_list`` and
    ``subtree_as_ids`` ask for."""
    query = call.query
    for side in ("parents", "subtree"):
        as_list, as_ids = f"{side}_as_list" in query, f"{side}_as_ids" in query
        if as_list and as_ids:
            raise BadRequest(f"Use either {side}_as_list or {side}_as_ids, not both")
        if not (as_list or as_ids):
            continue
        if side == "parents":
            above = tree.ancestors(connection, project)
            found = [parent for parent in above if not parent.is_domain]
            ids = _line([parent.id for parent in above])
        else:
            found = tree.subtree(connection, project.id)
            ids = _branches(project.id, found)
        if as_ids:
            document[side] = ids
        else:
            shown = project_documents(call, connection, found)
            document[side] = [{"project": item} for item in shown]


def _line(ids: list[str]) -> dict[str, Any] | None:
    tree_of_ids: dict[str, Any] | None = None
    for identifier in reversed(ids):
        tree_of_ids = {identifier: tree_of_ids}
    return tree_of_ids


def _branches(root: str, found: list[Project]) -> dict[str, Any] | None:
    below = [project.id for project in found if project.parent_id == root]
    return {child: _branches(child, found) for child in below} or None
