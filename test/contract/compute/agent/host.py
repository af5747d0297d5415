"""One host under test, whichever driver runs its guests."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from compute.agent.guests import (
    Ability,
    DiskSpec,
    GuestEvent,
    GuestEventKind,
    GuestSpec,
    NicSpec,
)
from compute.agent.hypervisor import Hypervisor
from objectstore.kernel import concurrency

# An emulated guest on a busy machine takes its time to boot.
BOOT_SECONDS = 240.0
# Events and small changes, on a busy machine too.
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.1


def wait_for(
    condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Poll until it is so; fails with ``what`` when it is not in time."""
    with concurrency.deadline(seconds):
        try:
            while not condition():
                concurrency.sleep(POLL_SECONDS)
        except Exception as error:
            raise AssertionError(f"{what}: {error}") from error


class Host:
    """A hypervisor, and guests that are removed when the test is over."""

    def __init__(
        self,
        hypervisor: Hypervisor,
        reopen: Callable[[], Hypervisor],
        directory: Path,
        *,
        root: Callable[[Path], DiskSpec] | None = None,
        bridge: str = "",
    ) -> None:
        """``root``: makes the disk, in that directory, of guests that cannot be
        without one; ``bridge``: what their taps are on."""
        self._root = root
        self._bridge = bridge
        self.hypervisor = hypervisor
        self.directory = directory
        self.events: list[GuestEvent] = []
        self._reopen = reopen
        self._guests: list[str] = []
        self._taps: list[str] = []
        hypervisor.watch(self.events.append)

    def spec(self, *disks: DiskSpec, nics: tuple[NicSpec, ...] = ()) -> GuestSpec:
        """A guest; without disks it is its firmware that runs."""
        guest = str(uuid.uuid4())
        self._guests.append(guest)
        directory = self.directory / guest
        directory.mkdir()
        if self._root is not None and not disks:
            disks = (self._root(directory),)
        return GuestSpec(
            uuid=guest,
            name=f"guest-{guest[:8]}",
            vcpus=1,
            memory_mib=160 if disks else 32,
            disks=disks,
            nics=nics,
            console_log=str(directory / "console.log"),
            serial_socket=str(directory / "serial.sock"),
            vnc_socket=str(directory / "vnc.sock"),
            metadata={"name": "tête-à-tête <&>", "project": "p1"},
        )

    def tap(self) -> NicSpec:
        """A card on a tap device of its own; the device only where it is real."""
        name = f"tap{uuid.uuid4().hex[:9]}"
        mac = f"fa:16:3e:{name[3:5]}:{name[5:7]}:{name[7:9]}"
        if self.is_real:
            for words in (f"tuntap add {name} mode tap", f"link set {name} up"):
                subprocess.run(["ip", *words.split()], check=True)
            self._taps.append(name)
            if self._bridge:
                words = ["ip", "link", "set", name, "master", self._bridge]
                subprocess.run(words, check=True)
        return NicSpec(mac, name, mtu=1450)

    @property
    def is_real(self) -> bool:
        """Whether there are processes and devices behind it."""
        return type(self.hypervisor).__name__ != "SimHypervisor"

    def lacks(self, ability: Ability) -> bool:
        """Whether its guests cannot do that."""
        return ability in self.hypervisor.inventory().lacks

    def restart_agent(self) -> None:
        """A new driver finds what the old one left."""
        self.hypervisor.close()
        self.hypervisor = self._reopen()

    def wait_for_event(self, guest: str, kind: GuestEventKind) -> None:
        wait_for(lambda: GuestEvent(guest, kind) in self.events, f"no {kind} event")

    def wait_for_console(self, guest: str, marker: bytes, count: int = 1) -> bytes:
        """Wait until the console has said it so often; all it said."""
        wait_for(
            lambda: self.hypervisor.console_tail(guest).count(marker) >= count,
            f"{marker!r} not on the console",
            BOOT_SECONDS,
        )
        return self.hypervisor.console_tail(guest)

    def clean_up(self) -> None:
        while self._guests:
            self.hypervisor.destroy(self._guests.pop())
        while self._taps:
            # A container's card went with it, in the tap's place.
            gone = ["ip", "link", "del", self._taps.pop()]
            subprocess.run(gone, check=not self._bridge, capture_output=True)
