"""What serves load balancers on a host: one interface, by haproxy or by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from compute.balancer.agent.processes import HaproxyProcesses, Process, Refused
from compute.balancer.agent.statistics import Figures, ask
from compute.balancer.counters import Traffic
from compute.balancer.view import Served
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

# What haproxy has refused is asked of it again after so long: another haproxy may be
# there by then.  A new text, or a new generation of the same, is tried at once.
REFUSED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Haproxy's word on a text, and until when (monotonic seconds) it is taken."""

    digest: str
    generation: int
    text: str
    until: float

    def holds(self, digest: str, wanted: Served, now: float) -> bool:
        """Whether it is said of this one."""
        same = (self.digest, self.generation) == (digest, wanted.generation)
        return same and now < self.until


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

    def __init__(self, processes: HaproxyProcesses, clock: Clock) -> None:
        self._processes = processes
        self._clock = clock
        self._refusals: dict[str, Refusal] = {}

    def serve(self, wanted: Sequence[Served]) -> dict[str, Outcome]:
        """See ``Serving``."""
        if wanted:
            self._processes.prepare()
        seen = self._processes.seen()
        for balancer_id in self.strays(wanted):
            self._end(balancer_id, seen.get(balancer_id, []))
        if not wanted:
            self._processes.leave()
        for balancer_id in self._refusals.keys() - {one.balancer_id for one in wanted}:
            del self._refusals[balancer_id]
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
        socket = self._processes.socket_of(balancer_id)
        if wanted.problem:  # what runs, runs on
            return Outcome(refused=wanted.problem, last=_last(running, socket))
        if not self._processes.has_namespace(balancer_id):
            return Outcome(is_waiting=True)
        if not wanted.configuration:
            self._end(balancer_id, running)
            return Outcome()
        digest = self._processes.digest(balancer_id, wanted.configuration)
        if running and running[0].is_at_home and running[0].digest == digest:
            return Outcome(process=running[0].name, figures=ask(socket))
        last = _last(running, socket)
        before = self._refusals.get(balancer_id)
        if before is not None and before.holds(digest, wanted, self._clock.monotonic()):
            return Outcome(refused=before.text, last=last)
        try:
            self._processes.start(balancer_id, wanted.configuration, running)
        except Refused as error:
            until = self._clock.monotonic() + REFUSED_SECONDS
            self._refusals[balancer_id] = Refusal(
                digest, wanted.generation, str(error), until
            )
            return Outcome(refused=str(error), last=last)
        except Unavailable as error:
            return Outcome(is_waiting=True, problem=str(error), last=last)
        now = self._processes.seen().get(balancer_id, [])
        if not now:
            return Outcome(is_waiting=True, problem="haproxy ended at once", last=last)
        return Outcome(process=now[0].name, figures=ask(socket), last=last)


def _last(running: list[Process], socket: str) -> tuple[str, Figures] | None:
    """What the process that serves counts by now."""
    return (running[0].name, ask(socket)) if running else None


class SimServing:
    """By nobody: everything is well, and nobody comes."""

    def serve(self, wanted: Sequence[Served]) -> dict[str, Outcome]:
        """See ``Serving``."""
        return {
            each.balancer_id: Outcome(refused=each.problem)
            if each.problem
            else _simulated(each.configuration)
            for each in wanted
        }

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
