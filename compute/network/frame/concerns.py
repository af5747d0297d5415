"""Which subjects a record's row is of: what views show of each table, and to whom.

A table that no view shows has an empty entry: records of one that was forgotten here
cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.network import tables
from compute.network.frame import subjects
from compute.network.model import NETWORK_OWNER_PREFIX

Row = Mapping[str, Any]
Subjects = Callable[[Connection, Row], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Concern:
    """A row with another value in one of these columns is news to these subjects."""

    columns: tuple[str, ...]
    subjects: Subjects


def concerned(
    connection: Connection, table: sa.Table, before: Row | None, after: Row | None
) -> set[str]:
    """The subjects of a change: of a new row (``before`` None), a changed one, or one
    that is taken away (``after`` None)."""
    found: set[str] = set()
    for concern in CONCERNS[table.name]:
        if before and after and all(before[it] == after[it] for it in concern.columns):
            continue
        for row in (before, after):
            if row is not None:
                found.update(concern.subjects(connection, row))
    return found


def hosts_of_port(connection: Connection, port_id: str, host: str) -> list[str]:
    """Where a port is, and where it is about to be."""
    bindings = tables.bindings
    found = connection.execute(
        sa.select(bindings.c.host).where(bindings.c.port_id == port_id)
    )
    return [each for each in (host, *found.scalars()) if each]


def hosts_that_count(connection: Connection, project_id: str, shared: bool) -> set[str]:
    """Where routers are that such a metering label counts at."""
    routers = tables.routers
    found = sa.select(routers.c.host).where(routers.c.host != "").distinct()
    if not shared:
        found = found.where(routers.c.project_id == project_id)
    return set(connection.execute(found).scalars())


def groups_of_port(
    connection: Connection, port_id: str, groups: Iterable[str]
) -> set[str]:
    """The subjects that a port's membership in these groups is of."""
    ports = tables.ports
    found = connection.execute(sa.select(ports.c.host).where(ports.c.id == port_id))
    hosts = hosts_of_port(connection, port_id, found.scalar() or "")
    return {subjects.of_host(host) for host in hosts} | {
        subjects.members_of(group) for group in groups
    }


def addresses_of_ports(
    connection: Connection, *where: sa.ColumnElement[bool]
) -> set[str]:
    """The subjects that the addresses of such ports are of."""
    ports, held = tables.ports, tables.port_groups
    found: set[str] = set()
    for row in connection.execute(
        sa.select(ports.c.network_id, ports.c.host, ports.c.device_owner).where(*where)
    ):
        found.update(_of_network_beside(connection, dict(row._mapping)))
        if row.host:
            found.add(subjects.of_host(row.host))
    groups = sa.select(held.c.group_id).join(ports, ports.c.id == held.c.port_id)
    for group_id in connection.execute(groups.where(*where).distinct()).scalars():
        found.add(subjects.members_of(group_id))
    return found


def _of_itself(connection: Connection, row: Row) -> list[str]:
    return [subjects.of_network(row["id"])]


def _of_its_network(connection: Connection, row: Row) -> list[str]:
    return [subjects.of_network(row["network_id"])]


def _of_network_beside(connection: Connection, row: Row) -> list[str]:
    """A port that is on no host, and no guest's, is nothing to anybody beside it."""
    is_guest = not row["device_owner"].startswith(NETWORK_OWNER_PREFIX)
    return _of_its_network(connection, row) if row["host"] or is_guest else []


def _of_hosts_of_port(connection: Connection, row: Row) -> list[str]:
    hosts = hosts_of_port(connection, row["id"], row["host"])
    return [subjects.of_host(host) for host in hosts]


def _members_of_groups(connection: Connection, row: Row) -> list[str]:
    held = tables.port_groups
    found = connection.execute(
        sa.select(held.c.group_id).where(held.c.port_id == row["id"])
    )
    return [subjects.members_of(each) for each in found.scalars()]


def _of_own_host(connection: Connection, row: Row) -> list[str]:
    return [subjects.of_host(row["host"])] if row["host"] else []


def _of_router_s_host(connection: Connection, row: Row) -> list[str]:
    routers = tables.routers
    found = connection.execute(
        sa.select(routers.c.host).where(routers.c.id == row["router_id"])
    )
    return [subjects.of_host(host) for host in found.scalars() if host]


def _of_floating_ip_s_host(connection: Connection, row: Row) -> list[str]:
    floating, routers = tables.floating_ips, tables.routers
    found = connection.execute(
        sa.select(routers.c.host)
        .join(floating, floating.c.router_id == routers.c.id)
        .where(floating.c.id == row["floating_ip_id"])
    )
    return [subjects.of_host(host) for host in found.scalars() if host]


