"""In which order services are started and restarted.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from compute.deploy.model import Host, Part
from compute.deploy.plan import Change
from compute.deploy.remote.places import LOGS, SERVICE_PREFIX

# The cloud needs the store, and agents the cloud.
ORDER = ("store", "cloud", "agent")

Act = tuple[Host, Change]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is started or restarted together, and waited for."""

    title: str
    acts: tuple[Act, ...]
    # Whether something that ran is away meanwhile: the store must be whole before.
    is_restart: bool
    # Whether the store is away for everybody meanwhile.
    interrupts: bool = False

    @property
    def where(self) -> str:
        """Where a host says more."""
        name = self.acts[0][1].subject
        return f" (journalctl -u {SERVICE_PREFIX}{name}, or {LOGS}/{name}.log there)"

    @property
    def touches_store(self) -> bool:
        """Whether replicas are away meanwhile."""
        return any(change.subject == "store" for _, change in self.acts)

    @property
    def touches_cloud(self) -> bool:
        """Whether control planes begin."""
        return any(change.subject == "cloud" for _, change in self.acts)


def batches(
    changes: Mapping[Host, Iterable[Change]],
    nodes: Iterable[Host],
    replicas: int,
    *,
    at_once: bool = False,
) -> list[Batch]:
    """``nodes``: all store nodes, changed or not; ``at_once``: what is restarted cannot
    speak with what is not."""
    pairs = [(host, change) for host, each in changes.items() for change in each]
    # A zone may hold two replicas of something where zones are few.
    by_zone = len({host.place for host in nodes}) >= replicas
    found: list[Batch] = []
    for name in ORDER:
        these = [pair for pair in pairs if pair[1].subject == name]
        starts = [pair for pair in these if pair[1].kind == "start"]
        restarts = [pair for pair in these if pair[1].kind != "start"]
        found += _starts(name, starts)
        if not at_once:
            found += _restarts(name, restarts, by_zone=by_zone)
        elif restarts:
            title = f"restart {name} everywhere"
            everywhere = tuple(restarts)
            found.append(Batch(title, everywhere, is_restart=True, interrupts=True))
    return found


def _starts(name: str, pairs: Sequence[Act]) -> Iterator[Batch]:
    """Nothing is taken away by these: all at once.  But the first cloud makes the
    tables, and the keys that the others get."""
    ahead = 1 if name == "cloud" else len(pairs)
    for group in (pairs[:ahead], pairs[ahead:]):
        if group:
            yield Batch(f"start {name}", tuple(group), is_restart=False)


def _restarts(name: str, pairs: Sequence[Act], *, by_zone: bool) -> Iterator[Batch]:
    """One host after the other; the store's nodes of a zone together, where no two
    replicas of anything are in one."""
    batches: dict[tuple[str, tuple[int, int], str], list[Act]] = {}
    for host, change in sorted(
        pairs, key=lambda pair: (pair[1].kind, pair[0].place, pair[0].name)
    ):
        together = by_zone and name == "store" and host.plays(Part.STORE)
        key = (change.kind, host.place, "" if together else host.name)
        batches.setdefault(key, []).append((host, change))
    for (kind, (region, zone), _), acts in batches.items():
        who = ", ".join(host.name for host, _ in acts)
        title = f"{kind} {name} in zone {zone} of region {region}: {who}"
        yield Batch(title, tuple(acts), is_restart=kind == "restart")
