"""Which ports are in which security groups."""

from __future__ import annotations

from collections.abc import Sequence

from compute.network import tables
from compute.network.errors import conflict, invalid, not_found
from compute.network.frame.collection import is_service
from compute.network.frame.concerns import groups_of_port
from compute.network.frame.work import Work
from compute.network.links.visibility import SHARED, lent
from compute.network.model import Port, SecurityGroup
from compute.network.security.default_group import ensure_default


def choose_groups(work: Work, port: Port, wanted: Sequence[str] | None) -> list[str]:
    """The ids of the groups for a port: those wanted, or for None the default one.

    Raises ``SecurityGroupNotFound``; 409 when the port has no port security, or would
    be in groups with and without state.
    """
    if wanted is None:
        if not port.port_security or not port.is_guest:
            return []
        return [ensure_default(work, port.project_id).id]
    if wanted and not port.port_security:
        raise conflict(
            "PortSecurityAndIPRequiredForSecurityGroups",
            "Port security must be enabled and port must have an IP address in order to"
            " use security groups.",
        )
    if len(set(wanted)) < len(wanted):
        raise invalid("security_groups: a group is named twice.")
    groups = tables.security_groups
    borrowed = lent(work, wanted, SHARED, port.project_id)
    found = {
        group.id: group.stateful
        for group in work.records(SecurityGroup, groups, groups.c.id.in_(list(wanted)))
        if group.project_id in (port.project_id, work.project_id)
        or group.id in borrowed
        or work.is_admin
        or is_service(work)
    }
    for identifier in wanted:
        if identifier not in found:
            raise not_found("SecurityGroupNotFound", "Security group", identifier)
    if len(set(found.values())) > 1:
        raise conflict(
            "SecurityGroupConflict",
            "A port cannot be in stateful and in stateless security groups at once.",
        )
    return sorted(found)


def groups_of_ports(work: Work, port_ids: Sequence[str]) -> dict[str, list[str]]:
    """The groups' ids of each of these ports."""
    members = tables.port_groups
    found: dict[str, list[str]] = {}
    for row in work.rows(
        members.select()
        .where(members.c.port_id.in_(port_ids))
        .order_by(members.c.group_id)
    ):
        found.setdefault(row["port_id"], []).append(row["group_id"])
    return found


def groups_of(work: Work, port_id: str) -> list[str]:
    """The ids of one port's groups."""
    return groups_of_ports(work, [port_id]).get(port_id, [])


def set_groups(work: Work, port_id: str, groups: Sequence[str]) -> None:
    """Make these the groups of the port."""
    members = tables.port_groups
    had = set(groups_of(work, port_id))
    if had != set(groups):
        changed = had ^ set(groups)
        work.concern(groups_of_port(work.connection, port_id, changed))
    for group_id in had - set(groups):
        work.connection.execute(
            members.delete().where(
                members.c.port_id == port_id, members.c.group_id == group_id
            )
        )
    for group_id in sorted(set(groups) - had):
        work.connection.execute(
            members.insert().values(port_id=port_id, group_id=group_id)
        )
