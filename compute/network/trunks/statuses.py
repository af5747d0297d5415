"""Keeps the states of trunks, which follow from those of their ports."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.model import Port
from compute.network.trunks.members import ports_below
from compute.network.trunks.model import Trunk, trunk_status


def settle_trunks(work: Work, port_ids: Collection[str]) -> None:
    """These ports' states may have changed: so may those of the trunks they are of."""
    trunks, subports = tables.trunks, tables.subports
    identifiers = list(port_ids)
    held = sa.select(subports.c.trunk_id).where(subports.c.port_id.in_(identifiers))
    concerned = sa.or_(trunks.c.port_id.in_(identifiers), trunks.c.id.in_(held))
    for trunk in work.records(Trunk, trunks, concerned):
        parent = work.find(Port, tables.ports, trunk.port_id)
        if parent is None:
            continue
        status = trunk_status(parent, ports_below(work, parent.id))
        if status != trunk.status:
            # As with ports: no revision, and nobody is woken for it.
            work.connection.execute(
                sa.update(trunks)
                .where(trunks.c.id == trunk.id)
                .values(status=status, updated_at=work.now)
            )
            work.tell("trunk.status", trunk.id, status=status)
