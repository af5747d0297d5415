"""A host's network agent as a part of a process: made, started, stopped.

Stopping it takes nothing away: bridges, rules, routers and dnsmasq go on, and the
next agent finds them.  Only the metadata service is silent in between.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from compute.core.bus import Bus, Message
from compute.instance.client import InstanceClient
from compute.network.agent.commands import search_path
from compute.network.agent.host.host import Host
from compute.network.agent.host.tunnel_key import own_public_key
from compute.network.agent.leftovers import find_leftovers, remove_leftovers
from compute.network.agent.metadata.answers import InstanceMetadata
from compute.network.agent.metadata.listeners import MetadataListeners
from compute.network.agent.metadata.tokens import SessionTokens
from compute.network.agent.network_agent import NO_VIEW, NetworkAgent
from compute.network.agent.over_http import HttpControlPlane
from compute.network.agent.rules.conntrack_helpers import usable_helpers
from compute.network.agent.settings import (
    AgentSettings,
    NetworkAgentSettings,
    usable_resolvers,
    usable_tunnel_address,
)
from compute.network.client import NetworkClient
from compute.network.conntrack_names import CONNTRACK_HELPERS
from compute.network.view import WAKE_TOPIC_PREFIX, HostView
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Loop

_log = logging.getLogger("compute.network.agent")

# What the step was at when it was stopped may be done only after the first look.
TAKE_DOWN_ROUNDS_MAX = 5

RESOLVERS_FILE = Path("/etc/resolv.conf")

# Program and the package that Debian has it in.
PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "nsenter": "util-linux",
}


def missing_requirements() -> list[str]:
    """What this host lacks for a network agent, in words; empty: nothing."""
    found = [
        f"{program} (package {package})"
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path=search_path())
    ]
    if os.geteuid():
        found.insert(0, "to be root (bridges, taps and namespaces need it)")
    elif not Path("/dev/net/tun").exists():
        found.append("/dev/net/tun")
    return found


def _host_resolvers() -> tuple[str, ...]:
    try:
        return usable_resolvers(RESOLVERS_FILE.read_text(errors="replace"))
    except OSError:
        return ()


def _usable_helpers() -> frozenset[tuple[str, str]]:
    found = usable_helpers()
    missing = sorted(name for name, _ in CONNTRACK_HELPERS - found)
    if missing:
        _log.warning("the kernel has no conntrack helpers %s", ", ".join(missing))
    return found


class NetworkAgentService:
    """One host's agent with all that it needs."""

    def __init__(
        self,
        host: str,
        state_directory: Path,
        options: NetworkAgentSettings,
        *,
        network: NetworkClient,
        instances: InstanceClient,
        bus: Bus,
        clock: Clock,
        listens_at: str = "",
    ) -> None:
        """``host``: the name that ports are bound to; ``listens_at``: the address of
        the process.  ``Rejected`` for options that
        make no sense."""
        self._settings = AgentSettings(
            host,
            state_directory,
            options.uplink_map(),
            options.lease_seconds,
            options.metadata,
            options.resolvers or _host_resolvers(),
            usable_tunnel_address(options.tunnel_address, listens_at),
            own_public_key(state_directory),
            _usable_helpers(),
        )
        self._bus = bus
        self._topic = WAKE_TOPIC_PREFIX + host
        answers = InstanceMetadata(self.view, instances, SessionTokens(clock))
        self._listeners = MetadataListeners(answers)
        self._host = Host(state_directory, self._listeners)
        self._control = HttpControlPlane(network)
        self._agent = NetworkAgent(self._settings, self._control, self._host, clock)
        self.loop = Loop(
            self._agent,
            idle_seconds=options.look,
            logger=_log,
        )
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Reconcile in the background; a message wakes it."""
        self._unsubscribe = self._bus.subscribe(self._topic, self._wake)
        self.loop.start()

    def stop(self) -> None:
        """Leave everything as it is."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self.loop.stop()
        self._listeners.close_all()

    def strays(self) -> list[tuple[str, str]]:
        """Name and kind of what is on the host that today's view does not own; another
        agent of the host may be running.  ``Unavailable`` when the control plane or
        the host cannot say."""
        return find_leftovers(self._host, self._settings, self._todays_view())

    def remove_strays(self) -> None:
        """Remove what ``strays`` finds.  ``Unavailable`` when something stays."""
        remove_leftovers(self._host, self._settings, self._todays_view())

    def take_down(self) -> None:
        """After ``stop``, for a host that ends with its agent: remove every network
        of ours.  What cannot be removed is told, and found at the next start."""
        try:
            for _ in range(TAKE_DOWN_ROUNDS_MAX):
                if not remove_leftovers(self._host, self._settings, None):
                    return
        except Unavailable as error:
            _log.warning("networks are left behind: %s", error)

    def _todays_view(self) -> HostView:
        view = self._control.fetch(self._settings.host, NO_VIEW)
        if view is None:
            raise Unavailable("the control plane gave no view")
        return view

    def _wake(self, _: Message) -> None:
        self._agent.look_soon()
        self.loop.hint()

    def view(self) -> HostView | None:
        """That which the agent works on; None before it has one."""
        return self._agent.view
