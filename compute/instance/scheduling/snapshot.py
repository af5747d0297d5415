"""The hosts at one moment, from their rows and their aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from compute.instance.abilities import lacking
from compute.instance.records import Aggregate, Host
from compute.instance.scheduling.state import DEFAULT_ZONE, HostState
from compute.instance.stores.hosts import Capacity

ZONE_KEY = "availability_zone"


def is_up(host: Host, now: float, down_after_seconds: float) -> bool:
    """Whether its agent was heard of lately, and nobody says otherwise."""
    return not host.forced_down and now - host.last_seen <= down_after_seconds


def zone_of(host: str, aggregates: Iterable[Aggregate]) -> str:
    """The host's availability zone."""
    for aggregate in aggregates:
        if host in aggregate.hosts and ZONE_KEY in aggregate.metadata:
            return aggregate.metadata[ZONE_KEY]
    return DEFAULT_ZONE


def snapshot(
    hosts: Iterable[Host],
    aggregates: Iterable[Aggregate],
    capacity: Capacity,
    now: float,
    down_after_seconds: float,
) -> list[HostState]:
    """What the rules see."""
    traits: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    zones: dict[str, str] = {}
    for aggregate in aggregates:
        for name in aggregate.hosts:
            for key, value in aggregate.metadata.items():
                traits[name][key].add(value)
            if ZONE_KEY in aggregate.metadata:
                zones.setdefault(name, aggregate.metadata[ZONE_KEY])
    return [
        HostState(
            host=host.host,
            enabled=host.enabled,
            up=is_up(host, now, down_after_seconds),
            vcpus=host.vcpus * capacity.vcpu_ratio,
            memory_mib=(host.memory_mib - capacity.reserved_memory_mib)
            * capacity.memory_ratio,
            disk_gib=host.disk_gib * capacity.disk_ratio,
            vcpus_used=host.vcpus_used,
            memory_used_mib=host.memory_used_mib,
            disk_used_gib=host.disk_used_gib,
            servers=host.servers,
            zone=zones.get(host.host, DEFAULT_ZONE),
            hypervisor_type=host.hypervisor_type,
            lacks=lacking(host),
            architecture=str(host.inventory.get("architecture", "x86_64")),
            traits={key: frozenset(values) for key, values in traits[host.host].items()}
            if host.host in traits
            else {},
        )
        for host in hosts
    ]
