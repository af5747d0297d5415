"""Hosts without networks: everything is wired at once, and no packet ever passes.

To try the cloud out where guests are simulated as well.  The rooms see what they would
see of a real host: an agent that lives, ports that become active, routers that stand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from compute.core.bus import Bus, Message
from compute.network.agent.control import ControlPlane
from compute.network.agent.network_agent import HEARTBEAT_SECONDS, NO_VIEW
from compute.network.report import AgentReport, PortStatus
from compute.network.view import WAKE_TOPIC_PREFIX, HostView
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop, Progress

_log = logging.getLogger("compute.network.agent")


class SimulatedAgent:
    """One host's step: take the view, say that all of it is so."""

    name = "network-agent"

    def __init__(self, host: str, control: ControlPlane, clock: Clock) -> None:
        self._host = host
        self._control = control
        self._clock = clock
        self._view: HostView | None = None
        self._reported: AgentReport | None = None
        self._reported_at = 0.0

    def step(self) -> Progress:
        """Report what is new; the same only as often as a heart beats.
        ``Unavailable`` when nobody listens: the loop tries again."""
        since = NO_VIEW if self._view is None else self._view.revision
        view = self._control.fetch(self._host, since)
        if view is not None:
            self._view = view
        report = self._report()
        now = self._clock.monotonic()
        is_due = now >= self._reported_at + HEARTBEAT_SECONDS
        if report != self._reported or is_due:
            self._control.report(report)
            self._reported, self._reported_at = report, now
        return Progress.IDLE

    def _report(self) -> AgentReport:
        if self._view is None:
            return AgentReport(self._host, NO_VIEW)
        ports = sorted(self._view.ports, key=lambda port: port.id)
        return AgentReport(
            self._host,
            self._view.revision,
            tuple(PortStatus(port.id, port.admin_up) for port in ports),
        )


class SimulatedNetworks:
    """The network agents of simulated hosts as a part of a process."""

    def __init__(
        self,
        hosts: Sequence[str],
        control: ControlPlane,
        *,
        bus: Bus,
        clock: Clock,
        look_seconds: float,
    ) -> None:
        self._bus = bus
        self._loops = {
            host: Loop(
                SimulatedAgent(host, control, clock),
                idle_seconds=look_seconds,
                logger=_log,
            )
            for host in hosts
        }
        self._unsubscribe: list[Callable[[], None]] = []

    def start(self) -> None:
        """Report in the background; a message wakes the host's loop."""
        for host, loop in self._loops.items():
            self._unsubscribe.append(
                self._bus.subscribe(WAKE_TOPIC_PREFIX + host, _waker(loop))
            )
            loop.start()

    def stop(self) -> None:
        """No more reports: after a while the hosts count as dead."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        for loop in self._loops.values():
            loop.stop()

    def take_down(self) -> None:
        """Nothing was ever put up."""


def _waker(loop: Loop) -> Callable[[Message], None]:
    def wake(_: Message) -> None:
        loop.hint()

    return wake
