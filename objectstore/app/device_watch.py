"""The loop that looks whether devices came or went while the process serves.

A device that could not be opened is tried again; one that is not mounted any more,
whose directory is gone or holds another device, or that an operator (or
``objectstore drive-audit``) has *marked*, is closed: its callers are told 507 at once
and go to handoffs, instead of waiting for a broken disk or writing to files that
nobody will find again.  A directory that went away is not made anew while the process
serves: only an operator knows whether a disk belongs there.
A mark is a file with the reason in ``<run>/unserved/``; removing it brings the device
back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from objectstore.app.devices import LocalDevices
from objectstore.kernel.device import identity_at
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

REST_SECONDS = 5.0
MARKS_DIRECTORY = "unserved"


def mark_path(run: Path, device: str) -> Path:
    """Where the mark of a device is."""
    return run / MARKS_DIRECTORY / device


class DeviceWatch:
    """One step looks at all; ``changed`` is called when one came or went."""

    def __init__(
        self,
        devices: LocalDevices,
        disk: Disk,
        names: Callable[[], Iterable[str]],
        directory: Path,
        run: Path,
        changed: Callable[[], None],
        *,
        mount_check: bool,
    ) -> None:
        self.name = "device-watch"
        self._devices = devices
        self._disk = disk
        self._names = names
        self._directory = directory
        self._run = run
        self._changed = changed
        self._mount_check = mount_check
        self._identities: dict[str, bytes | None] = {}  # of devices seen open

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        changes = [self._look_at(name) for name in self._names()]
        if any(changes):
            self._changed()
        return Progress.IDLE

    def _look_at(self, name: str) -> bool:
        """Whether something changed."""
        why = self._why_not(name)
        if name in self._devices.opened:
            if why:
                self._devices.close_one(name, why)
            return bool(why)
        if why:
            self._devices.unserved[name] = why
            return False
        is_open = self._devices.open_one(name)
        if is_open:
            self._identities[name] = self._identity(name)
        return is_open

    def _why_not(self, name: str) -> str:
        mark = mark_path(self._run, name)
        if mark.exists():
            return f"marked: {mark.read_text('utf-8', 'replace').strip()}"
        path = str(self._directory / name)
        if self._mount_check and not self._disk.is_mount(path):
            return f"{path}: nothing is mounted here"
        if name not in self._identities:
            return ""
        if name not in self._devices.opened:
            return "" if (self._directory / name).is_dir() else f"{path}: is gone"
        found = self._identity(name)
        if found is None or found != self._identities[name]:
            return f"{path}: is gone, or another device"
        return ""

    def _identity(self, name: str) -> bytes | None:
        """None too when the disk cannot even read that."""
        try:
            return identity_at(self._disk, str(self._directory / name))
        except RingstackError:
            return None
