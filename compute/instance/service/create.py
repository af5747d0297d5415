"""New servers: planned on a picture of the hosts, written in one transaction.

Servers for which there is no host are made too, in error with the reason: so the
caller always finds what he asked for, and why it is not there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import Conflict, QuotaExceeded
from compute.core.sql.database import Duplicate
from compute.instance.block_devices import devices_of
from compute.instance.parts import Parts
from compute.instance.placing import Placement
from compute.instance.records import Server
from compute.instance.rules import flavor_values
from compute.instance.scheduling.state import Request
from compute.instance.service.entry import Entry, Outdated, Plan
from compute.instance.service.group_places import places_of_group
from compute.instance.service.needs import request_for
from compute.instance.service.network_choice import ports_of_each
from compute.instance.service.new_servers import NewServers
from compute.instance.service.quotas import Quotas
from compute.instance.service.volume_choice import VolumeChoice
from objectstore.kernel.errors import Unavailable

# By which a client names an order, so that it can send it again.
ORDER_HEADER = "Idempotency-Key"
# How often the hosts are looked at anew when others took the places that were free.
PLANS_MAX = 5


class ServerCreation:
    """Makes servers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._entry = Entry(parts, quotas)
        self._choice = VolumeChoice(parts)

    def create(self, context: RequestContext, new: NewServers) -> list[Server]:
        """The servers; ``QuotaExceeded``, ``Conflict`` when this order is there.
        Places for ports are set aside, volumes reserved or begun to be made before,
        and given back when there is no server for them."""
        ids = [self._parts.identifiers.uuid() for _ in range(new.most)]
        ports = ports_of_each(new.template.networks or ())
        network = self._parts.network
        if ports:
            new = dataclasses.replace(
                new, most=self._reserve(context.project_id, ids, ports, new.least)
            )
        made: list[Server] = []
        try:
            made = self._with_volumes(context, new, ids[: new.most])
        finally:
            built = {server.id for server in made if server.host}
            if ports:
                # What cannot be given back now ends by itself.
                with contextlib.suppress(Unavailable):
                    network.forget_ports([each for each in ids if each not in built])
        return made

    def _reserve(
        self, project_id: str, ids: Sequence[str], ports: int, least: int
    ) -> int:
        """For how many of them the quota of ports has room."""
        try:
            return self._parts.network.reserve_ports(project_id, ids, ports, least)
        except QuotaExceeded:
            raise QuotaExceeded(
                f"Maximum number of ports exceeded: {ports * least} are needed"
            ) from None

    def _with_volumes(
        self, context: RequestContext, new: NewServers, ids: Sequence[str]
    ) -> list[Server]:
        drafts = self._drafts(context, new, ids)
        made: list[Server] = []
        try:
            made = self._create(context, new, drafts)
        finally:
            kept = {server.id for server in made}
            for draft in drafts:
                if draft.id not in kept:
                    self._choice.give_back(devices_of(draft.block_devices))
        return made

    def _drafts(
        self, context: RequestContext, new: NewServers, ids: Sequence[str]
    ) -> list[Server]:
        """A record for each, with its id and its volumes."""
        drafts: list[Server] = []
        try:
            for server_id in ids:
                entries: list[Mapping[str, Any]] = [
                    {**each, "id": self._parts.identifiers.uuid()}
                    for each in new.template.block_devices
                ]
                draft = dataclasses.replace(
                    new.template,
                    id=server_id,
                    block_devices=entries,
                )
                drafts.append(self._choice.prepare(context, draft))
        except BaseException:
            for draft in drafts:
                self._choice.give_back(devices_of(draft.block_devices))
            raise
        return drafts

    def _create(
        self, context: RequestContext, new: NewServers, drafts: Sequence[Server]
    ) -> list[Server]:
        for attempt in range(1, PLANS_MAX + 1):
            group_hosts = self._group_hosts(new)
            requests = self._requests(context, new)
            placements = self._plan(new, requests, group_hosts)
            plan = Plan(self._rows(new, drafts), placements, attempt == PLANS_MAX)
            try:
                made = self._parts.database.run(
                    functools.partial(self._entry.write, context, new, plan)
                )
            except Outdated:
                self._parts.placer.forget()
                continue
            except Duplicate:
                if not new.order:
                    raise
                raise Conflict(
                    f"An order with this {ORDER_HEADER} has been made already"
                ) from None
            for host in {server.host for server in made if server.host}:
                self._parts.wake(host)
            return made
        raise AssertionError("the last plan is carried out whatever comes of it")

    # ---- planning --------------------------------------------------------------

    def _group_hosts(self, new: NewServers) -> Counter[str]:
        if new.group is None:
            return Counter()
        group_id = new.group.id
        return self._parts.database.read(
            lambda connection: places_of_group(self._stores, connection, group_id)
        )

    def _requests(self, context: RequestContext, new: NewServers) -> list[Request]:
        project_id = context.project_id
        same: frozenset[str] | None = None
        different: frozenset[str] = frozenset()
        if new.same_host or new.different_host:
            same_rows, different_rows = self._parts.database.read(
                lambda connection: (
                    self._stores.servers.hosts_of(
                        connection, new.same_host, project_id
                    ),
                    self._stores.servers.hosts_of(
                        connection, new.different_host, project_id
                    ),
                )
            )
            same = frozenset(same_rows) if new.same_host else None
            different = frozenset(different_rows)
        request = request_for(
            new.flavor_values,
            new.template.image,
            zone=new.zone,
            group=new.group,
            forced_host=new.forced_host,
            devices=new.template.block_devices,
        )
        request = dataclasses.replace(
            request, same_hosts=same, different_hosts=different
        )
        return [request] * new.most

    def _plan(
        self, new: NewServers, requests: list[Request], group_hosts: Counter[str]
    ) -> list[Placement]:
        placer = self._parts.placer
        if new.group is None:
            return placer.plan(requests)
        placements = []
        members = Counter(group_hosts)
        for request in requests:
            request = dataclasses.replace(request, group_hosts=dict(members))
            (placement,) = placer.plan([request])
            members.update(placement.hosts[:1])
            placements.append(placement)
        return placements

    def _rows(self, new: NewServers, drafts: Sequence[Server]) -> list[Server]:
        now = self._parts.clock.time()
        rows = []
        for index, draft in enumerate(drafts):
            number = f"-{index + 1}" if new.most > 1 else ""
            rows.append(
                dataclasses.replace(
                    draft,
                    name=draft.name + number,
                    hostname=draft.hostname + number,
                    launch_index=index,
                    order_key=new.order_key(index),
                    created_at=now,
                    updated_at=now,
                    group_id=new.group.id if new.group else "",
                    requested_zone=new.zone,
                    **flavor_values(new.flavor_values),
                )
            )
        return rows
