"""Load balancers over HTTP: as other things, but making one asks the network first."""

from __future__ import annotations

import logging
from typing import Any

from compute.balancer import tables, vips
from compute.balancer.api.resource import (
    Reader,
    allow,
    body_of,
    routes_at,
    without_owner,
)
from compute.balancer.changes import balancers, listeners, pools
from compute.balancer.changes.balancers import FIELDS, KIND
from compute.balancer.changes.locking import check_mutable
from compute.balancer.counters import Traffic
from compute.balancer.frame.kind import TAGS, Item
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import PENDING_CREATE, Balancer, Listener, Tree
from compute.balancer.placing import choose_host
from compute.balancer.settling import remove, traffic_of
from compute.core.api import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.network.client import VipClient
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.reply import Reply

OWNER_CHARACTERS_MAX = 64  # identity's ids have 32

_log = logging.getLogger("compute.balancer")


class BalancersApi:
    """The routes of load balancers, and of what listeners and they have counted."""

    def __init__(self, database: BalancerDatabase, network: VipClient) -> None:
        self._database = database
        self._network = network
        self._reader = Reader(database, KIND, lambda work, call: [])

    def routes(self) -> list[Route]:
        """All of them."""
        path = KIND.plural
        one = f"{path}/{{id}}"
        return [
            *routes_at("GET", path, self._reader.index),
            *routes_at("POST", path, self.create),
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

    # ---- making one ----------------------------------------------------------------

    def create(self, call: ApiCall) -> Reply:
        """The row, then what the network makes for it, then what is given with it."""
        body = body_of(call.json(), KIND.singular)
        project_id = _owner(call, body)
        attributes = FIELDS.new(without_owner(body))
        balancers.check_provider(attributes["provider"])
        self._database.read(
            call.context, lambda work: allow(work, KIND.word, "post", project_id)
        )
        vips.check_quality(self._network, project_id, attributes["vip_qos_policy_id"])
        place = vips.find_place(self._network, project_id, attributes)

        def begin(work: Work) -> Balancer:
            check_quota(work, "load_balancer", project_id)
            values = FIELDS.columns(attributes)
            values["owns_port"] = not place.port_id
            values["vip_network_id"] = place.network_id
            balancer = Balancer(
                id=work.identifiers.uuid(),
                project_id=project_id,
                provisioning_status=PENDING_CREATE,
                created_at=work.now,
                pending_since=work.now,
                host=choose_host(work),
                **values,
            )
            work.insert(tables.balancers, balancer)
            work.tell("loadbalancer.create", balancer.id)
            TAGS.set(work.connection, balancer.id, attributes["tags"])
            return balancer

        balancer = self._database.write(call.context, begin)
        try:
            item = self._go_on(call, balancer, place, attributes)
        except BaseException:
            self._give_up(call, balancer.id)
            raise
        return json_reply(201, {KIND.singular: item})

    def _go_on(
        self, call: ApiCall, balancer: Balancer, place: vips.Place, attributes: Item
    ) -> Item:
        port, group_id = vips.make(self._network, balancer, place)

        def finish(work: Work) -> Item:
            found = work.find(Balancer, tables.balancers, balancer.id)
            if found is None:
                raise NotFound(f"Load Balancer {balancer.id} not found.")
            found = work.save(
                tables.balancers,
                found,
                vip_address=port.address,
                vip_port_id=port.id,
                vip_subnet_id=port.subnet_id,
                vip_network_id=port.network_id,
                group_id=group_id,
            )
            _make_parts(work, found, attributes)
            work.wake([found.host])
            return KIND.show(work, [found])[0]

        try:
            return self._database.write(call.context, finish)
        except BaseException:
            self._database.write(call.context, lambda work: _note(work, port, group_id))
            raise

    def _give_up(self, call: ApiCall, balancer_id: str) -> None:
        """It could not be made: nothing of it stays.  What the network keeps now is
        found by the keeper."""

        def work_on(work: Work) -> Balancer | None:
            return work.find(Balancer, tables.balancers, balancer_id)

        balancer = self._database.read(call.context, work_on)
        if balancer is None:
            return
        try:
            vips.unmake(self._network, balancer)
        except RingstackError as error:
            _log.warning("load balancer %s: %s", balancer_id, error)
        self._database.write(call.context, lambda work: remove(work, balancer))

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
        changed = self._database.write(
            call.context,
            lambda work: balancers.update(work, _mine(work, call, "put"), attributes),
        )

        def show(work: Work) -> Item:
            return KIND.show(work, [KIND.find(work, changed.id)])[0]

        return json_reply(200, {KIND.singular: self._database.read(call.context, show)})

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
            return _statuses(work.tree(_mine(work, call, "get_status")))

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


def _owner(call: ApiCall, body: Item) -> str:
    """The project that is to own it; naming another is for who sees all."""
    named = [body[name] for name in ("project_id", "tenant_id") if body.get(name)]
    owner = named[0] if named else call.context.project_id
    if any(each != owner for each in named):
        raise BadRequest("'project_id' and 'tenant_id' do not match")
    if not isinstance(owner, str) or not 0 < len(owner) <= OWNER_CHARACTERS_MAX:
        raise BadRequest("project_id: a project's id is needed")
    return owner


def _note(work: Work, port: Any, group_id: str) -> None:
    """Let whoever gives it up know what the network has made."""
    table = tables.balancers
    where = table.c.id == port.device_id.removeprefix("lb-")
    work.connection.execute(
        table.update().where(where).values(vip_port_id=port.id, group_id=group_id)
    )


def _make_parts(work: Work, balancer: Balancer, attributes: Item) -> None:
    """Listeners and pools that were given with the load balancer."""
    for nested in attributes["pools"]:
        given = pools.FIELDS.new(without_owner(nested))
        pools.make(work, balancer, given)
    for nested in attributes["listeners"]:
        check_quota(work, "listener", balancer.project_id)
        given = listeners.FIELDS.new(without_owner(nested))
        listeners.make(work, balancer, given)


def _statuses(tree: Tree) -> Item:
    def shown(thing: Any, *more: str) -> Item:
        names = ("id", "name", "provisioning_status", "operating_status", *more)
        return {name: getattr(thing, name) for name in names}

    def pool(pool_id: str) -> Item:
        found = tree.pool(pool_id)
        monitor = tree.monitor_of(pool_id)
        return {
            **shown(found),
            "health_monitor": shown(monitor, "type") if monitor else {},
            "members": [
                {**shown(each, "address"), "protocol_port": each.port}
                for each in tree.members_of(pool_id)
            ],
        }

    return {
        **shown(tree.balancer),
        "listeners": [
            {
                **shown(listener),
                "pools": [
                    pool(each)
                    for each in tree.pools_of(listener.id, listener.default_pool_id)
                ],
            }
            for listener in tree.listeners
        ],
    }
