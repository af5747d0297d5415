"""Tells the metric service how guests fare.

A round looks at every active guest and tells of all in a few requests.  What cannot be
told is dropped: the next round has newer figures, and counters lose nothing by it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from compute.agent.guest_figures import resources_of
from compute.agent.guests import ACTIVE_STATES
from compute.agent.host import HostKit
from compute.instance.client import InstanceClient, ServerBrief
from compute.metric.client import MetricClient, ResourceToFeed
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable
from objectstore.kernel.loop import Progress

RESOURCES_IN_ONE_REQUEST = 1000

_log = logging.getLogger("compute.agent")


class Measuring:
    """One round for each step."""

    name = "agent-measuring"

    def __init__(
        self,
        kits: Mapping[str, HostKit],
        instances: InstanceClient,
        metrics: MetricClient,
        clock: Clock,
    ) -> None:
        self._kits = kits
        self._instances = instances
        self._metrics = metrics
        self._clock = clock
        # By host and server: the resources that were told of.
        self._told: dict[str, dict[str, list[str]]] = {}
        self._is_heard = True

    def step(self) -> Progress:
        """See ``Step``."""
        try:
            for host, servers in self._servers().items():
                self._tell(self._kits[host], servers)
        except (Unavailable, Rejected) as error:
            # A cloud may have no such service: said once, not every minute.
            if self._is_heard:
                _log.warning("nobody hears how guests fare: %s", error)
            self._is_heard = False
        else:
            self._is_heard = True
        return Progress.IDLE

    def _servers(self) -> Mapping[str, list[ServerBrief]]:
        if len(self._kits) == 1:
            return {host: self._instances.servers_of(host) for host in self._kits}
        found: dict[str, list[ServerBrief]] = {host: [] for host in self._kits}
        for each in self._instances.servers():
            if each.host in found:
                found[each.host].append(each)
        return found

    def _tell(self, kit: HostKit, servers: list[ServerBrief]) -> None:
        at = self._clock.time()
        told = self._told.setdefault(kit.name, {})
        batch: list[ResourceToFeed] = []
        for server_id, resources in self._measured(kit, servers):
            told[server_id] = [each.id for each in resources]
            batch += resources
            if len(batch) >= RESOURCES_IN_ONE_REQUEST:
                self._metrics.feed(at, batch)
                batch = []
        if batch:
            self._metrics.feed(at, batch)
        self._tell_of_ends(kit, {each.id for each in servers}, at)

    def _measured(
        self, kit: HostKit, servers: list[ServerBrief]
    ) -> Iterator[tuple[str, list[ResourceToFeed]]]:
        states = kit.hypervisor.states()
        for server in servers:
            if states.get(server.id) not in ACTIVE_STATES:
                continue
            try:
                usage = kit.hypervisor.usage(server.id)
            except RingstackError as error:
                _log.debug("%s: no figures of %s: %s", kit.name, server.id, error)
                continue
            yield server.id, list(resources_of(server, kit.name, usage))

    def _tell_of_ends(self, kit: HostKit, here: set[str], at: float) -> None:
        """Servers that were deleted; who has moved is told of by another host."""
        told = self._told[kit.name]
        gone = [each for each in told if each not in here]
        if not gone:
            return
        fates = self._instances.fates(gone, kit.name)
        ended = [
            resource_id
            for server_id in gone
            if fates.get(server_id, "deleted") == "deleted"
            for resource_id in told[server_id]
        ]
        if ended:
            self._metrics.ended(ended, at)
        for server_id in gone:
            del told[server_id]
