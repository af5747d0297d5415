"""How much of its quotas a project uses, as bars.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.view import Bar
from compute.dashboard.rooms import Answers


def bars_of(found: Answers) -> list[Bar]:
    """Of what the rooms told."""
    bars = []
    limits = found.get("limits", {}).get("limits", {}).get("absolute", {})
    if limits:
        bars += [
            _bar("Servers", limits, "totalInstancesUsed", "maxTotalInstances"),
            _bar("Virtual processors", limits, "totalCoresUsed", "maxTotalCores"),
            _memory(limits),
        ]
    volumes = found.get("volumes", {}).get("limits", {}).get("absolute", {})
    if volumes:
        bars += [
            _bar("Volumes", volumes, "totalVolumesUsed", "maxTotalVolumes"),
            _bar(
                "Volume space",
                volumes,
                "totalGigabytesUsed",
                "maxTotalVolumeGigabytes",
                " GiB",
            ),
        ]
    networks = found.get("networks", {}).get("quota", {})
    for label, name in (
        ("Networks", "network"),
        ("Floating addresses", "floatingip"),
        ("Security groups", "security_group"),
    ):
        if name in networks:
            bars.append(_bar(label, networks[name], "used", "limit"))
    return bars


def _bar(
    label: str, limits: Mapping[str, Any], used: str, most: str, unit: str = ""
) -> Bar:
    has, may = limits.get(used, 0), limits.get(most, -1)
    shown = f"{formats.number(has)}{unit}"
    if may >= 0:
        shown = f"{formats.number(has)} of {formats.number(may)}{unit}"
    return Bar(label, has, may, shown)


def _memory(limits: Mapping[str, Any]) -> Bar:
    mebibyte = 1 << 20
    has, may = limits.get("totalRAMUsed", 0), limits.get("maxTotalRAMSize", -1)
    shown = formats.size(has * mebibyte)
    if may >= 0:
        shown += f" of {formats.size(may * mebibyte)}"
    return Bar("Memory", has, may, shown)
