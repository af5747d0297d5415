"""What serves load balancers on a host: one interface, by haproxy or by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from compute.balancer.agent.processes import HaproxyProcesses, Process, Refused
from compute.balancer.agent.statistics import Figures, ask
from compute.balancer.counters import Traffic
from compute.balancer.view import Served
from objectstore.kernel.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a load balancer is served.  ``is_waiting``: for something of the host (its
    namespace, its address) that others make; ``refused``: why never; ``process`` and
    ``figures``: of the process that serves, ``last``: of one that it has replaced."""

    is_waiting: bool = False
    refused: str = ""
    problem: str = ""
    process: str = ""
    figures: Figures = Figures()
    last: tuple[str, Figures] | None = None


class Serving(Protocol):
    """Makes the host serve; safe to repeat."""

    def serve(self, wanted: Sequence[Served]) -> dict[str, Outcome]:
        """Serve these and no others; how each is served.  Blocks."""

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """Load balancers of which the host has something, and that are none of these.
        Blocks."""

    def remove(self, balancer_id: str) -> None:
        """Serve it no more.  Blocks."""


class HaproxyServing:
    """By haproxy, a process for each."""

    def __init__(self, processes: HaproxyProcesses) -> None:
        self._processes = processes

    def serve(self, wanted: Sequence[Served]) -> dict[str, Outcome]:
        """See ``Serving``."""
        self._processes.prepare()
        seen = self._processes.seen()
        for balancer_id in self.strays(wanted):
            self._end(balancer_id, seen.get(balancer_id, []))
        return {
            each.balancer_id: self._one(each, seen.get(each.balancer_id, []))
            for each in wanted
        }

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """See ``Serving``."""
        there = self._processes.seen().keys() | self._processes.known()
        return sorted(there - {each.balancer_id for each in wanted})

    def remove(self, balancer_id: str) -> None:
        """See ``Serving``."""
        self._end(balancer_id, self._processes.seen().get(balancer_id, []))

    def _end(self, balancer_id: str, running: list[Process]) -> None:
        for process in running:
            self._processes.stop(process)
        self._processes.forget(balancer_id)

    def _one(self, wanted: Served, running: list[Process]) -> Outcome:
        balancer_id = wanted.balancer_id
        if not self._processes.has_namespace(balancer_id):
            return Outcome(is_waiting=True)
        if not wanted.configuration:
            self._end(balancer_id, running)
            return Outcome()
        socket = self._processes.socket_of(balancer_id)
        digest = self._processes.digest(balancer_id, wanted.configuration)
        if running and running[0].is_at_home and running[0].digest == digest:
            return Outcome(process=running[0].name, figures=ask(socket))
        last = (running[0].name, ask(socket)) if running else None
        try:
            self._processes.start(balancer_id, wanted.configuration, running)
        except Refused as error:
            return Outcome(refused=str(error), last=last)
        except Unavailable as error:
            return Outcome(is_waiting=True, problem=str(error), last=last)
        now = self._processes.seen().get(balancer_id, [])
        if not now:
            return Outcome(is_waiting=True, problem="haproxy ended at once", last=last)
        return Outcome(process=now[0].name, figures=ask(socket), last=last)


class SimServing:
    """By nobody: everything is well, and nobody comes."""

    def serve(self, wanted: Sequence[Served]) -> dict[str, Outcome]:
        """See ``Serving``."""
        return {each.balancer_id: _simulated(each.configuration) for each in wanted}

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """See ``Serving``."""
        return []

    def remove(self, balancer_id: str) -> None:
        """See ``Serving``."""


def _simulated(configuration: str) -> Outcome:
    servers: dict[str, list[str]] = {}
    traffic = {}
    for line in configuration.splitlines():
        words = line.split()
        if words[:1] == ["frontend"]:
            traffic[words[1]] = Traffic()
        elif words[:1] == ["server"]:
            status = "UP" if "check" in words else "no check"
            if "disabled" in words:
                status = "MAINT"
            servers.setdefault(words[1], []).append(status)
    return Outcome(process="simulated", figures=Figures(servers, traffic))
