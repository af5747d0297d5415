"""Who is woken when the resolvers of networks are to answer otherwise."""

from __future__ import annotations

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.networks import hosts_of_network
from compute.network.model import Port


def wake_resolvers_beside(work: Work, port: Port) -> None:
    """Those of the network where a guest's port is, or was."""
    if port.is_guest:
        work.touch(hosts_of_network(work, port.network_id))


def wake_resolvers_of_project(work: Work, project_id: str) -> None:
    """Those of all networks of the project's own."""
    ports, networks = tables.ports, tables.networks
    found = work.connection.execute(
        sa.select(ports.c.host)
        .join(networks, networks.c.id == ports.c.network_id)
        .where(networks.c.project_id == project_id, ports.c.host != "")
        .distinct()
    )
    work.touch(set(found.scalars()))
