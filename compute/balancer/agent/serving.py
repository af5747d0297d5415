"""Who serves load balancers on a host: haproxy and the kernel, or nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compute.balancer.agent.datagram_serving import DatagramServing
from compute.balancer.agent.haproxy_serving import HaproxyServing
from compute.balancer.agent.outcome import Outcome
from compute.balancer.agent.probers import Probers
from compute.balancer.agent.statistics import Figures
from compute.balancer.counters import Traffic
from compute.balancer.view import Keys, Served
from objectstore.kernel.errors import Unavailable


class HostServing:
    """TCP by haproxy, UDP by the kernel; members are probed by haproxy and by us."""

    def __init__(
        self, haproxy: HaproxyServing, datagrams: DatagramServing, probers: Probers
    ) -> None:
        self._haproxy = haproxy
        self._datagrams = datagrams
        self._probers = probers

    def serve(
        self, wanted: Sequence[Served], keys: Mapping[str, Keys]
    ) -> dict[str, Outcome]:
        """See ``Serving``."""
        outcomes = self._haproxy.serve(wanted, keys)
        self._datagrams.forget([each.balancer_id for each in wanted])
        states = self._probers.look([each for each in wanted if not each.problem])
        return {
            each.balancer_id: self._with_more(
                each, outcomes[each.balancer_id], states.get(each.balancer_id, {})
            )
            for each in wanted
        }

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """See ``Serving``."""
        return self._haproxy.strays(wanted)

    def remove(self, balancer_id: str) -> None:
        """See ``Serving``."""
        self._haproxy.remove(balancer_id)

    def stop(self) -> None:
        """See ``Serving``."""
        self._probers.end()

    def _with_more(
        self, served: Served, outcome: Outcome, states: Mapping[str, str]
    ) -> Outcome:
        """Haproxy's outcome with what the others see.  What waits for its namespace
        waits for all; what waits for keys alone does not."""
        has_place = not outcome.is_waiting or outcome.problem or outcome.lacks_keys
        if served.problem or not has_place:
            return outcome
        figures = outcome.figures
        if outcome.process and states:
            figures = self._haproxy.tell(served.balancer_id, figures, states)
        try:
            found = self._datagrams.serve(served, states)
        except Unavailable as error:
            problem = f"{outcome.problem} {error}".strip()
            return replace(outcome, is_waiting=True, problem=problem)
        last = outcome.last
        if last is not None:
            last = (last[0], _merged(last[1], found.figures))
        return replace(
            outcome,
            figures=_merged(figures, found.figures),
            last=last,
            counters=found.counters,
        )


def _merged(one: Figures, other: Figures) -> Figures:
    return Figures(
        {**one.servers, **other.servers},
        {**one.traffic, **other.traffic},
        one.proxies,
    )


class SimServing:
    """By nobody: everything is well, and nobody comes."""

    def serve(
        self, wanted: Sequence[Served], keys: Mapping[str, Keys]
    ) -> dict[str, Outcome]:
        """See ``Serving``."""
        return {
            each.balancer_id: Outcome(refused=each.problem)
            if each.problem
            else _simulated(each)
            for each in wanted
        }

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """See ``Serving``."""
        return []

    def remove(self, balancer_id: str) -> None:
        """See ``Serving``."""

    def stop(self) -> None:
        """See ``Serving``."""


def _simulated(served: Served) -> Outcome:
    servers: dict[str, list[str]] = {}
    traffic = {}
    for line in served.configuration.splitlines():
        words = line.split()
        if words[:1] == ["frontend"]:
            traffic[words[1]] = Traffic()
        elif words[:1] == ["server"]:
            status = "UP" if "check" in words else "no check"
            if "disabled" in words:
                status = "MAINT"
            servers.setdefault(words[1], []).append(status)
    for listener in served.datagrams:
        traffic[listener.id] = Traffic()
        for member in listener.members:
            servers[member.id] = ["no check" if member.is_on else "MAINT"]
    servers |= {each.member_id: ["UP"] for each in served.probes}
    figures = Figures(servers, traffic)
    counters = {each.id: "simulated" for each in served.datagrams}
    return Outcome(process="simulated", figures=figures, counters=counters)
