"""What a simulated host is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compute.agent.drivers.sim.guest import SimGuest
from compute.agent.guests import Ability, HostInventory

# Version 1.0.0, in the port's form.
SIM_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class SimHost:
    """The size of a simulated host, and what its guests shall do without."""

    hostname: str
    vcpus: int = 32
    memory_mib: int = 131_072
    disk_gib: int = 2_000
    lacks: tuple[Ability, ...] = ()

    def inventory(self, active: Iterable[SimGuest], booted_at: int) -> HostInventory:
        """Its size; memory as its active guests use it."""
        return HostInventory(
            hostname=self.hostname,
            hypervisor_type="sim",
            hypervisor_version=SIM_VERSION,
            vcpus=self.vcpus,
            memory_mib=self.memory_mib,
            disk_gib=self.disk_gib,
            disk_free_gib=self.disk_gib,
            memory_used_mib=sum(guest.memory_mib for guest in active),
            cpu_model="sim",
            cpu_vendor="sim",
            cpu_cores=self.vcpus,
            booted_at=booted_at,
            lacks=self.lacks,
        )
