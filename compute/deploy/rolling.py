"""In which order services are started and restarted.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compute.deploy.model import Host, Part
from compute.deploy.plan import Change
from compute.deploy.remote.places import LOGS, SERVICE_PREFIX

# The cloud needs the store, and agents the cloud.
ORDER = ("store", "cloud", "agent")


@dataclass(frozen=True, slots=True)
class Batch:
    """What is started or restarted together, and waited for."""

    title: str
    acts: tuple[tuple[Host, Change], ...]
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
    found: list[Batch] = []
    pairs = [(host, change) for host, each in changes.items() for change in each]
    zones = {host.place for host in nodes}
    # A zone may hold two replicas of something where zones are few.
    by_zone = len(zones) >= replicas
    for name in ORDER:
        these = [pair for pair in pairs if pair[1].subject == name]
        starts = tuple(pair for pair in these if pair[1].kind == "start")
        # The first cloud makes the tables, and the keys that the others get.
        ahead = 1 if name == "cloud" else len(starts)
        for group in (starts[:ahead], starts[ahead:]):
            if group:
                # Nothing is taken away by these: all at once.
                found.append(Batch(f"start {name}", group, is_restart=False))
        if at_once:
            rest = tuple(pair for pair in these if pair[1].kind != "start")
            if rest:
                title = f"restart {name} everywhere"
                found.append(Batch(title, rest, is_restart=True, interrupts=True))
            continue
        restarts: dict[tuple[object, ...], list[tuple[Host, Change]]] = {}
        for host, change in sorted(
            (pair for pair in these if pair[1].kind != "start"),
            key=lambda pair: (pair[1].kind, pair[0].place, pair[0].name),
        ):
            together = by_zone and name == "store" and host.plays(Part.STORE)
            key = (change.kind, host.place, "" if together else host.name)
            restarts.setdefault(key, []).append((host, change))
        for together_now in restarts.values():
            who = ", ".join(host.name for host, _ in together_now)
            kind, (region, zone) = together_now[0][1].kind, together_now[0][0].place
            title = f"{kind} {name} in zone {zone} of region {region}: {who}"
            found.append(
                Batch(title, tuple(together_now), is_restart=kind == "restart")
            )
    return found
