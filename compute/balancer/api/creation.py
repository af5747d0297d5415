"""How a load balancer is made: its row first, then what the network makes for it, then
what is given with it.  What fails on the way leaves nothing."""

from __future__ import annotations

import logging
from typing import Any

from compute.balancer import tables, vips
from compute.balancer.api.resource import allow, body_of, without_owner
from compute.balancer.changes import balancers, listeners, pools
from compute.balancer.changes.balancers import FIELDS, KIND
from compute.balancer.flavors import meaning
from compute.balancer.frame.kind import TAGS, Item
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.model import PENDING_CREATE, Balancer
from compute.balancer.placing import choose_host
from compute.balancer.settling import remove
from compute.balancer.tls_rules import references_in
from compute.balancer.trust import Trust
from compute.core.api.frame import ApiCall, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.network.client import VipClient
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.reply import Reply

OWNER_CHARACTERS_MAX = 64  # identity's ids have 32

_log = logging.getLogger("compute.balancer")


class Creation:
    """One workflow, for every request that makes one."""

    def __init__(
        self, database: BalancerDatabase, network: VipClient, trust: Trust
    ) -> None:
        self._database = database
        self._network = network
        self._trust = trust

    def create(self, call: ApiCall) -> Reply:
        """The reply to a request that asks for one."""
        body = body_of(call.json(), KIND.singular)
        project_id = _owner(call, body)
        attributes = FIELDS.new(without_owner(body))
        balancers.check_provider(attributes["provider"])
        self._database.read(
            call.context, lambda work: allow(work, KIND.word, "post", project_id)
        )
        vips.check_quality(self._network, project_id, attributes["vip_qos_policy_id"])
        vips.check_groups(self._network, project_id, attributes["vip_sg_ids"])
        place = vips.find_place(self._network, project_id, attributes)

        def begin(work: Work) -> Balancer:
            check_quota(work, "load_balancer", project_id)
            values = FIELDS.columns(attributes)
            values |= meaning(work, attributes["flavor_id"])
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
        references = references_in([attributes["listeners"], attributes["pools"]])
        if references:
            self._trust.entrust(call.context, balancer.id, references)
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
                additional_vips=[
                    {"subnet_id": subnet_id, "ip_address": address}
                    for subnet_id, address in (port.more if place.more else ())
                ],
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
