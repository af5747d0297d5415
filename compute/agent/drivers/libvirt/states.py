"""libvirt's words for what guests do, as the port's.  Pure."""

from __future__ import annotations

import libvirt

from compute.agent.guests import GuestEventKind, GuestState

_STATES = {
    libvirt.VIR_DOMAIN_NOSTATE: GuestState.RUNNING,
    libvirt.VIR_DOMAIN_RUNNING: GuestState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: GuestState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: GuestState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: GuestState.RUNNING,  # on its way down
    libvirt.VIR_DOMAIN_SHUTOFF: GuestState.SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: GuestState.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: GuestState.PAUSED,
}
# Pauses that nobody asked for and that end by themselves (a disk that is away, a
# snapshot, memory on its way to disk).
PASSING_PAUSES = frozenset(
    {
        libvirt.VIR_DOMAIN_PAUSED_IOERROR,
        libvirt.VIR_DOMAIN_PAUSED_SAVE,
        libvirt.VIR_DOMAIN_PAUSED_SNAPSHOT,
        libvirt.VIR_DOMAIN_PAUSED_MIGRATION,
        libvirt.VIR_DOMAIN_PAUSED_STARTING_UP,
    }
)
# It did not end by itself: its process died, did not come up, or ended with the host,
# which libvirt finds out when it is back.
_BAD_ENDS = frozenset(
    {
        libvirt.VIR_DOMAIN_SHUTOFF_CRASHED,
        libvirt.VIR_DOMAIN_SHUTOFF_FAILED,
        libvirt.VIR_DOMAIN_SHUTOFF_DAEMON,
    }
)
_EVENTS = {
    libvirt.VIR_DOMAIN_EVENT_STARTED: GuestEventKind.STARTED,
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: GuestEventKind.PAUSED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: GuestEventKind.RESUMED,
    libvirt.VIR_DOMAIN_EVENT_STOPPED: GuestEventKind.STOPPED,
    libvirt.VIR_DOMAIN_EVENT_CRASHED: GuestEventKind.CRASHED,
    libvirt.VIR_DOMAIN_EVENT_UNDEFINED: GuestEventKind.REMOVED,
}


def guest_state(state: int, reason: int, *, has_saved_memory: bool) -> GuestState:
    """The port's state for libvirt's state and its reason."""
    if state == libvirt.VIR_DOMAIN_PAUSED and reason in PASSING_PAUSES:
        return GuestState.RUNNING
    if state == libvirt.VIR_DOMAIN_SHUTOFF:
        if has_saved_memory:
            return GuestState.SUSPENDED
        if reason in _BAD_ENDS:
            return GuestState.CRASHED
    return _STATES.get(state, GuestState.RUNNING)


def event_kind(event: int, detail: int) -> GuestEventKind | None:
    """The port's kind for a lifecycle event; None for one that means nothing here."""
    if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
        if detail == libvirt.VIR_DOMAIN_EVENT_STOPPED_SAVED:
            return GuestEventKind.SUSPENDED
        if detail in (
            libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED,
            libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED,
        ):
            return GuestEventKind.CRASHED
    return _EVENTS.get(event)
