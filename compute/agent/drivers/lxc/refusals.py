"""What a container cannot, for it is no machine: the part of the port that refuses."""

from __future__ import annotations

from typing import NoReturn

from compute.agent.drivers.libvirt.guests_of_libvirt import LibvirtGuests
from compute.agent.guests import (
    ACTIVE_STATES,
    Ability,
    DiskSpec,
    GuestSpec,
    GuestState,
    Landing,
    MoveProgress,
    NotHere,
    Opener,
)
from objectstore.kernel.errors import Unavailable

# What firmware an image is for does not matter: it is not used.
_HAS = (Ability.VOLUMES, Ability.RESCUE, Ability.UEFI)
LACKS = tuple(each for each in Ability if each not in _HAS)
"""A container has a console that is text, and no kernel of its own."""


class NoMachines(LibvirtGuests):
    """Guests without memory on disk, and a kernel of their own."""

    def suspend(self, uuid: str) -> None:
        """Not possible."""
        self._refuse(uuid, "keep a guest's memory on disk")

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Not possible."""
        self._refuse(uuid, "exchange a guest's disk")

    def mirror_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Not possible."""
        self._refuse(uuid, "mirror a guest's disk")

    def turn_disk(self, uuid: str, name: str, disk: DiskSpec) -> bool:
        """Not possible."""
        self._refuse(uuid, "mirror a guest's disk")

    def end_mirror(self, uuid: str, name: str) -> None:
        """There is none."""

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Only while it does not run."""
        self._refuse(uuid, "let a guest's disk grow while it runs")

    # ---- moving --------------------------------------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """Not possible; what is not here has moved."""
        if self.state(uuid) is GuestState.ABSENT:
            return MoveProgress(done=True)
        raise NotHere("move a guest while it runs")

    def hurry_move(self, uuid: str) -> None:
        """None is under way."""

    def stop_move(self, uuid: str) -> bool:
        """None is under way."""
        return self.state(uuid) is not GuestState.ABSENT

    def welcome(self, spec: GuestSpec, *, paused: bool) -> None:
        """It is here, or cannot come."""
        if self.state(spec.uuid) not in ACTIVE_STATES:
            raise NotHere("take over a guest that runs")

    def inject_nmi(self, uuid: str) -> None:
        """It has no kernel of its own."""
        self._refuse(uuid, "interrupt a guest's kernel")

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """No agent listens in a container."""
        self._require(uuid, "change its password", frozenset({GuestState.RUNNING}))
        raise Unavailable("no guest agent answers in a container")

    # ---- inside --------------------------------------------------------------

    def _refuse(self, uuid: str, wanted: str) -> NoReturn:
        self._require(uuid, wanted, ACTIVE_STATES)
        raise NotHere(wanted)
