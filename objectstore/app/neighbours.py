"""The rings as this process' devices see them, followed when they change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from objectstore.app.directory import NodeDirectory
from objectstore.app.rings import RingSet
from objectstore.replication.places import FollowedPlaces
from objectstore.wire.nodes import AccountNode, ContainerNode, ObjectNode
from ring.device import Device
from ring.ring import Ring


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``rings`` and ``directory`` are asked when they are needed: the directory is
    made after the devices are."""

    rings: Callable[[], RingSet]
    directory: Callable[[], NodeDirectory]

    def own_devices(self) -> tuple[list[str], bool]:
        """The names of this machine's devices in any ring, and whether there are no
        others anywhere."""
        here, elsewhere = set(), False
        for ring in self.rings().all():
            for device in ring.devices:
                if device is not None and self.directory().is_here(device):
                    here.add(device.device)
                elif device is not None:
                    elsewhere = True
        return sorted(here), not elsewhere

    def of_objects(
        self, name: str, policy: int, space: int | None = None
    ) -> FollowedPlaces[ObjectNode]:
        """The places of a device's objects of a policy; ``space``: of what nodes keep
        under that number instead, by the same ring."""
        number = policy if space is None else space
        return FollowedPlaces(
            lambda: self.rings().objects[policy],
            self._is_named(name),
            lambda device: self.directory().object(device, number),
        )

    def of_containers(self, name: str) -> FollowedPlaces[ContainerNode]:
        """The places of a device's containers."""
        return FollowedPlaces(
            lambda: self.rings().container,
            self._is_named(name),
            lambda device: self.directory().container(device),
        )

    def of_accounts(self, name: str) -> FollowedPlaces[AccountNode]:
        """The places of a device's accounts."""
        return FollowedPlaces(
            lambda: self.rings().account,
            self._is_named(name),
            lambda device: self.directory().account(device),
        )

    def _is_named(self, name: str) -> Callable[[Device], bool]:
        return lambda device: device.device == name and self.directory().is_here(device)


def _no_directory() -> NodeDirectory:
    raise AssertionError("there are no other devices")


_NO_RING = Ring(0, (), ())
# For whoever only looks into devices: no ring, hence nobody to level with.
ALONE = Neighbours(lambda: RingSet(_NO_RING, _NO_RING, {}), _no_directory)
