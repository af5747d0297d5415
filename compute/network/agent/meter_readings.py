"""Tells the metric service what the meters of this host's routers have counted.

A label's series at one router only grows; ``rate:mean`` is what passed between two
looks.  What cannot be told is dropped: the next look has newer figures.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from compute.metric.client import MetricClient, ResourceToFeed
from compute.network.agent.commands import run
from compute.network.agent.kernel_namespaces import command_prefix
from compute.network.agent.names import router_namespace
from compute.network.agent.rules.meters import TABLE, counter_name, counts_of
from compute.network.view import HostView, Router
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Progress

GROWTH = "guests-rate"
# The type that Ceilometer keeps ``bandwidth`` with.
RESOURCE_TYPE = "network"
RESOURCES_IN_ONE_REQUEST = 1000

_log = logging.getLogger("compute.network.agent")


def read_counters(router_id: str) -> str:
    """What nft tells of a router's counters.  Blocks; ``Unavailable``."""
    prefix = command_prefix(router_namespace(router_id))
    return run(*prefix, "nft", "-j", "list", "counters", "table", "inet", TABLE)


class MeterReadings:
    """One round for each step."""

    name = "meter-readings"

    def __init__(
        self,
        view: Callable[[], HostView | None],
        metrics: MetricClient,
        clock: Clock,
        read: Callable[[str], str] = read_counters,
    ) -> None:
        """``view``: that which the host's agent works on, once it has one."""
        self._view = view
        self._metrics = metrics
        self._clock = clock
        self._read = read
        self._is_heard = True

    def step(self) -> Progress:
        """See ``Step``."""
        view = self._view()
        if view is None:
            return Progress.IDLE
        found = [each for router in view.routers for each in self._counted(router)]
        try:
            for start in range(0, len(found), RESOURCES_IN_ONE_REQUEST):
                some = found[start : start + RESOURCES_IN_ONE_REQUEST]
                self._metrics.feed(self._clock.time(), some)
        except (Unavailable, Rejected) as error:
            if self._is_heard:  # said once, not every minute
                _log.warning("nobody hears what meters count: %s", error)
            self._is_heard = False
        else:
            self._is_heard = True
        return Progress.IDLE

    def _counted(self, router: Router) -> Iterator[ResourceToFeed]:
        if not router.meters:
            return
        try:
            counts = counts_of(concurrency.offload(self._read, router.id))
        except Unavailable as error:
            _log.debug("no figures of router %s: %s", router.id, error)
            return
        for meter in router.meters:
            count = counts.get(counter_name(meter.label_id))
            if count is not None:
                yield ResourceToFeed(
                    f"{meter.label_id}-{router.id}",
                    RESOURCE_TYPE,
                    meter.project_id,
                    "",
                    {},
                    {
                        "bandwidth": ("B", GROWTH, float(count.octets)),
                        "bandwidth.packets": ("packet", GROWTH, float(count.packets)),
                    },
                )
