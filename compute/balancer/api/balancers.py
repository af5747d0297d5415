"""Load balancers over HTTP."""

from __future__ import annotations

from compute.balancer import tables, vips
from compute.balancer.api.creation import Creation
from compute.balancer.api.resource import (
    Reader,
    allow,
    body_of,
    routes_at,
    without_owner,
)
from compute.balancer.api.status_tree import status_tree
from compute.balancer.changes import balancers, listeners
from compute.balancer.changes.balancers import FIELDS, KIND
from compute.balancer.changes.locking import check_mutable
from compute.balancer.counters import Traffic
from compute.balancer.frame.kind import Item
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import Balancer, Listener
from compute.balancer.settling import traffic_of
from compute.balancer.trust import Trust
from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import ApiError
from compute.network.client import VipClient
from objectstore.kernel.reply import Reply


class BalancersApi:
    """The routes of load balancers, and of what listeners and they have counted."""

    def __init__(
        self, database: BalancerDatabase, network: VipClient, trust: Trust
    ) -> None:
        self._database = database
        self._network = network
        self._creation = Creation(database, network, trust)
        self._reader = Reader(database, KIND, lambda work, call: [])

    def routes(self) -> list[Route]:
        """All of them."""
        path = KIND.plural
        one = f"{path}/{{id}}"
        return [
            *routes_at("GET", path, self._reader.index),
            *routes_at("POST", path, self._creation.create),
            *routes_at("GET", one, self._reader.show),
            *routes_at("PUT", one, self.update),
            *routes_at("DELETE", one, self.delete),
            *routes_at("GET", f"{one}/status", self.status),
            # The older name of the same.
            *routes_at("GET", f"{one}/statuses", self.status),
            *routes_at("GET", f"{one}/stats", self.stats),
            *routes_at("PUT", f"{one}/failover", self.fail_over),
            *routes_at("GET", "listeners/{id}/stats", self.listener_stats),
        ]

    # ---- changing, ending ------------------------------------------------------------

    def update(self, call: ApiCall) -> Reply:
        """Change what the body names."""
        body = without_owner(body_of(call.json(), KIND.singular))
        attributes = FIELDS.changes(body)
        if "vip_qos_policy_id" in attributes:
            # The network knows whether there is such a policy: it is asked first.
            before = self._database.read(call.context, lambda work: _ready(work, call))
            policy_id = attributes["vip_qos_policy_id"]
            if policy_id != before.vip_qos_policy_id:
                vips.check_quality(self._network, before.project_id, policy_id)
                self._network.set_quality(before.vip_port_id, policy_id)
        regrouped: Balancer | None = None
        if "vip_sg_ids" in attributes:
            regrouped = self._database.read(
                call.context, lambda work: _ready(work, call)
            )
            wanted = attributes["vip_sg_ids"]
            vips.check_groups(self._network, regrouped.project_id, wanted)
        changed = self._database.write(
            call.context,
            lambda work: balancers.update(work, _mine(work, call, "put"), attributes),
        )
        if regrouped is not None:
            self._regroup(call, regrouped, changed)

        def show(work: Work) -> Item:
            return KIND.show(work, [KIND.find(work, changed.id)])[0]

        return json_reply(200, {KIND.singular: self._database.read(call.context, show)})

    def _regroup(self, call: ApiCall, before: Balancer, changed: Balancer) -> None:
        """The port follows the row, which knows whether it may.  What the network
        refuses is taken back; what it has not heard the keeper tells it again."""
        try:
            self._network.set_groups(changed.vip_port_id, changed.groups)
        except ApiError:
            self._database.write(
                call.context,
                lambda work: balancers.set_groups(work, before.id, before.vip_sg_ids),
            )
            raise

    def delete(self, call: ApiCall) -> Reply:
        """Begin to take it away; ``cascade``: with all that it has."""
        cascade = call.query.flag("cascade")

        def work_on(work: Work) -> None:
            balancer = _mine(work, call, "delete")
            balancers.delete(work, balancer, cascade=cascade)
            work.tell("loadbalancer.delete", balancer.id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def fail_over(self, call: ApiCall) -> Reply:
        """Begin anew, on another host where there is one."""

        def work_on(work: Work) -> None:
            balancer = _mine(work, call, "put_failover")
            balancers.fail_over(work, balancer)
            work.tell("loadbalancer.failover", balancer.id)

        self._database.write(call.context, work_on)
        return empty_reply(202)

    # ---- how it fares ----------------------------------------------------------------

    def status(self, call: ApiCall) -> Reply:
        """The tree of statuses."""

        def work_on(work: Work) -> Item:
            return status_tree(work.tree(_mine(work, call, "get_status")))

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"statuses": {"loadbalancer": found}})

    def stats(self, call: ApiCall) -> Reply:
        """The traffic of all listeners together."""

        def work_on(work: Work) -> Traffic:
            balancer = _mine(work, call, "get_stats")
            table = tables.listeners
            mine = table.c.balancer_id == balancer.id
            found = work.records(Listener, table, mine)
            total = Traffic()
            for each in traffic_of(work, [listener.id for listener in found]).values():
                total = total.plus(each.total)
            return total

        return _stats_reply(self._database.read(call.context, work_on))

    def listener_stats(self, call: ApiCall) -> Reply:
        """The traffic of one listener."""

        def work_on(work: Work) -> Traffic:
            found = listeners.KIND.find(work, call.parameters["id"])
            allow(work, listeners.KIND.word, "get_stats", found.project_id)
            counted = traffic_of(work, [found.id]).get(found.id)
            return counted.total if counted else Traffic()

        return _stats_reply(self._database.read(call.context, work_on))


def _stats_reply(traffic: Traffic) -> Reply:
    figures = {name: getattr(traffic, name) for name in Traffic.__slots__}
    return json_reply(200, {"stats": figures})


def _mine(work: Work, call: ApiCall, verb: str) -> Balancer:
    found = KIND.find(work, call.parameters["id"])
    allow(work, KIND.word, verb, found.project_id)
    return found


def _ready(work: Work, call: ApiCall) -> Balancer:
    """One that can be changed now."""
    found = _mine(work, call, "put")
    check_mutable(found)
    return found
