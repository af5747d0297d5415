"""Records of the deployment: hosts, devices, roles, and the table of a host's life."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Part(enum.Enum):
    """What a host is for."""

    STORE = "store"
    PROXY = "proxy"
    CONTROL = "control"
    COMPUTE = "compute"
    NETWORK = "network"


class HostState(enum.Enum):
    """What the inventory wishes of a host; one that is not in it is absent."""

    ABSENT = "absent"
    PRESENT = "present"
    DRAINED = "drained"


LIFE: dict[HostState, frozenset[HostState]] = {
    HostState.ABSENT: frozenset({HostState.PRESENT}),
    HostState.PRESENT: frozenset({HostState.DRAINED}),
    # Absent only when its devices have given everything away: ``rings`` sees to it.
    HostState.DRAINED: frozenset({HostState.PRESENT, HostState.ABSENT}),
}
"""What may follow what, of a host that has devices."""


@dataclass(frozen=True, slots=True)
class DiskWish:
    """A device of a store node: a directory below the store's, and its weight."""

    name: str
    weight: float
    # Whether it is to give everything away, though its host stays.
    is_drained: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the inventory."""

    name: str
    address: str
    ssh_user: str
    ssh_port: int
    region: int
    zone: int
    parts: frozenset[Part]
    devices: tuple[DiskWish, ...]
    state: HostState
    hypervisor: str

    def plays(self, *parts: Part) -> bool:
        """Whether it is for any of these."""
        return bool(self.parts & set(parts))

    @property
    def staying(self) -> tuple[DiskWish, ...]:
        """The devices that are to hold something."""
        if self.state is not HostState.PRESENT:
            return ()
        return tuple(disk for disk in self.devices if not disk.is_drained)

    @property
    def place(self) -> tuple[int, int]:
        """Region and zone: what may be away together."""
        return self.region, self.zone


@dataclass(frozen=True, slots=True)
class User:
    """Somebody whom the store knows by itself (tempauth)."""

    account: str
    name: str
    groups: tuple[str, ...]

    @property
    def login(self) -> str:
        """As clients write it."""
        return f"{self.account}:{self.name}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once for a site, never again."""

    hash_suffix: str
    cluster_secret: str
    token_secret: str
    service_password: str
    user_keys: dict[str, str]  # by login

    def values(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (
            self.hash_suffix,
            self.cluster_secret,
            self.token_secret,
            self.service_password,
            *self.user_keys.values(),
        )
