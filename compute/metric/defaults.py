"""What a new room begins with: archive policies and types that clients expect.

Names, granularities and attributes are those that Gnocchi and Ceilometer make.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.metric.model import ArchivePolicy, ArchivePolicyRule, ResourceType
from compute.metric.series.moments import SECOND

MINUTE = 60
HOUR = 3600
DAY = 86400
METHODS = ("mean", "min", "max", "sum", "std", "count")
GUESTS = "guests"
"""The policy of what agents tell of guests: minutes for alarms, months for people."""
GUESTS_RATE = "guests-rate"


def _policy(
    name: str, methods: tuple[str, ...], *definition: tuple[int, int]
) -> ArchivePolicy:
    """``definition``: (granularity, timespan) in seconds."""
    kept = [[each * SECOND, span // each] for each, span in definition]
    return ArchivePolicy(name, 0, kept, sorted(methods))


_LOW = ((5 * MINUTE, 30 * DAY),)
_MEDIUM = ((MINUTE, 7 * DAY), (HOUR, 365 * DAY))
_HIGH = ((1, HOUR), (MINUTE, 7 * DAY), (HOUR, 365 * DAY))
_CEILOMETER_MEDIUM = ((MINUTE, 7 * DAY),)
_CEILOMETER_HIGH = ((1, HOUR), (MINUTE, DAY), (HOUR, 365 * DAY))
_GUESTS = ((MINUTE, 7 * DAY), (5 * MINUTE, 30 * DAY), (HOUR, 365 * DAY))
_RATE = ("mean", "rate:mean")

ARCHIVE_POLICIES = (
    _policy("low", METHODS, *_LOW),
    _policy("medium", METHODS, *_MEDIUM),
    _policy("high", METHODS, *_HIGH),
    ArchivePolicy("bool", 3600, [[SECOND, 365 * DAY]], ["last"]),
    _policy("ceilometer-low", ("mean",), *_LOW),
    _policy("ceilometer-low-rate", _RATE, *_LOW),
    _policy("ceilometer-medium", ("mean",), *_CEILOMETER_MEDIUM),
    _policy("ceilometer-medium-rate", _RATE, *_CEILOMETER_MEDIUM),
    _policy("ceilometer-high", ("mean",), *_CEILOMETER_HIGH),
    _policy("ceilometer-high-rate", _RATE, *_CEILOMETER_HIGH),
    _policy(GUESTS, ("mean", "max"), *_GUESTS),
    _policy(GUESTS_RATE, ("mean", "max", "rate:mean"), *_GUESTS),
)
ARCHIVE_POLICY_RULES = (ArchivePolicyRule("default", "low", "*"),)


def _string(required: bool = False) -> dict[str, Any]:
    return {"type": "string", "required": required, "min_length": 0, "max_length": 255}


def _uuid(required: bool = False) -> dict[str, Any]:
    return {"type": "uuid", "required": required}


_OF_GUEST = {"name": _string(), "instance_id": _uuid(True)}
_TYPES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "generic": {},
    "instance": {
        "display_name": _string(),
        "flavor_id": _string(),
        "flavor_name": _string(),
        "host": _string(),
        "image_ref": _string(),
        "server_group": _string(),
        "created_at": {"type": "datetime", "required": False},
        "launched_at": {"type": "datetime", "required": False},
        "deleted_at": {"type": "datetime", "required": False},
    },
    "instance_disk": _OF_GUEST,
    "instance_network_interface": _OF_GUEST,
    "volume": {
        "display_name": _string(),
        "volume_type": _string(),
        "image_id": _uuid(),
        "instance_id": _uuid(),
    },
    "image": {
        "name": _string(),
        "container_format": _string(),
        "disk_format": _string(),
    },
    "network": {},
    "identity": {},
    "swift_account": {},
    "stack": {},
    "loadbalancer": {},
    "host": {"host_name": _string(True)},
    "host_disk": {"host_name": _string(True), "device_name": _string()},
    "host_network_interface": {"host_name": _string(True), "device_name": _string()},
    "nova_compute": {"host_name": _string(True)},
    "volume_provider": {},
    "volume_provider_pool": {"provider": _string(True)},
}
RESOURCE_TYPES = tuple(ResourceType(name, dict(it)) for name, it in _TYPES.items())
