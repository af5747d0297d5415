"""Which volume host gets a volume: pure."""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.errors import BadRequest
from compute.volume.host_records import ServiceRecord
from compute.volume.model import GIB
from compute.volume.records import VolumeType
from compute.volume.rules import is_served

NOBODY = "No valid backend was found"


def is_up(host: ServiceRecord, now: float, down_after: float) -> bool:
    """Whether it was heard of lately."""
    return now - host.last_seen <= down_after


def choose(
    hosts: Sequence[ServiceRecord], volume_type: VolumeType, near: str = ""
) -> str:
    """Among those that are up, the one with the most room that is what the type asks
    for; "" when none is.  ``near``: it must be that one.  ``BadRequest`` when all that
    it may be are disabled."""
    if near:
        hosts = [each for each in hosts if each.host == near]
    if hosts and all(each.disabled for each in hosts):
        raise BadRequest(f"{NOBODY}: the volume host is disabled")
    able = [
        each
        for each in hosts
        if not each.disabled and is_served(volume_type, each.told.backend)
    ]
    if not able:
        return ""
    return max(able, key=lambda each: each.told.free_bytes).host


def check_target(
    target: ServiceRecord,
    here: str,
    volume_type: VolumeType,
    size_gib: int,
    *,
    up: bool,
) -> None:
    """``BadRequest`` for a host that a volume cannot move to."""
    if target.host == here:
        raise BadRequest(
            "Invalid input received: Invalid host: Destination host must be different"
            " from the current host."
        )
    if target.disabled or not up:
        state = "disabled" if target.disabled else "down"
        raise BadRequest(f"{NOBODY}: volume host {target.host} is {state}")
    if not is_served(volume_type, target.told.backend):
        raise BadRequest(
            f"{NOBODY}: {target.pool} has no volumes of type {volume_type.name}"
        )
    if target.told.total_bytes and size_gib * GIB > target.told.total_bytes:
        raise BadRequest(f"{NOBODY} for a volume of {size_gib} GiB")
