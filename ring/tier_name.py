"""What operators call a failure domain: r1, r1z2, r1z2-10.0.0.1, r1z2-10.0.0.1/sdb."""

from __future__ import annotations

from collections.abc import Sequence

from ring.device import Device, Tier


def tier_name(tier: Tier, devices: Sequence[Device | None]) -> str:
    """The name of a tier; a device's is looked up by its id."""
    if not tier:
        return "cluster"
    name = f"r{tier[0]}"
    if len(tier) > 1:
        name += f"z{tier[1]}"
    if len(tier) > 2:
        name += f"-{tier[2]}"
    if len(tier) > 3:
        device = devices[int(tier[3])]
        name += f"/{device.device if device else tier[3]}"
    return name
