"""The hypervisor port: everything the agent asks of the thing that runs guests.

Drivers are ``drivers/libvirt`` (QEMU), ``drivers/lxc`` (containers) and ``drivers/sim``
(in memory); one suite, test/contract/compute, runs over all of them.

A *guest* is one virtual machine on this host, named by its server's uuid.  The
contract, for every method:

* **The spec is the truth.**  ``start`` and ``reboot`` bring the guest up exactly
  as the ``GuestSpec`` says, whatever was defined before; what is attached to a
  running guest must be in the spec of its next start.
* **Idempotent.**  A call whose effect is there already returns at once, so a job
  that was killed may simply repeat its step.  Each method says what holds after it.
* **Green.**  Calls wait cooperatively, some for seconds; none blocks the hub.
* **Errors.**  ``GuestMissing``, ``WrongState`` and ``NotHere`` (the caller's: the last
  for an ``Ability`` that the inventory says is lacking), ``Unavailable`` (the
  hypervisor is away, or refused: a retry may help).
* **Events are hints.**  They may be lost, doubled or late; ``states`` is the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from compute.agent.guests import (
    DiskKey,
    DiskSpec,
    GuestEvent,
    GuestSpec,
    GuestState,
    GuestUsage,
    HostInventory,
    Landing,
    Limits,
    MoveProgress,
    NicSpec,
    Opener,
)

# An operating system that heeds the power button is down by then (Nova waits
# as long by default).
GRACE_SECONDS = 60.0
CONSOLE_TAIL_BYTES_MAX = 102_400
"""How much of a console's end a caller may ask for (what Nova's log holds)."""


class Hypervisor(Protocol):
    """One host's hypervisor."""

    # ---- the host ------------------------------------------------------------

    def open(self) -> None:
        """Connect (and start the private daemon, where that is the setting).
        Guests that run are left alone."""

    def close(self) -> None:
        """Disconnect.  Guests run on."""

    def inventory(self) -> HostInventory:
        """What the host has now."""

    def watch(self, callback: Callable[[GuestEvent], None]) -> None:
        """Call ``callback`` (in a greenlet; it may wait) for each event."""

    # ---- all guests ----------------------------------------------------------

    def states(self) -> dict[str, GuestState]:
        """The state of every guest on the host, by uuid; in one call."""

    def state(self, uuid: str) -> GuestState:
        """One guest's state; ``ABSENT`` when it is not here."""

    # ---- life ----------------------------------------------------------------

    def start(self, spec: GuestSpec) -> None:
        """After it: running.  A running guest is left as it is; a paused one goes
        on; a suspended one goes on from its saved memory; any other boots as
        ``spec`` says (defined anew)."""

    def stop(self, uuid: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """After it: not active, still defined.  Presses the power button, and
        after ``grace_seconds`` (0: at once) pulls the plug.  Saved memory of a
        suspended guest is dropped.  Fine when absent."""

    def reboot(
        self, spec: GuestSpec, *, hard: bool, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """After it: running, newly booted as ``spec`` says.  Soft: the power button
        first, the plug only after ``grace_seconds``.  Hard: the plug at once.
        Saved memory is dropped.  Repeated after a kill, it reboots again."""

    def pause(self, uuid: str) -> None:
        """After it: paused.  ``WrongState`` unless running or paused."""

    def suspend(self, uuid: str) -> None:
        """After it: suspended: memory on disk, nothing running.  ``WrongState``
        unless running, paused or suspended."""

    def resume(self, uuid: str) -> None:
        """After it: running.  From paused or suspended; ``WrongState`` otherwise
        (fine when running)."""

    def destroy(self, uuid: str) -> None:
        """After it: absent.  Ends it at once, and forgets all the hypervisor knows
        of it (saved memory too).  Its disks stay: they are not the hypervisor's."""

    # ---- devices of an active guest ------------------------------------------

    def attach_nic(self, uuid: str, nic: NicSpec) -> None:
        """Plug a card in.  Fine when there (by MAC), or when not active: the next
        ``start`` brings it."""

    def detach_nic(self, uuid: str, mac: str) -> None:
        """Take a card out.  Fine when not there.  ``Unavailable`` when the guest
        does not let go of it in time."""

    def keep_key(self, key: DiskKey) -> None:
        """Know what opens an encrypted disk of a guest that comes, or is resumed.  The
        disks of guests that start, or get them, bring their keys along."""

    def attach_disk(self, uuid: str, disk: DiskSpec) -> None:
        """Plug a disk in.  Fine when there (by name), or when not active."""

    def detach_disk(self, uuid: str, name: str) -> None:
        """Take a disk out.  Fine when not there.  ``Unavailable`` when the guest
        does not let go of it in time."""

    def swap_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """Copy a disk to another one, which then has its place: the guest notices
        nothing.  Fine when it has it already.  ``WrongState`` unless active,
        ``Unavailable`` when the copy fails: then all is as before."""

    def mirror_disk(self, uuid: str, name: str, disk: DiskSpec) -> None:
        """After it: all that a disk holds is on the other one too, and what the guest
        writes goes to both before it hears of it.  Fine when that is so, or the guest
        has the other one.  ``WrongState`` unless active, ``Unavailable`` when the copy
        fails: then all is as before."""

    def turn_disk(self, uuid: str, name: str, disk: DiskSpec) -> bool:
        """Let the guest have the disk that its own is mirrored to; whether it has it,
        or had it when it ended.  Not when the mirror has ended, or the guest before it
        went over: then its own alone has all that it wrote."""

    def end_mirror(self, uuid: str, name: str) -> None:
        """The guest keeps the disk that it has, alone.  Fine when nothing mirrors
        it."""

    def limit_disk(self, uuid: str, name: str, limits: Limits) -> None:
        """Let an active guest's disk be as fast as that; no other limit holds then.
        Fine when it has no such disk, or is not active: its next ``start`` brings
        the limits with the disk."""

    def disk_serials(self, uuid: str) -> dict[str, str]:
        """The disks that an active guest has now: name -> serial ("": none).  Empty
        when it is not active, or absent."""

    def resize_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """Let an active guest see its disk at the new, larger size; the file
        grows too.  ``WrongState`` unless active."""

    def reconnect_disk(self, uuid: str, name: str, size_bytes: int) -> None:
        """The server of an active guest's network disk has cut it off, for the disk is
        larger now: connect again, and let the guest see the size.  What it wrote
        meanwhile waits.  ``WrongState`` unless active, ``Unavailable`` while the
        server does not answer."""

    # ---- the content of an active guest's disk -------------------------------

    def copy_disk(self, uuid: str, name: str, target_path: str) -> None:
        """Copy what the disk holds at one moment into a new stand-alone qcow2 file,
        while the guest runs (or is paused).  Returns when complete; an existing
        file is overwritten.  ``WrongState`` unless active."""

    def pull_backing(self, uuid: str, name: str) -> bool:
        """See to it that what the disk still reads lazily comes to this host; whether
        it is all here.  Starts the copy, or looks at the one under way; once all is
        here, the disk needs its lazy backing no more.  True at once for a disk
        without one.  ``WrongState`` unless active."""

    # ---- moving an active guest to another host ------------------------------

    def move(self, uuid: str, landing: Landing, way: Opener) -> MoveProgress:
        """See to it that the guest moves, and say how far that is: starts the move,
        or looks at the one under way.  Done when the guest is absent.  ``MoveFailed``
        when it came to a bad end (the next call would start anew)."""

    def hurry_move(self, uuid: str) -> None:
        """Rather a pause of the guest than no end of its move.  Fine when none is
        under way."""

    def stop_move(self, uuid: str) -> bool:
        """After it, no move is under way; whether the guest is still here."""

    def welcome(self, spec: GuestSpec, *, paused: bool) -> None:
        """The guest has moved here: after it, it is active here as its move left it
        (where nothing did, running or ``paused``), its disks as fast as the spec says,
        and known for good."""

    # ---- looking at a guest --------------------------------------------------

    def console_tail(self, uuid: str, bytes_max: int = CONSOLE_TAIL_BYTES_MAX) -> bytes:
        """The end of what the serial console said; b"" when nothing yet.
        ``GuestMissing`` when absent."""

    def usage(self, uuid: str) -> GuestUsage:
        """Figures.  ``WrongState`` unless active."""

    def inject_nmi(self, uuid: str) -> None:
        """Make the guest's kernel dump (the API's crash-dump trigger).
        ``WrongState`` unless running."""

    def set_password(self, uuid: str, user: str, password: str) -> None:
        """Through the guest's agent.  ``Unavailable`` when none answers."""
