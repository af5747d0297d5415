"""The room's own loop: whatever load balancers need of the network, and of time.

For each load balancer: its group of the network follows its listeners; its port
follows its host; a host that is silent loses it to another; what is being deleted
goes; what has been pending for too long is in ERROR.  Every step reads the whole truth
and can be done twice, by several processes at once.
"""

from __future__ import annotations

import logging

from compute.balancer import tables, vips
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import (
    ACTIVE,
    PENDING,
    PENDING_DELETE,
    PENDING_UPDATE,
    Balancer,
    Tree,
)
from compute.balancer.openings import openings
from compute.balancer.placing import choose_host, living_hosts
from compute.balancer.settling import fail, forsake, remove, settle
from compute.core.context import RequestContext
from compute.network.client import VipClient
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

# Ports of nobody are looked for once in so many steps.
STRAYS_EVERY = 60
# A host that is silent for so long is none any more.
HOST_KEPT_SECONDS = 86400.0
PORT_NAME_PREFIX = "octavia-lb-"

_log = logging.getLogger("compute.balancer")


class Keeper:
    """A loop's step."""

    name = "balancer-keeper"

    def __init__(self, database: BalancerDatabase, network: VipClient) -> None:
        self._database = database
        self._network = network
        self._context = RequestContext("", roles=frozenset({"admin", "service"}))
        self._steps = 0

    def step(self) -> Progress:
        """See the module's docstring."""
        for tree in self._database.read(self._context, self._trees):
            self._try(tree)
        self._steps += 1
        if self._steps % STRAYS_EVERY == 1:
            self._sweep()
        return Progress.IDLE

    def _try(self, tree: Tree) -> None:
        balancer_id = tree.balancer.id
        try:
            self._keep(tree)
        except RingstackError as error:
            _log.warning("load balancer %s: %s", balancer_id, error)
        self._database.write(self._context, lambda work: self._hurry(work, balancer_id))

    def _trees(self, work: Work) -> list[Tree]:
        """Those that need something."""
        alive = living_hosts(work)
        return [
            work.tree(each)
            for each in work.records(Balancer, tables.balancers)
            if each.provisioning_status != ACTIVE
            or each.host not in alive
            or each.opened < each.generation
        ]

    def _keep(self, tree: Tree) -> None:
        balancer = tree.balancer
        if balancer.provisioning_status == PENDING_DELETE:
            vips.unmake(self._network, balancer)
            self._database.write(
                self._context, lambda work: self._remove(work, balancer.id)
            )
            return
        if not balancer.vip_port_id:
            return  # who makes it has not come so far, or has died: see _hurry
        placed = self._database.write(
            self._context, lambda work: self._place(work, balancer.id)
        )
        if placed is None:
            return
        balancer = placed
        for port in self._network.ports_of(balancer.id):
            if balancer.host and port.host != balancer.host:
                self._network.move(port.id, balancer.host)
        if balancer.opened < balancer.generation:
            tree = self._database.read(self._context, lambda work: work.tree(balancer))
            self._network.set_openings(balancer.group_id, openings(tree))
            self._database.write(
                self._context, lambda work: self._opened(work, balancer)
            )

    def _place(self, work: Work, balancer_id: str) -> Balancer | None:
        """Give it a living host, if there is one; None when it is gone by now: another
        keeper has removed it, or who could not make it."""
        balancer = work.find(Balancer, tables.balancers, balancer_id)
        if balancer is None:
            return None
        if balancer.host in living_hosts(work):
            return balancer
        host = choose_host(work)
        if not host:
            forsake(work, balancer)
            return balancer
        work.wake([balancer.host, host])
        status = balancer.provisioning_status
        return work.save(
            tables.balancers,
            balancer,
            host=host,
            applied=0,
            provisioning_status=PENDING_UPDATE if status == ACTIVE else status,
            pending_since=work.now,
        )

    def _opened(self, work: Work, seen: Balancer) -> None:
        balancer = work.find(Balancer, tables.balancers, seen.id)
        if balancer is None:
            return
        opened = max(balancer.opened, seen.generation)
        settle(work, work.save(tables.balancers, balancer, opened=opened))
        work.wake([balancer.host])

    def _remove(self, work: Work, balancer_id: str) -> None:
        balancer = work.find(Balancer, tables.balancers, balancer_id)
        if balancer is not None:
            remove(work, balancer)
            work.wake([balancer.host])

    def _hurry(self, work: Work, balancer_id: str) -> None:
        """ERROR for what has been pending for too long."""
        balancer = work.find(Balancer, tables.balancers, balancer_id)
        if balancer is None or balancer.provisioning_status not in PENDING:
            return
        if work.now - balancer.pending_since > work.settings.pending_seconds:
            fail(work, balancer, balancer.problem or "It has not come true in time.")

    def _sweep(self) -> None:
        """Ports of load balancers that are gone: their maker died.  Ports are looked at
        before the rows: what is being made has its row first."""
        try:
            ports = self._network.all_ports()
            known = self._database.read(
                self._context,
                lambda work: {
                    each.id for each in work.records(Balancer, tables.balancers)
                },
            )
            self._database.write(self._context, _forget_hosts)
            for port in ports:
                if port.device_id.removeprefix("lb-") not in known:
                    _log.warning("port %s is of no load balancer", port.id)
                    self._network.delete_port(port.id)
        except RingstackError as error:
            _log.warning("ports of nobody: %s", error)


def _forget_hosts(work: Work) -> None:
    hosts = tables.hosts
    gone = hosts.c.heard_at < work.now - HOST_KEPT_SECONDS
    work.connection.execute(hosts.delete().where(gone))
