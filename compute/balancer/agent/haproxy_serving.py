"""Serves what haproxy can, a process for each load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compute.balancer.agent.health import send, with_states
from compute.balancer.agent.outcome import Outcome
from compute.balancer.agent.processes import HaproxyProcesses, Process, Refused
from compute.balancer.agent.statistics import Figures, ask
from compute.balancer.view import Keys, Served
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


class HaproxyServing:
    """By haproxy, a process for each."""

    def __init__(self, processes: HaproxyProcesses, clock: Clock) -> None:
        self._processes = processes
        self._clock = clock
        self._refusals: dict[str, Refusal] = {}

    def serve(
        self, wanted: Sequence[Served], keys: Mapping[str, Keys]
    ) -> dict[str, Outcome]:
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
            each.balancer_id: self._one(
                each,
                seen.get(each.balancer_id, []),
                keys.get(each.balancer_id),
            )
            for each in wanted
        }

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """See ``Serving``."""
        there = self._processes.seen().keys() | self._processes.known()
        return sorted(there - {each.balancer_id for each in wanted})

    def remove(self, balancer_id: str) -> None:
        """See ``Serving``."""
        self._end(balancer_id, self._processes.seen().get(balancer_id, []))

    def tell(
        self, balancer_id: str, figures: Figures, states: Mapping[str, str]
    ) -> Figures:
        """Let the process know how members fare that it does not probe; the figures
        with that.  Blocks."""
        commands, figures = with_states(figures, states)
        if commands:
            send(self._processes.socket_of(balancer_id), commands)
        return figures

    def _end(self, balancer_id: str, running: list[Process]) -> None:
        for process in running:
            self._processes.stop(process)
        self._processes.forget(balancer_id)

    def _one(
        self, wanted: Served, running: list[Process], keys: Keys | None
    ) -> Outcome:
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
        if wanted.has_keys and keys is None:
            return Outcome(is_waiting=True, lacks_keys=True, last=last)
        keys = keys or Keys()
        try:
            if keys.problem:
                raise Refused(keys.problem)
            self._processes.start(
                balancer_id, wanted.configuration, running, keys.files
            )
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
