"""Numbers of tunnelled networks, and which hosts a network's tunnels join.

A project's network reaches all hosts that have a port of it: those whose agents have
said where tunnels end.  Flat and external networks have their own wires.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.subjects import EVERYTHING, of_network
from compute.network.frame.work import Work
from compute.network.links.network_wires import LOCAL
from compute.network.links.networks import hosts_of_network
from compute.network.model import Network
from compute.network.report import is_public_key

# VXLAN numbers have 24 bits; small ones are left to whoever makes some by hand.
SEGMENT_MIN, SEGMENT_MAX = 4096, (1 << 24) - 1


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Where a host's tunnels end ("": nowhere), and the public key that others encrypt
    for it with ("": it has told none)."""

    address: str = ""
    key: str = ""


def keep_segment(work: Work, network_id: str) -> None:
    """The network has a number, if it is of the kind that is tunnelled."""
    segments = tables.segments
    if _number(work, network_id):
        return
    network = work.find(Network, tables.networks, network_id)
    if network is None or not is_tunnelled(network):
        return
    highest = work.connection.execute(sa.select(sa.func.max(segments.c.number)))
    number = max(SEGMENT_MIN, int(highest.scalar() or 0) + 1)
    if number > SEGMENT_MAX:
        number = _gap(work)
    work.connection.execute(
        segments.insert().values(network_id=network_id, number=number)
    )
    work.concern([of_network(network_id)])


def _gap(work: Work) -> int:
    """The lowest number that was given back."""
    segments = tables.segments
    taken = set(work.connection.execute(sa.select(segments.c.number)).scalars())
    for number in range(SEGMENT_MIN, SEGMENT_MAX + 1):
        if number not in taken:
            return number
    raise conflict("NoNetworkAvailable", "All numbers of tunnels are taken.")


def is_tunnelled(network: Network) -> bool:
    """Whether it is of the kind that tunnels carry."""
    return network.network_type == LOCAL and not network.external


def segments_of(work: Work, network_ids: Collection[str]) -> dict[str, int]:
    """The numbers of these networks, of those that have one."""
    segments = tables.segments
    rows = work.rows(
        segments.select().where(segments.c.network_id.in_(list(network_ids)))
    )
    return {row["network_id"]: int(row["number"]) for row in rows}


def tunnels(work: Work) -> dict[str, Tunnel]:
    """Where each host's tunnels end, of hosts that have some."""
    return {
        row["host"]: Tunnel(row["address"], row["public_key"])
        for row in work.rows(tables.tunnels.select())
    }


def tunnelled_hosts(work: Work, network_id: str) -> set[str]:
    """The hosts that must know where the network's ports are; none while it has no
    number."""
    if not _number(work, network_id):
        return set()
    return hosts_of_network(work, network_id)


def note_tunnel(work: Work, host: str, told: Tunnel) -> None:
    """The host's agent says where its tunnels end."""
    table = tables.tunnels
    known = tunnels(work)
    key = told.key if is_public_key(told.key) else ""
    now = Tunnel(told.address, key) if told.address else Tunnel()
    if known.get(host, Tunnel()) == now:
        return
    work.connection.execute(table.delete().where(table.c.host == host))
    if now.address:
        work.connection.execute(
            table.insert().values(host=host, address=now.address, public_key=now.key)
        )
    # Rare (a host is new, or renumbered), and any host may talk to it.
    work.touch(known.keys() | {host})
    work.concern([EVERYTHING])


def _number(work: Work, network_id: str) -> int:
    return segments_of(work, [network_id]).get(network_id, 0)
