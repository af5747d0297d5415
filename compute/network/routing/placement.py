"""On which host a router lives.

Where tunnels join a network's hosts a router serves all of them from anywhere, and
stays where it is as long as that host lives.  Where they do not, it belongs to its
networks' guests: it moves when another host is the only one that has any.
``choose_host`` decides; the rest reads and writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.segments import keep_segment, tunnelled_hosts, tunnels
from compute.network.model import DOWN, Port, Router
from compute.network.port_names import OWNER_ROUTER_GATEWAY, OWNER_ROUTER_INTERFACE

ROUTER_PORT_OWNERS = (OWNER_ROUTER_INTERFACE, OWNER_ROUTER_GATEWAY)


def choose_host(current: str, alive: Sequence[str], guests: Mapping[str, int]) -> str:
    """Where a router should live: ``alive`` hosts, how many ``guests`` each has on the
    router's networks.  "" when there is no host at all."""
    crowded = sorted(
        (host for host in alive if guests.get(host)),
        key=lambda host: (-guests[host], host),
    )
    if current in alive and (current in crowded or not crowded):
        return current
    if crowded:
        return crowded[0]
    if alive:
        return sorted(alive)[0]
    # Nobody to move to: the host may come back with all that it had.
    return current


def alive_hosts(work: Work) -> list[str]:
    """Hosts whose agent was heard lately."""
    agents = tables.agents
    since = work.now - work.settings.agent_down_seconds
    found = work.connection.execute(
        sa.select(agents.c.host)
        .where(agents.c.heartbeat_at >= since, agents.c.admin_up.is_(True))
        .order_by(agents.c.host)
    )
    return list(found.scalars())


def place_routers_of_network(work: Work, network_id: str) -> None:
    """Guests of the network came or went: its routers may have to move."""
    ports = tables.ports
    routers = work.records(
        Router,
        tables.routers,
        tables.routers.c.id.in_(
            sa.select(ports.c.device_id).where(
                ports.c.network_id == network_id,
                ports.c.device_owner == OWNER_ROUTER_INTERFACE,
            )
        ),
    )
    for router in routers:
        place_router(work, router)


def place_homeless(work: Work) -> None:
    """Give every router that needs a host, and has no living one, a living one."""
    alive = alive_hosts(work)
    routers, ports = tables.routers, tables.ports
    if not alive:
        return
    joined = sa.select(ports.c.device_id).where(
        ports.c.device_owner.in_(ROUTER_PORT_OWNERS)
    )
    for router in work.records(
        Router, routers, routers.c.host.not_in(alive), routers.c.id.in_(joined)
    ):
        place_router(work, router)


def place_router(work: Work, router: Router) -> Router:
    """Let the router live where it should."""
    ports = work.records(
        Port,
        tables.ports,
        tables.ports.c.device_id == router.id,
        tables.ports.c.device_owner.in_(ROUTER_PORT_OWNERS),
    )
    host = router.host
    inside = [
        port.network_id for port in ports if port.device_owner == OWNER_ROUTER_INTERFACE
    ]
    if ports:
        for network_id in inside:
            keep_segment(work, network_id)
        alive, guests = alive_hosts(work), _guests(work, inside)
        if not (router.host in alive and _reaches(work, router.host, guests)):
            host = choose_host(router.host, alive, guests)
    if host == router.host:
        return router
    if router.host:
        work.connection.execute(
            sa.update(tables.floating_ips)
            .where(tables.floating_ips.c.router_id == router.id)
            .values(status=DOWN, changed_at=work.revision())
        )
    for port in ports:
        work.save(tables.ports, port, host=host, status=DOWN)
    work.touch([router.host, host])
    for network_id in inside:
        work.touch(tunnelled_hosts(work, network_id))
    return work.save(tables.routers, router, host=host)


def _reaches(work: Work, host: str, guests: Mapping[str, int]) -> bool:
    """Whether tunnels join the host with all that have guests of the router: then
    nothing is gained by moving it, and its flows would be lost."""
    joined = tunnels(work)
    return host in joined and all(each in joined for each in guests)


def _guests(work: Work, network_ids: Sequence[str]) -> dict[str, int]:
    ports = tables.ports
    rows = work.connection.execute(
        sa.select(ports.c.host, sa.func.count())
        .where(
            ports.c.network_id.in_(network_ids),
            ports.c.host != "",
            ports.c.device_owner.not_like("network:%"),
        )
        .group_by(ports.c.host)
    )
    return {str(host): int(count) for host, count in rows}