def _of_names(connection: Connection, row: Row) -> list[str]:
    return [subjects.names_of(row["project_id"])] if row["dns_name"] else []


def _of_pool(connection: Connection, row: Row) -> list[str]:
    """A pool's address scope is its subnets'."""
    subnets = tables.subnets
    found = connection.execute(
        sa.select(subnets.c.network_id)
        .where(subnets.c.subnet_pool_id == row["id"])
        .distinct()
    )
    return [subjects.of_network(each) for each in found.scalars()]


def _of_rules(connection: Connection, row: Row) -> list[str]:
    return [subjects.rules_of(row["group_id"])]


def _of_group(connection: Connection, row: Row) -> list[str]:
    return [subjects.rules_of(row["id"])]


def _of_members(connection: Connection, row: Row) -> list[str]:
    return [subjects.members_of(row["id"])]


def _of_policy(connection: Connection, row: Row) -> list[str]:
    return [subjects.of_policy(row["policy_id"])]


def _of_counting_hosts(connection: Connection, row: Row) -> list[str]:
    hosts = hosts_that_count(connection, row["project_id"], row["shared"])
    return [subjects.of_host(host) for host in hosts]


def _of_label_s_hosts(connection: Connection, row: Row) -> list[str]:
    labels = tables.metering_labels
    found = connection.execute(labels.select().where(labels.c.id == row["label_id"]))
    return [
        subject
        for label in found
        for subject in _of_counting_hosts(connection, dict(label._mapping))
    ]


def _all_but(table: sa.Table, unseen: str = "") -> tuple[str, ...]:
    """What is not known to be shown to nobody is news: a new column that was forgotten
    here costs work, not truth."""
    hidden = {*UNSEEN, *unseen.split()}
    return tuple(column.name for column in table.c if column.name not in hidden)


# What no view shows of any table.
UNSEEN = ("name", "description", "revision", "created_at", "updated_at", "status")
# What is known of a port beside its host.
BESIDE = ("network_id", "project_id", "host", "mac", "device_owner")
NAMES = ("dns_name", "dns_domain")

CONCERNS: Mapping[str, tuple[Concern, ...]] = {
    tables.networks.name: (
        Concern(
            _all_but(
                tables.networks,
                "shared is_default port_security availability_zone_hints",
            ),
            _of_itself,
        ),
    ),
    tables.subnets.name: (
        Concern(_all_but(tables.subnets, "pools service_types"), _of_its_network),
    ),
    tables.ports.name: (
        Concern((*BESIDE, *NAMES), _of_network_beside),
        Concern(_all_but(tables.ports, "vnic_type profile"), _of_hosts_of_port),
        Concern(("address_pairs",), _members_of_groups),
    ),
    tables.security_groups.name: (
        Concern(_all_but(tables.security_groups), _of_group),
    ),
    tables.security_rules.name: (Concern(_all_but(tables.security_rules), _of_rules),),
    tables.address_groups.name: (
        Concern(_all_but(tables.address_groups), _of_members),
    ),
    tables.routers.name: (
        Concern(_all_but(tables.routers, "availability_zone_hints"), _of_own_host),
    ),
    tables.conntrack_helpers.name: (
        Concern(_all_but(tables.conntrack_helpers), _of_router_s_host),
    ),
    tables.floating_ips.name: (
        Concern(_all_but(tables.floating_ips), _of_router_s_host),
        Concern(("project_id", "address", *NAMES), _of_names),
    ),
    tables.port_forwardings.name: (
        Concern(_all_but(tables.port_forwardings), _of_floating_ip_s_host),
    ),
    tables.bandwidth_rules.name: (
        Concern(_all_but(tables.bandwidth_rules), _of_policy),
    ),
    tables.dscp_rules.name: (Concern(_all_but(tables.dscp_rules), _of_policy),),
    tables.packet_rate_rules.name: (
        Concern(_all_but(tables.packet_rate_rules), _of_policy),
    ),
    tables.metering_labels.name: (
        Concern(_all_but(tables.metering_labels), _of_counting_hosts),
    ),
    tables.metering_rules.name: (
        Concern(_all_but(tables.metering_rules), _of_label_s_hosts),
    ),
    tables.subnet_pools.name: (Concern(("address_scope_id",), _of_pool),),
    tables.address_scopes.name: (),
    tables.default_rules.name: (),
    tables.qos_policies.name: (),
    tables.rbac_policies.name: (),
    # What views show of trunks is whose their subports are, which is said there.
    tables.trunks.name: (),
}
