"""The room's own loop: whatever load balancers need of the network, and of time.

For each load balancer: its group of the network follows its listeners; its port
follows its host; a host that is silent loses it to another; what is being deleted
goes; what has been pending for too long is in ERROR; secrets that nothing uses any more
are given back.  Every step reads the whole truth
and can be done twice, by several processes at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from compute.balancer import tables, vips
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import (
    ACTIVE,
    PENDING,
    PENDING_DELETE,
    PENDING_UPDATE,
    Balancer,
)
from compute.balancer.openings import openings
from compute.balancer.placing import choose_host, living_hosts
from compute.balancer.settling import fail, forsake, remove, settle
from compute.balancer.trust import Trust
from compute.core.context import RequestContext
from compute.core.errors import ApiError
from compute.network.client import VipClient
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

# Ports and groups of nobody are looked for once in so many steps.
STRAYS_EVERY = 60
# A host that is silent for so long is none any more.
HOST_KEPT_SECONDS = 86400.0

_log = logging.getLogger("compute.balancer")


class Keeper:
    """A loop's step."""

    name = "balancer-keeper"

    def __init__(
        self,
        database: BalancerDatabase,
        network: VipClient,
        trust: Trust,
        house_project: Callable[[], str],
    ) -> None:
        """``house_project``: the project that the service's own groups are in."""
        self._database = database
        self._network = network
        self._trust = trust
        self._house_project = house_project
        self._context = RequestContext("", roles=frozenset({"admin", "service"}))
        self._steps = 0

    def step(self) -> Progress:
        """See the module's docstring."""
        needy = self._database.read(self._context, self._needy)
        # First: who sees that a listener is gone may delete its certificate.
        self._trust.release_unused(self._context)
        for balancer in needy:
            self._try(balancer)
        self._steps += 1
        if self._steps % STRAYS_EVERY == 1:
            self._sweep()
        return Progress.IDLE

    def _try(self, balancer: Balancer) -> None:
        try:
            self._keep(balancer)
        except RingstackError as error:
            _log.warning("load balancer %s: %s", balancer.id, error)
        except Exception:  # noqa: BLE001
            # Whatever is wrong with one must not keep the others waiting.
            _log.exception("load balancer %s", balancer.id)
        self._database.write(self._context, lambda work: self._hurry(work, balancer.id))

    def _needy(self, work: Work) -> list[Balancer]:
        """Those that need something."""
        alive = living_hosts(work)
        return [
            each
            for each in work.records(Balancer, tables.balancers)
            if each.provisioning_status != ACTIVE
            or each.host not in alive
            or each.opened < each.generation
        ]

    def _keep(self, balancer: Balancer) -> None:
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
        for port in self._network.ports_of(placed.id):
            if placed.host and port.host != placed.host:
                self._network.move(port.id, placed.host)
            if placed.vip_sg_ids and placed.opened < placed.generation:
                self._regroup(port.id, placed)
        if placed.opened < placed.generation:
            tree = self._database.read(self._context, lambda work: work.tree(placed))
            self._network.set_openings(placed.group_id, openings(tree))
            self._database.write(self._context, lambda work: self._opened(work, placed))

    def _regroup(self, port_id: str, balancer: Balancer) -> None:
        """Whoever wrote its groups may have died before he told the network.  One that
        is gone since must not keep the others waiting."""
        try:
            self._network.set_groups(port_id, balancer.groups)
        except ApiError as error:
            _log.warning("groups of load balancer %s: %s", balancer.id, error)

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
        """Ports and groups of load balancers that are gone: their maker died.  They are
        looked at before the rows: what is being made has its row first."""
        try:
            ports = self._network.all_ports()
            groups = self._network.groups(self._house_project())
            known = self._database.read(
                self._context,
                lambda work: {
                    each.id for each in work.records(Balancer, tables.balancers)
                },
            )
            self._database.write(self._context, _forget_hosts)
        except RingstackError as error:
            _log.warning("ports and groups of nobody: %s", error)
            return
        for port in ports:
            if port.device_id.removeprefix("lb-") not in known:
                self._sweep_out("port", port.id, self._network.delete_port)
        for group_id, balancer_id in groups.items():
            if balancer_id not in known:
                self._sweep_out("group", group_id, self._network.delete_group)

    @staticmethod
    def _sweep_out(what: str, identifier: str, delete: Callable[[str], None]) -> None:
        _log.warning("%s %s is of no load balancer", what, identifier)
        try:
            delete(identifier)
        except RingstackError as error:
            _log.warning("%s %s stays for now: %s", what, identifier, error)


def _forget_hosts(work: Work) -> None:
    hosts = tables.hosts
    gone = hosts.c.heard_at < work.now - HOST_KEPT_SECONDS
    work.connection.execute(hosts.delete().where(gone))
