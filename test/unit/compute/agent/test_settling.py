"""Starting a guest whose last start was cut short by the death of libvirtd."""

from __future__ import annotations

import pytest

pytest.importorskip("libvirt")

import libvirt

from compute.agent.drivers.libvirt.domains import bring_up

STARTING = [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP]
RUNNING = [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED]
FAILED = [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FAILED]


class OneGuest:
    """A connection with one domain, which is both; it goes through some states."""

    def __init__(self, *states: list[int]) -> None:
        self.states = list(states)
        self.created = 0

    def lookupByUUIDString(self, uuid: str) -> OneGuest:
        return self

    def defineXML(self, definition: str) -> OneGuest:
        return self

    def XMLDesc(self, flags: int) -> str:
        return "<domain/>"

    def metadata(self, kind: int, namespace: str) -> str:
        return "<ours/>"

    def hasManagedSaveImage(self) -> bool:
        return False

    def state(self) -> list[int]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def create(self) -> None:
        self.created += 1


def test_a_guest_that_only_seems_to_run_is_started_again() -> None:
    guest = OneGuest(STARTING, STARTING, FAILED)
    bring_up(guest, "uuid", "<domain/>")
    assert guest.created == 1


def test_a_guest_that_gets_up_after_all_is_left_alone() -> None:
    guest = OneGuest(STARTING, RUNNING)
    bring_up(guest, "uuid", "<domain/>")
    assert guest.created == 0
