"""The security groups of a host's view: rules as numbers, and who the members are."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.network import tables, view
from compute.network.frame.subjects import members_of
from compute.network.frame.work import Work
from compute.network.hosts.parts import Parts
from compute.network.model import IPV4, AddressGroup, SecurityRule
from compute.network.security.rule_values import normalized, protocol_number


def security_groups(
    work: Work, identifiers: Iterable[str], parts: Parts
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
    members = parts.of(
        work.connection,
        "members",
        {each: [members_of(each)] for each in remote | named},
        lambda each: _addresses(work, each) if each in named else _members(work, each),
    )
    stateless = _stateless(work, local)
    return tuple(
        view.SecurityGroup(
            id=each,
            rules=tuple(rules.get(each, ())),
            members=members.get(each, ()),
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


def _addresses(work: Work, group_id: str) -> tuple[str, ...]:
    found = work.find(AddressGroup, tables.address_groups, group_id)
    return tuple(sorted(set(found.addresses))) if found is not None else ()


def _members(work: Work, group_id: str) -> tuple[str, ...]:
    """Addresses, and allowed pairs' prefixes, of all ports in the group."""
    held, addresses, ports = tables.port_groups, tables.addresses, tables.ports
    found: set[str] = set(
        work.connection.execute(
            sa.select(addresses.c.address)
            .join(held, addresses.c.port_id == held.c.port_id)
            .where(held.c.group_id == group_id)
        ).scalars()
    )
    for pairs in work.connection.execute(
        sa.select(ports.c.address_pairs)
        .join(held, ports.c.id == held.c.port_id)
        .where(held.c.group_id == group_id)
    ).scalars():
        found.update(pair["ip_address"] for pair in pairs)
    return tuple(sorted(found))
