"""A host's load balancer agent as a part of a process: made, started, stopped.

Stopping it takes nothing away: haproxy processes serve on, and the next agent finds
them.
"""

from __future__ import annotations

import grp
import logging
import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

from compute.balancer.agent.balancer_agent import BalancerAgent
from compute.balancer.agent.datagram_serving import DatagramServing
from compute.balancer.agent.haproxy_serving import HaproxyServing
from compute.balancer.agent.outcome import Serving
from compute.balancer.agent.places import MORE_PATHS
from compute.balancer.agent.probers import Probers
from compute.balancer.agent.processes import HaproxyProcesses
from compute.balancer.agent.serving import HostServing, SimServing
from compute.balancer.agent.settings import BalancerAgentSettings, ServingKind
from compute.balancer.client import BalancerClient
from compute.core.bus import Bus, Message
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop

WAKE_TOPIC_PREFIX = "balancer.host."
# Program and the package that Debian has it in.
PROGRAMS = {
    "haproxy": "haproxy",
    "nsenter": "util-linux",
    "nft": "nftables",
    "conntrack": "conntrack",
}

_log = logging.getLogger("compute.balancer.agent")


def missing_requirements(settings: BalancerAgentSettings) -> list[str]:
    """What this host lacks for a load balancer agent, in words; empty: nothing."""
    if settings.driver is ServingKind.SIM:
        return []
    path = f"{os.environ.get('PATH', os.defpath)}:{MORE_PATHS}"
    found = [
        f"{program} (package {package})"
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path=path)
    ]
    if os.geteuid():
        found.append("to be root (namespaces need it)")
    try:
        pwd.getpwnam(settings.user)
        grp.getgrnam(settings.group)
    except KeyError as error:
        found.append(f"the user and group of [balancer-agent]: {error}")
    return found


class BalancerAgentService:
    """One host's agent with all that it needs."""

    def __init__(
        self,
        host: str,
        state_directory: Path,
        options: BalancerAgentSettings,
        *,
        client: BalancerClient,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._host, self._client = host, client
        self._serving = _serving(state_directory, options, clock)
        agent = BalancerAgent(host, client, self._serving, clock)
        self.loop = Loop(agent, idle_seconds=options.look, logger=_log)
        self._bus = bus
        self._topic = WAKE_TOPIC_PREFIX + host
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Serve in the background; a message wakes it."""
        self._unsubscribe = self._bus.subscribe(self._topic, self._wake)
        self.loop.start()

    def stop(self) -> None:
        """Leave everything as it is."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self.loop.stop()
        concurrency.offload(self._serving.stop)

    def strays(self) -> list[str]:
        """Load balancers of which something is on the host though they do not live
        here.  ``Unavailable`` when the control plane cannot say."""
        wanted = self._client.host_view(self._host)
        return concurrency.offload(self._serving.strays, wanted)

    def remove(self, balancer_id: str) -> None:
        """Remove what ``strays`` finds of one."""
        concurrency.offload(self._serving.remove, balancer_id)

    def take_down(self) -> None:
        """After ``stop``, for a host that ends with its agent: nothing is served."""
        concurrency.offload(self._serving.serve, [], {})

    def _wake(self, _: Message) -> None:
        self.loop.hint()


def _serving(
    state_directory: Path, options: BalancerAgentSettings, clock: Clock
) -> Serving:
    if options.driver is ServingKind.SIM:
        return SimServing()
    processes = HaproxyProcesses(state_directory, options.user, options.group)
    probers = Probers(options.user, options.group)
    return HostServing(HaproxyServing(processes, clock), DatagramServing(), probers)
