from __future__ import annotations

import pytest

pytest.importorskip("libvirt")

import libvirt

from compute.agent.drivers.libvirt.states import event_kind, guest_state
from compute.agent.guests import GuestEventKind, GuestState


def test_a_pause_that_nobody_asked_for_is_no_pause() -> None:
    paused = libvirt.VIR_DOMAIN_PAUSED
    for reason, state in (
        (libvirt.VIR_DOMAIN_PAUSED_USER, GuestState.PAUSED),
        (libvirt.VIR_DOMAIN_PAUSED_IOERROR, GuestState.RUNNING),
        (libvirt.VIR_DOMAIN_PAUSED_SAVE, GuestState.RUNNING),
    ):
        assert guest_state(paused, reason, has_saved_memory=False) is state


def test_the_ways_of_being_down() -> None:
    off = libvirt.VIR_DOMAIN_SHUTOFF
    assert guest_state(off, 0, has_saved_memory=True) is GuestState.SUSPENDED
    for bad in (
        libvirt.VIR_DOMAIN_SHUTOFF_CRASHED,
        libvirt.VIR_DOMAIN_SHUTOFF_FAILED,
        libvirt.VIR_DOMAIN_SHUTOFF_DAEMON,
    ):
        assert guest_state(off, bad, has_saved_memory=False) is GuestState.CRASHED
    assert guest_state(off, 0, has_saved_memory=False) is GuestState.SHUTDOWN


def test_events() -> None:
    stopped = libvirt.VIR_DOMAIN_EVENT_STOPPED
    saved = libvirt.VIR_DOMAIN_EVENT_STOPPED_SAVED
    failed = libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED
    assert event_kind(stopped, saved) is GuestEventKind.SUSPENDED
    assert event_kind(stopped, failed) is GuestEventKind.CRASHED
    assert event_kind(stopped, 0) is GuestEventKind.STOPPED
    assert event_kind(libvirt.VIR_DOMAIN_EVENT_DEFINED, 0) is None
