"""Which hosts a server may go to, the best first; three ways to rank them.

* ``filter``: the freest host by the weighers, near or far from its group as asked;
* ``chance``: any of those that will do;
* ``simple``: the host with the fewest virtual processors promised.

All three filter first: no scheduler puts a server where it cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from compute.instance.scheduling.filters import (
    FILTERS,
    SOFT_AFFINITY,
    SOFT_ANTI_AFFINITY,
    Filter,
)
from compute.instance.scheduling.state import HostState, Request

# So many of the best are shuffled, so that schedulers that see the same picture
# do not all run for the same host.
SHUFFLED = 3


class SchedulerKind(Enum):
    """How hosts are ranked."""

    FILTER = "filter"
    CHANCE = "chance"
    SIMPLE = "simple"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How many hosts one filter took away."""

    filter: str
    before: int
    after: int
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The hosts that will do, the best first; and why the others will not."""

    hosts: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    considered: int = 0

    def explain(self) -> str:
        """For administrators: what each filter left."""
        if not self.considered:
            return "There are no hosts."
        lines = [
            f"{each.filter}: {each.before} -> {each.after}"
            f" ({each.before - each.after}: {each.text})"
            for each in self.refusals
        ]
        return "\n".join([f"Hosts considered: {self.considered}", *lines])


def choose(
    request: Request,
    hosts: Iterable[HostState],
    kind: SchedulerKind,
    random: Random,
    filters: Sequence[Filter] = FILTERS,
) -> Choice:
    """Filter and rank."""
    left = list(hosts)
    considered = len(left)
    refusals = []
    for each in filters:
        if not each.applies(request):
            continue
        before = len(left)
        left = [host for host in left if each.passes(request, host)]
        if len(left) < before:
            refusals.append(Refusal(each.name, before, len(left), each.text))
    names = _ranked(request, left, kind, random)
    return Choice(tuple(names), tuple(refusals), considered)


def _ranked(
    request: Request, hosts: list[HostState], kind: SchedulerKind, random: Random
) -> list[str]:
    if kind is SchedulerKind.CHANCE:
        random.shuffle(hosts)
        return [host.host for host in hosts]
    if kind is SchedulerKind.SIMPLE:
        hosts.sort(key=lambda host: (host.vcpus_used, host.servers, host.host))
        return [host.host for host in hosts]
    weigh = _weigher(request)
    hosts.sort(key=lambda host: (-weigh(host), host.host))
    best = hosts[:SHUFFLED]
    if request.group_policy not in (SOFT_AFFINITY, SOFT_ANTI_AFFINITY):
        random.shuffle(best)
    return [host.host for host in best + hosts[SHUFFLED:]]


def _weigher(request: Request) -> Callable[[HostState], float]:
    """What is free after the claim, as parts of the whole; a soft group rule weighs
    more than all of that."""
    sign = {SOFT_AFFINITY: 10.0, SOFT_ANTI_AFFINITY: -10.0}.get(request.group_policy)

    def weigh(host: HostState) -> float:
        weight = (
            _free(host.memory_mib, host.memory_used_mib)
            + _free(host.vcpus, host.vcpus_used)
            + _free(host.disk_gib, host.disk_used_gib)
        )
        if sign is not None:
            weight += sign * request.group_hosts.get(host.host, 0)
        return weight

    return weigh


def _free(total: float, used: float) -> float:
    return (total - used) / total if total > 0 else 0.0
