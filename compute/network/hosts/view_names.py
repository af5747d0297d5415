"""What the resolvers of a host's networks answer: for its view.

The names of all guests' ports, on whatever host they are, and those of the floating IPs
of the network's project.  Who is lent a network must not say there who others are:
names outside its domain are told only if they are its owner's, so are those that
programs look for unasked, and a name that two projects give is the owner's, or whose it
was first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.host_names import HostName
from compute.network.links.dns_names import full_name, name_at
from compute.network.model import NETWORK_OWNER_PREFIX, Network

# Whoever bears these is sent what was meant for no neighbour: of one's own machine, and
# what tells browsers their proxy and old hosts their tunnel.
OWNERS_ALONE = frozenset({"localhost", "wpad", "isatap"})
# Who has a name that several projects give: what an address is called comes first.
OF_ADDRESS, OF_OWNER, OF_BORROWER = range(3)


class Claim(NamedTuple):
    """That a project's port, or floating IP, has a name, and since when."""

    rank: int
    since: float
    project_id: str
    host: HostName


def names_of(
    work: Work, networks: Mapping[str, Network], served: Collection[str]
) -> dict[str, tuple[HostName, ...]]:
    """By network, those of ``served`` (the ids of networks with a resolver here)."""
    found: dict[str, list[Claim]] = {each: [] for each in served}
    ports, addresses = tables.ports, tables.addresses
    for row in work.connection.execute(
        sa.select(
            ports.c.network_id,
            ports.c.project_id,
            ports.c.created_at,
            ports.c.dns_name,
            ports.c.dns_domain,
            addresses.c.address,
        )
        .join(addresses, addresses.c.port_id == ports.c.id)
        .where(
            ports.c.network_id.in_(list(served)),
            ports.c.device_owner.not_like(NETWORK_OWNER_PREFIX + "%"),
        )
    ):
        network = networks[row.network_id]
        is_owner = row.project_id == network.project_id
        name = told(
            network.dns_domain,
            full_name(
                name_at(row.dns_name, row.address),
                row.dns_domain or network.dns_domain,
            ),
            is_owner=is_owner,
        )
        if name:
            named = OF_OWNER if is_owner else OF_BORROWER
            rank = named if row.dns_name else OF_ADDRESS
            host = HostName(row.address, name)
            claim = Claim(rank, row.created_at, row.project_id, host)
            found[network.id].append(claim)
    for network_id, claims in _floating(work, networks, served).items():
        found[network_id] += claims
    return {network_id: settled(claims) for network_id, claims in found.items()}


def settled(claims: Iterable[Claim]) -> tuple[HostName, ...]:
    """Those that hold: a name is one project's."""
    order = sorted(claims, key=lambda one: (one.rank, one.since, one.project_id))
    holders: dict[str, str] = {}
    found = {
        claim.host
        for claim in order
        if holders.setdefault(claim.host.name, claim.project_id) == claim.project_id
    }
    return tuple(sorted(found, key=lambda one: (one.address, one.name)))


def told(domain: str, full: str, *, is_owner: bool) -> str:
    """The name as a resolver is told it: a single label stands also for the same name
    in the network's domain; "" for what is not told."""
    name, below = full.rstrip("."), "." + domain.rstrip(".")
    label = name.removesuffix(below) if domain else name
    if "." not in label:
        return label if is_owner or label not in OWNERS_ALONE else ""
    return name if is_owner or (domain and name.endswith(below)) else ""


def _floating(
    work: Work, networks: Mapping[str, Network], served: Collection[str]
) -> dict[str, list[Claim]]:
    table = tables.floating_ips
    projects = {networks[each].project_id for each in served}
    by_project: dict[str, list[Claim]] = {}
    for row in work.rows(
        sa.select(
            table.c.project_id,
            table.c.created_at,
            table.c.address,
            table.c.dns_name,
            table.c.dns_domain,
        ).where(table.c.project_id.in_(projects), table.c.dns_name != "")
    ):
        name = full_name(row["dns_name"], row["dns_domain"]).rstrip(".")
        host = HostName(row["address"], name)
        claim = Claim(OF_OWNER, row["created_at"], row["project_id"], host)
        by_project.setdefault(claim.project_id, []).append(claim)
    return {each: by_project.get(networks[each].project_id, []) for each in served}
