"""What the resolvers of a host's networks answer: for its view.

The names of all guests' ports, on whatever host they are, and those of the floating IPs
of the network's project.  Names outside the network's domain are told only if they are
its owner's: who is lent a network must not say there who others are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.host_names import HostName
from compute.network.links.dns_names import full_name, name_at
from compute.network.model import NETWORK_OWNER_PREFIX, Network


def names_of(
    work: Work, networks: Mapping[str, Network], served: Collection[str]
) -> dict[str, tuple[HostName, ...]]:
    """By network, those of ``served`` (the ids of networks with a resolver here)."""
    found: dict[str, set[HostName]] = {each: set() for each in served}
    ports, addresses = tables.ports, tables.addresses
    for row in work.rows(
        sa.select(
            ports.c.network_id,
            ports.c.project_id,
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
        network = networks[row["network_id"]]
        name = told(
            network.dns_domain,
            full_name(
                name_at(row["dns_name"], row["address"]),
                row["dns_domain"] or network.dns_domain,
            ),
            is_owner=row["project_id"] == network.project_id,
        )
        if name:
            found[network.id].add(HostName(row["address"], name))
    for network_id, names in _floating(work, networks, served).items():
        found[network_id] |= names
    return {
        network_id: tuple(sorted(names, key=lambda one: (one.address, one.name)))
        for network_id, names in found.items()
    }


def told(domain: str, full: str, *, is_owner: bool) -> str:
    """The name as a resolver is told it: a single label stands also for the same name
    in the network's domain; "" for what is not told."""
    name, below = full.rstrip("."), "." + domain.rstrip(".")
    label = name.removesuffix(below) if domain else name
    if "." not in label:
        return label
    return name if is_owner or (domain and name.endswith(below)) else ""


def _floating(
    work: Work, networks: Mapping[str, Network], served: Collection[str]
) -> dict[str, set[HostName]]:
    table = tables.floating_ips
    projects = {networks[each].project_id for each in served}
    by_project: dict[str, set[HostName]] = {}
    for row in work.rows(
        sa.select(
            table.c.project_id, table.c.address, table.c.dns_name, table.c.dns_domain
        ).where(table.c.project_id.in_(projects), table.c.dns_name != "")
    ):
        name = full_name(row["dns_name"], row["dns_domain"]).rstrip(".")
        by_project.setdefault(row["project_id"], set()).add(
            HostName(row["address"], name)
        )
    return {each: by_project.get(networks[each].project_id, set()) for each in served}
