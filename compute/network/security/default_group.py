"""Every project's default group, made when somebody first looks for it.

Whoever names no group gets this one: everything may leave, and only the group's other
members may come in, as long as the operator has no other default rules.
"""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.network import tables
from compute.network.frame.bodies import OWNER_CHARACTERS_MAX
from compute.network.frame.collection import VISIBLE_TO, is_service
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.model import (
    AddressGroup,
    DefaultRule,
    SecurityGroup,
    SecurityRule,
)

DEFAULT = "default"
# In a default rule: the group itself.
PARENT = "PARENT"
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
    begin_with(work, group)
    return group


def begin_with(work: Work, group: SecurityGroup) -> None:
    """Give a new group the rules that new groups begin with."""
    for each in beginning_rules(work, group):
        remote = group.id if each.remote_group_id == PARENT else each.remote_group_id
        if not _is_there(work, each, remote, group):
            continue
        work.insert(
            tables.security_rules,
            SecurityRule(
                **work.new(),
                project_id=group.project_id,
                description=each.description,
                group_id=group.id,
                direction=each.direction,
                ethertype=each.ethertype,
                protocol=each.protocol,
                port_min=each.port_min,
                port_max=each.port_max,
                remote_prefix=each.remote_prefix,
                remote_group_id=remote,
                remote_address_group_id=each.remote_address_group_id,
            ),
        )


def beginning_rules(work: Work, group: SecurityGroup) -> list[DefaultRule]:
    """What a group like this begins with."""
    rules = tables.default_rules
    wanted = rules.c.in_default if group.default_of else rules.c.in_others
    return work.records(DefaultRule, rules, wanted.is_(True))


def _is_there(work: Work, rule: DefaultRule, remote: str, group: SecurityGroup) -> bool:
    """A rule that names something that is gone would let nobody in."""
    addresses = rule.remote_address_group_id
    if remote and remote != group.id:
        return work.find(SecurityGroup, tables.security_groups, remote) is not None
    if addresses:
        return work.find(AddressGroup, tables.address_groups, addresses) is not None
    return True


def ensure_for_call(database: NetworkDatabase, call: ApiCall) -> None:
    """Before groups or rules are shown: the caller's project has its default group,
    and so has each project that a service or an administrator asks about."""

    def missing(work: Work) -> list[str]:
        projects = [] if is_service(work) else [work.project_id]
        if is_service(work) or work.is_admin:
            projects += [
                *call.query.all("project_id"),
                *call.query.all("tenant_id"),
                call.query.one(VISIBLE_TO),
            ]
        named = [each for each in projects if 0 < len(each) <= OWNER_CHARACTERS_MAX]
        wanted = [*dict.fromkeys(named)][:PROJECTS_MAX]
        return [each for each in wanted if find_default(work, each) is None]

    def make(work: Work) -> None:
        for project_id in projects:
            ensure_default(work, project_id)

    projects = database.read(call.context, missing)
    if projects:
        database.write(call.context, make)
