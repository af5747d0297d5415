"""Role assignments as they take effect.  Pure.

A group's assignments become its members'; an inherited one becomes one on each
project below its target; a role becomes itself and all that it implies.  Each line
remembers where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compute.identity.model import DOMAIN, GROUP, PROJECT, USER, Assignment, Project
from compute.identity.rights import Implications, closure


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a listing."""

    assignment: Assignment
    # What it comes from: a group, an inherited assignment's target, a prior role.
    group_id: str = ""
    inherited_from: tuple[str, str] | None = None
    prior_role_id: str = ""


def as_lines(assignments: Iterable[Assignment]) -> list[Line]:
    """As they were given."""
    return [Line(assignment) for assignment in assignments]


def effective_lines(
    assignments: Iterable[Assignment],
    members: Mapping[str, Sequence[str]],
    projects: Sequence[Project],
    implications: Implications,
) -> list[Line]:
    """As they take effect; ``members``: of each group; ``projects``: all that might be
    below a target."""
    children: dict[str, list[Project]] = {}
    for project in projects:
        children.setdefault(project.parent_id, []).append(project)
    found: dict[Assignment, Line] = {}
    for assignment in assignments:
        for line in _of_one(assignment, members, projects, children):
            for role_id in sorted(closure([line.assignment.role_id], implications)):
                direct = role_id == line.assignment.role_id
                made = replace(
                    line,
                    assignment=replace(line.assignment, role_id=role_id),
                    prior_role_id="" if direct else line.assignment.role_id,
                )
                known = found.get(made.assignment)
                if known is None or (known.prior_role_id and direct):
                    found[made.assignment] = made
    return list(found.values())


def _of_one(
    assignment: Assignment,
    members: Mapping[str, Sequence[str]],
    projects: Sequence[Project],
    children: Mapping[str, list[Project]],
) -> Iterator[Line]:
    actors = [Line(assignment)]
    if assignment.actor_kind == GROUP:
        actors = [
            Line(
                replace(assignment, actor_kind=USER, actor_id=user_id),
                assignment.actor_id,
            )
            for user_id in members.get(assignment.actor_id, ())
        ]
    for line in actors:
        if not assignment.inherited:
            yield line
            continue
        source = (assignment.target_kind, assignment.target_id)
        for project in _below(assignment, projects, children):
            yield replace(
                line,
                assignment=replace(
                    line.assignment,
                    target_kind=PROJECT,
                    target_id=project.id,
                    inherited=False,
                ),
                inherited_from=source,
            )


def _below(
    assignment: Assignment,
    projects: Sequence[Project],
    children: Mapping[str, list[Project]],
) -> list[Project]:
    if assignment.target_kind == DOMAIN:
        domain_id = assignment.target_id
        return [item for item in projects if item.domain_id == domain_id]
    found: list[Project] = []
    waiting = [assignment.target_id]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [project.id for project in below]
    return found
