"""What a server needs of a host: for the scheduler, and to be claimed.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compute.instance.abilities import needs_of
from compute.instance.records import ServerGroup
from compute.instance.rules import disk_of
from compute.instance.scheduling.state import Request
from compute.instance.stores.hosts import Amounts


def request_for(
    flavor: Mapping[str, Any],
    image: Mapping[str, Any],
    *,
    zone: str = "",
    group: ServerGroup | None = None,
    forced_host: str = "",
    tried: Sequence[str] = (),
    devices: Iterable[Mapping[str, Any]] = (),
) -> Request:
    """What the scheduler must know of a server; ``devices``: its block devices."""
    return Request(
        vcpus=flavor["vcpus"],
        memory_mib=flavor["ram"],
        disk_gib=disk_of(flavor),
        zone=zone,
        forced_host=forced_host,
        extra_specs=flavor.get("extra_specs", {}),
        image_properties=image.get("properties", {}),
        group_policy=group.policy if group else "",
        group_rules=group.rules if group else {},
        tried=frozenset(tried),
        needs=needs_of(devices, flavor, image),
    )


def amounts_of(flavor: Mapping[str, Any]) -> Amounts:
    """What a server of that flavor takes of its host."""
    return Amounts(flavor["vcpus"], flavor["ram"], disk_of(flavor))
