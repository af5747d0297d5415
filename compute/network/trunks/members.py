"""Which ports are trunks' parents and subports, as other folders of the room ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.model import Port
from compute.network.trunks.model import Subport, Trunk

# What a port is written with that was a subport.
NOBODYS = {"device_owner": "", "binding:host_id": ""}


def trunk_of_parent(work: Work, port_id: str) -> Trunk | None:
    """The trunk whose parent the port is."""
    found = work.records(Trunk, tables.trunks, tables.trunks.c.port_id == port_id)
    return found[0] if found else None


def trunk_of_subport(work: Work, port_id: str) -> str:
    """The id of the trunk whose subport the port is; "" when it is none's."""
    subports = tables.subports
    found = work.connection.execute(
        sa.select(subports.c.trunk_id).where(subports.c.port_id == port_id)
    ).scalar()
    return str(found or "")


def subports_of(work: Work, trunk_ids: Collection[str]) -> dict[str, list[Subport]]:
    """The subports of each of these trunks, by VLAN id."""
    table = tables.subports
    found: dict[str, list[Subport]] = {trunk_id: [] for trunk_id in trunk_ids}
    rows = work.rows(
        table.select()
        .where(table.c.trunk_id.in_(list(trunk_ids)))
        .order_by(table.c.trunk_id, table.c.vlan)
    )
    for row in rows:
        found[row["trunk_id"]].append(Subport(**row))
    return found


def ports_below(work: Work, parent_id: str) -> list[Port]:
    """The subports of the trunk whose parent the port is."""
    trunks, subports, ports = tables.trunks, tables.subports, tables.ports
    below = (
        sa.select(subports.c.port_id)
        .join(trunks, trunks.c.id == subports.c.trunk_id)
        .where(trunks.c.port_id == parent_id)
    )
    return work.records(Port, ports, ports.c.id.in_(below))


def end_trunk(work: Work, port: Port) -> list[Port]:
    """The port is no trunk's any more, and the trunk that it was the parent of is none;
    the ports that are nobody's now."""
    freed = ports_below(work, port.id)
    subports = tables.subports
    gone = [port.id, *(each.id for each in freed)]
    work.connection.execute(subports.delete().where(subports.c.port_id.in_(gone)))
    trunk = trunk_of_parent(work, port.id)
    if trunk is not None:
        work.delete(tables.trunks, trunk)
    return freed


def places_of(work: Work, port_ids: Collection[str]) -> Mapping[str, tuple[str, int]]:
    """Parent and VLAN id of each of these ports that is a subport."""
    trunks, subports = tables.trunks, tables.subports
    rows = work.rows(
        sa.select(subports.c.port_id, subports.c.vlan, trunks.c.port_id.label("parent"))
        .join(trunks, trunks.c.id == subports.c.trunk_id)
        .where(subports.c.port_id.in_(list(port_ids)))
    )
    return {row["port_id"]: (row["parent"], row["vlan"]) for row in rows}
