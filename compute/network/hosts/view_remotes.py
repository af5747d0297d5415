"""Where else a host's networks are: for the tunnels of its view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.subjects import of_network
from compute.network.frame.work import Work
from compute.network.hosts.parts import Parts
from compute.network.links.segments import tunnels
from compute.network.view import Remote

Macs = Mapping[str, tuple[str, ...]]
"""A network's MAC addresses by the host where they are."""


def remotes_of(
    work: Work, network_ids: Collection[str], host: str, parts: Parts
) -> dict[str, tuple[Remote, ...]]:
    """For each of the networks that other hosts have too: those hosts, with the MAC
    addresses that are there.  Nothing for a host that has no tunnels itself."""
    ends = tunnels(work)
    if host not in ends:
        return {}
    found: dict[str, tuple[Remote, ...]] = {}
    subjects = {each: [of_network(each)] for each in network_ids}
    macs = parts.of(work.connection, "macs", subjects, partial(_macs, work))
    for network_id, hosts in macs.items():
        others = [name for name in hosts if name != host and name in ends]
        if others:
            found[network_id] = tuple(
                Remote(ends[name].address, hosts[name], ends[name].key)
                for name in others
            )
    return found


def _macs(work: Work, network_id: str) -> Macs:
    ports, bindings = tables.ports, tables.bindings
    found: dict[str, set[str]] = defaultdict(set)
    for host, mac in work.connection.execute(
        sa.select(ports.c.host, ports.c.mac).where(
            ports.c.network_id == network_id, ports.c.host != ""
        )
    ):
        found[host].add(mac)
    # A host that a guest is about to come to hears what is said to all.
    for host in work.connection.execute(
        sa.select(bindings.c.host)
        .join(ports, bindings.c.port_id == ports.c.id)
        .where(ports.c.network_id == network_id)
    ).scalars():
        found[host].update()
    return {host: tuple(sorted(macs)) for host, macs in sorted(found.items())}
