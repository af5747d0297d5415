"""Which way the frames of trunks go, by the names of devices.

The kernel knows devices by number, and one that was made anew has another: what it is
told follows from both (``VlanTurn.program``), and is compared with what it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.network.agent.vlans.programs import joining, parting


@dataclass(frozen=True, slots=True)
class VlanTurn:
    """What becomes of the frames that arrive by a device: tagged ones leave without
    their tag by the device of their VLAN id (``ways``); or all get the tag ``vlan`` and
    leave by ``through``."""

    concerns: str
    device: str
    ways: tuple[tuple[int, str], ...] = ()
    vlan: int = 0
    through: str = ""

    @property
    def is_joining(self) -> bool:
        """Which of the two."""
        return bool(self.through)

    @property
    def devices(self) -> tuple[str, ...]:
        """Where the frames go."""
        return (self.through,) if self.is_joining else tuple(x for _, x in self.ways)

    def program(self, numbers: Mapping[str, int]) -> bytes | None:
        """What the kernel is told, by devices' numbers; None where one is missing."""
        if any(device not in numbers for device in self.devices):
            return None
        if self.is_joining:
            return joining(self.vlan, numbers[self.through])
        return parting([(vlan, numbers[device]) for vlan, device in self.ways])
