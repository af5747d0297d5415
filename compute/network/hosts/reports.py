"""Takes an agent's report: that it lives, and what is wired.

A port is ACTIVE when its host's agent says so and its owner wants it up.  A floating
IP is ACTIVE once the router's agent works on a view that has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.bindings import bound_to
from compute.network.links.dhcp_ports import keep_dhcp_ports_of_host
from compute.network.links.segments import Tunnel, note_tunnel
from compute.network.model import ACTIVE, DOWN, Agent, FloatingIp, Port, Router
from compute.network.report import AgentReport
from compute.network.routing.placement import place_homeless
from compute.network.trunks.members import ports_below
from compute.network.trunks.statuses import settle_trunks

PROBLEM_CHARACTERS_MAX = 2000


def take_report(work: Work, report: AgentReport) -> None:
    """Write what the report says."""
    _heartbeat(work, report)
    note_tunnel(work, report.host, Tunnel(report.tunnel_address, report.tunnel_key))
    _port_statuses(work, report)
    _floating_statuses(work, report)
    place_homeless(work)


def _heartbeat(work: Work, report: AgentReport) -> None:
    agents = tables.agents
    values = {
        "heartbeat_at": work.now,
        "revision": report.revision,
        "problem": report.problem[:PROBLEM_CHARACTERS_MAX],
    }
    if report.revision < 0:
        values["started_at"] = work.now
    known = work.connection.execute(
        sa.update(agents).where(agents.c.host == report.host).values(**values)
    )
    if known.rowcount == 0:
        agent = {
            "id": work.identifiers.uuid(),
            "host": report.host,
            "created_at": work.now,
            "started_at": work.now,
            "admin_up": True,
            "description": "",
        }
        work.connection.execute(agents.insert().values(**{**agent, **values}))
        keep_dhcp_ports_of_host(work, report.host)


def _port_statuses(work: Work, report: AgentReport) -> None:
    told = {each.port_id: each.is_active for each in report.ports}
    ports = tables.ports
    _awaited_wires(work, report.host, told)
    changed = []
    for port in work.records(Port, ports, ports.c.host == report.host):
        if port.id not in told:
            continue
        status = ACTIVE if told[port.id] and port.admin_up else DOWN
        if status != port.status:
            # A status is no change of what hosts should do: nobody is woken for it.
            work.connection.execute(
                sa.update(ports)
                .where(ports.c.id == port.id)
                .values(status=status, updated_at=work.now)
            )
            work.tell("port.status", port.id, status=status, device_id=port.device_id)
            changed.append(port.id)
    if changed:
        settle_trunks(work, changed)


def _awaited_wires(work: Work, host: str, told: Mapping[str, bool]) -> None:
    """Which ports that are about to come have their wires already: a trunk's, when its
    subports have theirs, for a guest comes with all of them."""
    bindings = tables.bindings
    for port_id in bound_to(work, host):
        if port_id in told:
            below = [each for each in ports_below(work, port_id) if each.admin_up]
            is_wired = told[port_id] and all(told.get(each.id) for each in below)
            work.connection.execute(
                sa.update(bindings)
                .where(bindings.c.port_id == port_id, bindings.c.host == host)
                .values(wired=is_wired)
            )


def _floating_statuses(work: Work, report: AgentReport) -> None:
    floating, routers = tables.floating_ips, tables.routers
    here = [
        router.id
        for router in work.records(Router, routers, routers.c.host == report.host)
    ]
    for each in work.records(
        FloatingIp,
        floating,
        floating.c.router_id.in_(here),
        floating.c.status == DOWN,
        floating.c.changed_at <= report.revision,
    ):
        work.connection.execute(
            sa.update(floating)
            .where(floating.c.id == each.id)
            .values(status=ACTIVE, updated_at=work.now)
        )


def all_agents(work: Work) -> list[Agent]:
    """Every agent that ever reported."""
    agents = tables.agents
    return [Agent(**row) for row in work.rows(agents.select().order_by(agents.c.host))]
