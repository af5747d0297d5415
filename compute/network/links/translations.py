"""What translates to the addresses of ports: floating IPs, and ports that they forward.

SQL and who is woken, no rules: those are in ``routing``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.model import DOWN, FloatingIp, Port, PortForwarding, Router


def forwardings_of(
    work: Work, *, floating_ips: Sequence[str] = (), ports: Sequence[str] = ()
) -> list[PortForwarding]:
    """What these floating IPs forward, and what is forwarded to these ports."""
    rows = tables.port_forwardings
    wanted = sa.or_(rows.c.floating_ip_id.in_(floating_ips), rows.c.port_id.in_(ports))
    return work.records(PortForwarding, rows, wanted)


def forwardings_to(work: Work, port_id: str, address: str) -> list[PortForwarding]:
    """What is forwarded to one address of a port."""
    return [
        each
        for each in forwardings_of(work, ports=[port_id])
        if each.fixed_address == address
    ]


def floating_ips_of(work: Work, port_id: str, address: str) -> list[FloatingIp]:
    """The floating IPs that stand for one address of a port."""
    rows = tables.floating_ips
    return work.records(
        FloatingIp, rows, rows.c.port_id == port_id, rows.c.fixed_address == address
    )


def uses_any(work: Work, port: Port, addresses: Collection[str]) -> str:
    """What keeps the port from giving these up ("FloatingIP" or "PortForwarding");
    "" when nothing does."""
    if any(floating_ips_of(work, port.id, each) for each in addresses):
        return "FloatingIP"
    if any(forwardings_to(work, port.id, each) for each in addresses):
        return "PortForwarding"
    return ""


def release(work: Work, port: Port) -> None:
    """The port goes away: its floating IPs stand for nobody, and nothing is forwarded
    to it."""
    rows = tables.floating_ips
    for each in work.records(FloatingIp, rows, rows.c.port_id == port.id):
        part(work, each)
    forwarded = forwardings_of(work, ports=[port.id])
    for gone in forwarded:
        work.delete(tables.port_forwardings, gone)
    settle_floating_ips(work, [gone.floating_ip_id for gone in forwarded])


def settle_floating_ips(work: Work, identifiers: Sequence[str]) -> None:
    """After forwardings went away: who forwards nothing any more is on no router."""
    rows = tables.floating_ips
    for each in work.records(FloatingIp, rows, rows.c.id.in_(identifiers)):
        wake_router(work, each.router_id)
        if not forwardings_of(work, floating_ips=[each.id]):
            part(work, each)


def put_on_router(work: Work, floating: FloatingIp, router_id: str) -> FloatingIp:
    """The router is to translate what it did not: it has not yet."""
    if floating.router_id != router_id:
        wake_router(work, floating.router_id)
    wake_router(work, router_id)
    return work.save(
        tables.floating_ips,
        floating,
        router_id=router_id,
        status=DOWN,
        changed_at=work.revision(),
    )


def wake_router(work: Work, router_id: str) -> None:
    """The host where the router lives has something to do."""
    router = work.find(Router, tables.routers, router_id) if router_id else None
    work.touch([router.host] if router is not None else [])


def part(work: Work, floating: FloatingIp) -> FloatingIp:
    """The floating IP stands for nobody from now on."""
    wake_router(work, floating.router_id)
    return work.save(
        tables.floating_ips,
        floating,
        port_id=None,
        fixed_address=None,
        router_id="",
        status=DOWN,
        changed_at=work.revision(),
    )
