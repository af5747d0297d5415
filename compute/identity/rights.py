"""What roles somebody has somewhere.  Pure.

A role counts on its target; an *inherited* one counts on everything below its target
and not on the target itself.  A role brings those that it implies, and what they
imply.  Roles that belong to a domain only serve to bring others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from compute.identity.model import DOMAIN, PROJECT, Assignment, Role

Implications = Mapping[str, set[str]]
"""Ids of roles, each with those that it implies."""


def closure(role_ids: Iterable[str], implications: Implications) -> set[str]:
    """The roles and all that they imply."""
    found: set[str] = set()
    waiting = list(role_ids)
    while waiting:
        role_id = waiting.pop()
        if role_id not in found:
            found.add(role_id)
            waiting += implications.get(role_id, ())
    return found


def implies(role_id: str, other_id: str, implications: Implications) -> bool:
    """Whether the first brings the second, at once or through others."""
    return other_id in closure([role_id], implications)


def direct_roles(
    assignments: Iterable[Assignment],
    kind: str,
    target_id: str,
    lineage: Sequence[tuple[str, str]] = (),
) -> set[str]:
    """Roles assigned on a target, or inherited from the (kind, id) above it."""
    above = set(lineage)
    return {
        assignment.role_id
        for assignment in assignments
        if (
            not assignment.inherited
            and (assignment.target_kind, assignment.target_id) == (kind, target_id)
        )
        or (
            assignment.inherited
            and (assignment.target_kind, assignment.target_id) in above
        )
    }


def in_tokens(roles: Iterable[Role]) -> list[Role]:
    """The roles that a token shows, by name."""
    return sorted(
        (role for role in roles if not role.domain_id), key=lambda role: role.name
    )


def lineage_of(domain_id: str, parent_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Where a project's inherited roles come from: its domain, its parents."""
    return [(DOMAIN, domain_id), *((PROJECT, parent) for parent in parent_ids)]
