"""The security groups of a host's view: rules as numbers, and who the members are."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.network import tables, view
from compute.network.frame.work import Work
from compute.network.model import IPV4, AddressGroup, SecurityRule
from compute.network.security.rule_values import normalized, protocol_number


def security_groups(
    work: Work, identifiers: Iterable[str]
) -> tuple[view.SecurityGroup, ...]:
    """These groups with their rules, and those that the rules name as remote with
    their members; a group of addresses is one that has nothing but members."""
    local = set(identifiers)
    table = tables.security_rules
    rules: dict[str, list[view.Rule]] = {}
    remote: set[str] = set()
    named: set[str] = set()
    for rule in work.records(SecurityRule, table, table.c.group_id.in_(sorted(local))):
        rules.setdefault(rule.group_id, []).append(_rule(rule))
        if rule.remote_group_id:
            remote.add(rule.remote_group_id)
        if rule.remote_address_group_id:
            named.add(rule.remote_address_group_id)
    members = {**_members(work, remote), **_addresses(work, named)}
    stateless = _stateless(work, local)
    return tuple(
        view.SecurityGroup(
            id=each,
            rules=tuple(rules.get(each, ())),
            members=tuple(sorted(members.get(each, ()))),
            is_stateful=each not in stateless,
        )
        for each in sorted(local | remote | named)
    )


def _stateless(work: Work, groups: Iterable[str]) -> set[str]:
    table = tables.security_groups
    found = sa.select(table.c.id).where(
        table.c.id.in_(sorted(groups)), table.c.stateful.is_(False)
    )
    return set(work.connection.execute(found).scalars())


def _rule(rule: SecurityRule) -> view.Rule:
    return view.Rule(
        id=rule.id,
        direction=view.Direction(rule.direction),
        version=4 if rule.ethertype == IPV4 else 6,
        protocol=protocol_number(rule.protocol, rule.ethertype),
        port_min=rule.port_min,
        port_max=rule.port_max,
        remote_prefix=normalized(rule.remote_prefix),
        remote_group=rule.remote_group_id or rule.remote_address_group_id,
    )


def _addresses(work: Work, groups: Iterable[str]) -> dict[str, set[str]]:
    table = tables.address_groups
    found = work.records(AddressGroup, table, table.c.id.in_(sorted(groups)))
    return {group.id: set(group.addresses) for group in found}


def _members(work: Work, groups: Iterable[str]) -> dict[str, set[str]]:
    """Addresses, and allowed pairs' prefixes, of all ports in each group."""
    wanted = sorted(groups)
    held, addresses, ports = tables.port_groups, tables.addresses, tables.ports
    found: dict[str, set[str]] = {}
    for row in work.rows(
        sa.select(held.c.group_id, addresses.c.address)
        .join(addresses, addresses.c.port_id == held.c.port_id)
        .where(held.c.group_id.in_(wanted))
    ):
        found.setdefault(row["group_id"], set()).add(row["address"])
    for row in work.rows(
        sa.select(held.c.group_id, ports.c.address_pairs)
        .join(ports, ports.c.id == held.c.port_id)
        .where(held.c.group_id.in_(wanted))
    ):
        pairs = {pair["ip_address"] for pair in row["address_pairs"]}
        found.setdefault(row["group_id"], set()).update(pairs)
    return found
