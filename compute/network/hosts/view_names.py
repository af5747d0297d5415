"""What the resolvers of a host's networks answer: for its view.

The names of all guests' ports, on whatever host they are, and those of the floating IPs
of the network's project.  Who is lent a network must not say there who others are:
names outside its domain are told only if they are its owner's, so are those that
programs look for unasked, and a name that two projects give is the owner's, or whose it
was first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.subjects import names_of, of_network
from compute.network.frame.work import Work
from compute.network.host_names import HostName
from compute.network.hosts.parts import Parts
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


def names_on(
    work: Work, networks: Mapping[str, Network], served: Collection[str], parts: Parts
) -> dict[str, tuple[HostName, ...]]:
    """By network, those of ``served`` (the ids of networks with a resolver here)."""
    return parts.of(
        work.connection,
        "names",
        {
            each: [of_network(each), names_of(networks[each].project_id)]
            for each in served
        },
        lambda each: _names_on(work, networks[each]),
    )


def _names_on(work: Work, network: Network) -> tuple[HostName, ...]:
    return settled([*_of_ports(work, network), *_of_floating_ips(work, network)])


def _of_ports(work: Work, network: Network) -> Iterator[Claim]:
    ports, addresses = tables.ports, tables.addresses
    for project_id, since, dns_name, dns_domain, address in work.connection.execute(
        sa.select(
            ports.c.project_id,
            ports.c.created_at,
            ports.c.dns_name,
            ports.c.dns_domain,
            addresses.c.address,
        )
        .join(addresses, addresses.c.port_id == ports.c.id)
        .where(
            ports.c.network_id == network.id,
            ports.c.device_owner.not_like(NETWORK_OWNER_PREFIX + "%"),
        )
    ):
        is_owner = project_id == network.project_id
        full = full_name(name_at(dns_name, address), dns_domain or network.dns_domain)
        name = told(network.dns_domain, full, is_owner=is_owner)
        if name:
            named = OF_OWNER if is_owner else OF_BORROWER
            rank = named if dns_name else OF_ADDRESS
            yield Claim(rank, since, project_id, HostName(address, name))


def _of_floating_ips(work: Work, network: Network) -> Iterator[Claim]:
    table = tables.floating_ips
    for since, address, dns_name, dns_domain in work.connection.execute(
        sa.select(
            table.c.created_at, table.c.address, table.c.dns_name, table.c.dns_domain
        ).where(table.c.project_id == network.project_id, table.c.dns_name != "")
    ):
        host = HostName(address, full_name(dns_name, dns_domain).rstrip("."))
        yield Claim(OF_OWNER, since, network.project_id, host)


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
