"""What has come true: reports of hosts, and the network's word, settle what is pending.

A load balancer is settled when its host serves its present generation and its group of
the network lets in what that serves.  Then what was being made or changed is ACTIVE,
and what was being deleted is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.counters import Counted, Traffic, counted
from compute.balancer.frame.work import Work
from compute.balancer.model import (
    ACTIVE,
    ERROR,
    OFFLINE,
    PENDING_CREATE,
    PENDING_DELETE,
    PENDING_UPDATE,
    Balancer,
    Tree,
)
from compute.balancer.operating import operating_statuses
from compute.balancer.view import Report

PROBLEM_CHARACTERS_MAX = 1000


def hear(work: Work, host: str, problem: str) -> None:
    """The host's agent lives."""
    hosts = tables.hosts
    values = {"heard_at": work.now, "problem": problem[:PROBLEM_CHARACTERS_MAX]}
    known = work.connection.execute(
        sa.update(hosts).where(hosts.c.host == host).values(**values)
    )
    if known.rowcount == 0:
        work.connection.execute(hosts.insert().values(host=host, **values))
        work.wake()  # load balancers without a host may have waited for one


def take_report(work: Work, host: str, report: Report) -> None:
    """Write what it says; nothing of a load balancer that is not the host's (now)."""
    balancer = work.find(Balancer, tables.balancers, report.balancer_id)
    if balancer is None or balancer.host != host:
        return
    applied = min(report.generation, balancer.generation)
    if applied != balancer.applied:
        balancer = work.save(tables.balancers, balancer, applied=applied)
    if report.error:
        fail(work, balancer, report.error)
        return
    settle(work, balancer)
    left = work.find(Balancer, tables.balancers, balancer.id)
    if left is not None:
        _fare(work, work.tree(left), report)


def settle(work: Work, balancer: Balancer) -> None:
    """End what is pending, if it has come true."""
    current = balancer.generation
    if balancer.applied < current or balancer.opened < current:
        return
    if balancer.provisioning_status in (ACTIVE, PENDING_DELETE):
        return
    for table in tables.PARTS:
        mine = table.c.balancer_id == balancer.id
        doomed = sa.and_(mine, table.c.provisioning_status == PENDING_DELETE)
        for row in work.rows(sa.select(table.c.id).where(doomed)):
            work.delete(table, row["id"])
        work.connection.execute(
            sa.update(table)
            .where(mine, table.c.provisioning_status != ACTIVE)
            .values(provisioning_status=ACTIVE, updated_at=work.now)
        )
    values = {"provisioning_status": ACTIVE, "updated_at": work.now, "problem": ""}
    work.save(tables.balancers, balancer, **values)
    work.tell("loadbalancer.settled", balancer.id, generation=current)


def fail(work: Work, balancer: Balancer, problem: str) -> None:
    """What is pending has gone wrong; it is tried again all the same.  What is being
    deleted stays so: nobody wants it back."""
    text = problem[:PROBLEM_CHARACTERS_MAX]
    if balancer.provisioning_status not in (PENDING_CREATE, PENDING_UPDATE):
        if balancer.problem != text:
            work.save(tables.balancers, balancer, problem=text)
        return
    for table in tables.PARTS:
        work.connection.execute(
            sa.update(table)
            .where(
                table.c.balancer_id == balancer.id,
                table.c.provisioning_status.in_((PENDING_CREATE, PENDING_UPDATE)),
            )
            .values(provisioning_status=ERROR, updated_at=work.now)
        )
    values = {"provisioning_status": ERROR, "updated_at": work.now, "problem": text}
    work.save(tables.balancers, balancer, **values)
    work.tell("loadbalancer.error", balancer.id, problem=text)


def remove(work: Work, balancer: Balancer) -> None:
    """The network has nothing of it any more: neither have we."""
    for table in tables.PARTS:
        for row in work.rows(
            sa.select(table.c.id).where(table.c.balancer_id == balancer.id)
        ):
            work.delete(table, row["id"])
    traffic = tables.traffic
    work.connection.execute(
        traffic.delete().where(traffic.c.balancer_id == balancer.id)
    )
    work.delete(tables.balancers, balancer.id)
    work.tell("loadbalancer.deleted", balancer.id)


def forsake(work: Work, balancer: Balancer) -> None:
    """Its host is silent, and there is no other."""
    if balancer.operating_status != ERROR:
        work.save(tables.balancers, balancer, operating_status=ERROR)


# ---- how it fares ----------------------------------------------------------------


def _fare(work: Work, tree: Tree, report: Report) -> None:
    statuses = operating_statuses(tree, report.servers, report.traffic)
    for table, parts in (
        (tables.balancers, (tree.balancer,)),
        (tables.listeners, tree.listeners),
        (tables.pools, tree.pools),
        (tables.members, tree.members),
        (tables.monitors, tree.monitors),
        (tables.policies, tree.policies),
        (tables.rules, tree.rules),
    ):
        for part in parts:
            status = statuses.get(part.id, OFFLINE)
            if status != part.operating_status:
                work.connection.execute(
                    sa.update(table)
                    .where(table.c.id == part.id)
                    .values(operating_status=status)
                )
    known = {each.id for each in tree.listeners}
    for listener_id, present in report.traffic.items():
        if listener_id in known:
            process = report.counters.get(listener_id, report.process)
            _count(work, tree.balancer.id, listener_id, process, present)


def _count(
    work: Work, balancer_id: str, listener_id: str, process: str, present: Traffic
) -> None:
    table = tables.traffic
    had = traffic_of(work, [listener_id]).get(listener_id)
    now = counted(had or Counted(), process, present)
    if now == had:
        return
    values: dict[str, Any] = {
        "process": now.process,
        "present": asdict(now.present),
        "before": asdict(now.before),
    }
    if had is None:
        key = {"listener_id": listener_id, "balancer_id": balancer_id}
        work.connection.execute(table.insert().values(**key, **values))
    else:
        where = table.c.listener_id == listener_id
        work.connection.execute(sa.update(table).where(where).values(**values))


def traffic_of(work: Work, listener_ids: Sequence[str]) -> dict[str, Counted]:
    """The traffic of each of these listeners; of those that had any."""
    table = tables.traffic
    return {
        row["listener_id"]: Counted(
            row["process"], Traffic(**row["present"]), Traffic(**row["before"])
        )
        for row in work.rows(
            table.select().where(table.c.listener_id.in_(listener_ids))
        )
    }
