"""Where else a host's networks are: for the tunnels of its view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.segments import tunnels
from compute.network.view import Remote


def remotes_of(
    work: Work, network_ids: Collection[str], host: str
) -> dict[str, tuple[Remote, ...]]:
    """For each of the networks that other hosts have too: those hosts, with the MAC
    addresses that are there.  Nothing for a host that has no tunnels itself."""
    ends = tunnels(work)
    if host not in ends:
        return {}
    ports, bindings = tables.ports, tables.bindings
    wanted = ports.c.network_id.in_(list(network_ids))
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in work.rows(
        sa.select(ports.c.network_id, ports.c.host, ports.c.mac).where(
            wanted, ports.c.host.not_in(("", host))
        )
    ):
        found[row["network_id"]][row["host"]].add(row["mac"])
    # A host that a guest is about to come to hears what is said to all.
    for row in work.rows(
        sa.select(ports.c.network_id, bindings.c.host)
        .join(bindings, bindings.c.port_id == ports.c.id)
        .where(wanted, bindings.c.host != host)
    ):
        found[row["network_id"]].setdefault(row["host"], set())
    return {
        network_id: tuple(
            Remote(ends[name].address, tuple(sorted(macs)), ends[name].key)
            for name, macs in sorted(hosts.items())
            if name in ends
        )
        for network_id, hosts in found.items()
        if any(name in ends for name in hosts)
    }
