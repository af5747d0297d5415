"""Every project's default group, made when somebody first looks for it.

Whoever names no group gets this one: everything may leave, and only the group's other
members may come in.
"""

from __future__ import annotations

from compute.core.api import ApiCall
from compute.network import tables
from compute.network.frame.collection import VISIBLE_TO, is_service
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.model import (
    EGRESS,
    INGRESS,
    IPV4,
    IPV6,
    SecurityGroup,
    SecurityRule,
)

DEFAULT = "default"
# Projects that one list may make default groups for.
PROJECTS_MAX = 10


def find_default(work: Work, project_id: str) -> SecurityGroup | None:
    """The project's default group, if it is there."""
    groups = tables.security_groups
    found = work.records(SecurityGroup, groups, groups.c.default_of == project_id)
    return found[0] if found else None


def ensure_default(work: Work, project_id: str) -> SecurityGroup:
    """The project's default group."""
    found = find_default(work, project_id)
    if found is not None:
        return found
    group = SecurityGroup(
        **work.new(),
        project_id=project_id,
        name=DEFAULT,
        description="Default security group",
        stateful=True,
        default_of=project_id,
    )
    work.insert(tables.security_groups, group)
    open_outwards(work, group)
    for ethertype in (IPV4, IPV6):
        add_plain_rule(work, group, INGRESS, ethertype, remote_group_id=group.id)
    return group


def open_outwards(work: Work, group: SecurityGroup) -> None:
    """What every new group has: all may leave."""
    for ethertype in (IPV4, IPV6):
        add_plain_rule(work, group, EGRESS, ethertype)


def add_plain_rule(
    work: Work,
    group: SecurityGroup,
    direction: str,
    ethertype: str,
    remote_group_id: str = "",
) -> None:
    """A rule for every protocol."""
    work.insert(
        tables.security_rules,
        SecurityRule(
            **work.new(),
            project_id=group.project_id,
            group_id=group.id,
            direction=direction,
            ethertype=ethertype,
            protocol="",
            port_min=None,
            port_max=None,
            remote_prefix="",
            remote_group_id=remote_group_id,
        ),
    )


def ensure_for_call(database: NetworkDatabase, call: ApiCall) -> None:
    """Before groups or rules are shown: the caller's project has its default group,
    and so has each project that a service asks about."""

    def missing(work: Work) -> list[str]:
        projects = [work.project_id]
        if is_service(work):
            projects = [
                *call.query.all("project_id"),
                *call.query.all("tenant_id"),
                call.query.one(VISIBLE_TO),
            ]
        wanted = [each for each in dict.fromkeys(projects) if each][:PROJECTS_MAX]
        return [each for each in wanted if find_default(work, each) is None]

    def make(work: Work) -> None:
        for project_id in projects:
            ensure_default(work, project_id)

    projects = database.read(call.context, missing)
    if projects:
        database.write(call.context, make)
