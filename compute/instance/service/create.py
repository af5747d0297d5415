"""New servers: row, place on a host, job and history in one transaction.

Servers for which there is no host are made too, in error with the reason: so the
caller always finds what he asked for, and why it is not there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.core.context import RequestContext
from compute.core.database import Connection
from compute.core.errors import QuotaExceeded
from compute.instance.block_devices import devices_of, root_of
from compute.instance.model import TaskState, VmState
from compute.instance.placing import Placement
from compute.instance.records import Flavor, Server, ServerGroup
from compute.instance.rules import NO_VALID_HOST, fault, flavor_values, on_volume
from compute.instance.scheduling.state import Request
from compute.instance.service.group_places import places_of_group
from compute.instance.service.needs import amounts_of, request_for
from compute.instance.service.network_choice import ports_of_each
from compute.instance.service.quotas import UNLIMITED, Quotas
from compute.instance.service.volume_choice import VolumeChoice
from compute.instance.wiring import Wiring
from objectstore.kernel.errors import Unavailable

# How often the hosts are looked at anew when others took the places that were free.
PLANS_MAX = 5


class Outdated(Exception):
    """The picture of the hosts on which was planned is not so any more."""


@dataclass(frozen=True, slots=True)
class NewServers:
    """What to make: ``template`` is the record of each (its id, name and numbers are
    filled in), with who asks and what the placement must heed."""

    template: Server
    flavor: Flavor
    least: int = 1
    most: int = 1
    zone: str = ""
    forced_host: str = ""
    group: ServerGroup | None = None
    same_host: Sequence[str] = ()
    different_host: Sequence[str] = ()
    admin_password: str = field(default="", repr=False)

    @property
    def flavor_values(self) -> dict[str, Any]:
        """What each server keeps of its flavor."""
        values = self.flavor.snapshot()
        is_on_volume = root_of(self.template.block_devices) is not None
        return on_volume(values) if is_on_volume else values


@dataclass(frozen=True, slots=True)
class _Plan:
    """What shall be written; ``is_last``: whatever has changed meanwhile."""

    servers: Sequence[Server]
    placements: Sequence[Placement]
    group_hosts: Counter[str]
    is_last: bool


class ServerCreation:
    """Makes servers."""

    def __init__(self, wiring: Wiring, quotas: Quotas) -> None:
        self._wiring = wiring
        self._stores = wiring.stores
        self._quotas = quotas
        self._choice = VolumeChoice(wiring)

    def create(self, context: RequestContext, new: NewServers) -> list[Server]:
        """The servers; ``QuotaExceeded``.  Places for ports are set aside, volumes
        reserved or begun to be made before, and given back when there is no server
        for them."""
        ids = [self._wiring.identifiers.uuid() for _ in range(new.most)]
        ports = ports_of_each(new.template.networks or ())
        network = self._wiring.network
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
            return self._wiring.network.reserve_ports(project_id, ids, ports, least)
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
                    {**each, "id": self._wiring.identifiers.uuid()}
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
            plan = _Plan(
                self._rows(new, drafts),
                placements,
                group_hosts,
                attempt == PLANS_MAX,
            )
            try:
                made = self._wiring.database.run(
                    functools.partial(self._write, context, new, plan)
                )
            except Outdated:
                self._wiring.placer.forget()
                continue
            for host in {server.host for server in made if server.host}:
                self._wiring.wake(host)
            return made
        raise AssertionError("the last plan is carried out whatever comes of it")

    # ---- planning --------------------------------------------------------------

    def _group_hosts(self, new: NewServers) -> Counter[str]:
        if new.group is None:
            return Counter()
        group_id = new.group.id
        return self._wiring.database.read(
            lambda connection: places_of_group(self._stores, connection, group_id)
        )

    def _requests(self, context: RequestContext, new: NewServers) -> list[Request]:
        project_id = context.project_id
        same: frozenset[str] | None = None
        different: frozenset[str] = frozenset()
        if new.same_host or new.different_host:
            same_rows, different_rows = self._wiring.database.read(
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
        )
        request = dataclasses.replace(
            request, same_hosts=same, different_hosts=different
        )
        return [request] * new.most

    def _plan(
        self, new: NewServers, requests: list[Request], group_hosts: Counter[str]
    ) -> list[Placement]:
        placer = self._wiring.placer
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
        now = self._wiring.clock.time()
        rows = []
        for index, draft in enumerate(drafts):
            number = f"-{index + 1}" if new.most > 1 else ""
            rows.append(
                dataclasses.replace(
                    draft,
                    name=draft.name + number,
                    hostname=draft.hostname + number,
                    launch_index=index,
                    created_at=now,
                    updated_at=now,
                    group_id=new.group.id if new.group else "",
                    requested_zone=new.zone,
                    **flavor_values(new.flavor_values),
                )
            )
        return rows

    # ---- the transaction -------------------------------------------------------

    def _write(
        self,
        context: RequestContext,
        new: NewServers,
        plan: _Plan,
        connection: Connection,
    ) -> list[Server]:
        count = self._quotas.servers_allowed(
            connection,
            context.project_id,
            context.user_id,
            least=new.least,
            most=new.most,
            vcpus=new.flavor.vcpus,
            memory_mib=new.flavor.ram,
        )
        self._check_group(connection, context, new, plan, count)
        return [
            self._write_one(connection, context, new, server, placement, plan.is_last)
            for server, placement in zip(
                plan.servers[:count], plan.placements, strict=False
            )
        ]

    def _check_group(
        self,
        connection: Connection,
        context: RequestContext,
        new: NewServers,
        plan: _Plan,
        count: int,
    ) -> None:
        """The group is still where it was, and not full."""
        if new.group is None:
            return
        rows = self._stores.servers.of_group(connection, new.group.id)
        limits = self._quotas.of(connection, context.project_id, context.user_id)
        limit = limits["server_group_members"]
        if limit != UNLIMITED and len(rows) + count > limit:
            raise QuotaExceeded("Quota exceeded, too many servers in group")
        now = places_of_group(self._stores, connection, new.group.id)
        if now != plan.group_hosts and not plan.is_last:
            raise Outdated

    def _write_one(
        self,
        connection: Connection,
        context: RequestContext,
        new: NewServers,
        server: Server,
        placement: Placement,
        last: bool,
    ) -> Server:
        host = self._claim(connection, server, placement, new)
        if not host and placement.hosts and not last:
            raise Outdated
        now = server.created_at
        server = self._placed(server, host, placement)
        self._stores.servers.add(connection, server)
        number = self._stores.actions.begin(
            connection, context, server.id, "create", now
        )
        facts = {"host": host, "flavor": server.flavor_id, "image": server.image_id}
        self._stores.events.append(
            connection, context, now, "server.create", server.id, facts
        )
        if host:
            self._order(connection, context, server, number, new.admin_password)
        else:
            event = action_event("conductor_schedule_and_build_instances", now, now)
            self._stores.actions.add_event(
                connection, number, {**event, "result": "Error"}, now, "Error"
            )
        return server

    def _placed(self, server: Server, host: str, placement: Placement) -> Server:
        """The server on its host; in error, and saying why, when there is none."""
        if host:
            return dataclasses.replace(
                server,
                host=host,
                availability_zone=self._wiring.placer.zone(host),
                task_state=TaskState.SPAWNING.value,
            )
        return dataclasses.replace(
            server,
            vm_state=VmState.ERROR.value,
            task_state=TaskState.NONE.value,
            fault=fault(NO_VALID_HOST, server.created_at, placement.choice.explain()),
        )

    def _order(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        action: int,
        admin_password: str,
    ) -> None:
        """The job that builds it."""
        arguments: dict[str, Any] = {
            "action": action,
            "request_id": context.request_id,
            "tried": [],
        }
        if admin_password:
            arguments["admin_password"] = admin_password
        self._stores.jobs.add(
            connection,
            job_id=self._wiring.identifiers.uuid(),
            kind="build",
            queue=server.host,
            subject_id=server.id,
            arguments=arguments,
            now=server.created_at,
        )

    def _claim(
        self,
        connection: Connection,
        server: Server,
        placement: Placement,
        new: NewServers,
    ) -> str:
        amounts = amounts_of(server.flavor)
        for host in placement.hosts:
            if self._stores.hosts.claim(
                connection,
                server.id,
                host,
                amounts,
                self._wiring.placer.capacity,
                even_disabled=bool(new.forced_host),
            ):
                return host
            if new.group is not None:
                return ""  # another host may not be the group's
        return ""


def action_event(name: str, start: float, finish: float) -> dict[str, Any]:
    """One event of an action's history."""
    return {
        "event": name,
        "start_time": start,
        "finish_time": finish,
        "result": "Success",
        "host": "",
        "traceback": None,
        "details": None,
    }
