"""A container's disks besides its root, one directory each:

    NBD, or a file --storage daemon, FUSE--> disk (its bytes as a file)
                   --loop device--> a block device
                   --ext4, users shifted--> tree, when there is a file system in it

A container may not mount block devices: the kernel lets nobody do so who could write
to one below the mount.  So a disk in which there is an ext4 file system is mounted for
it, checked as its root is, and its bytes are then out of its reach; any other one it
has as a device, to make a file system in or whatever it likes.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from compute.agent.disks import files
from compute.agent.drivers.lxc import checking, held, loops, mounting
from compute.agent.drivers.lxc.held import DISK
from compute.agent.drivers.lxc.identities import IDENTITIES
from compute.agent.drivers.lxc.sources import show_source, volume_of
from compute.agent.guests import DiskSpec, Limits
from compute.core.disks import shown_volume
from compute.core.disks.shown_volume import NetworkVolume
from compute.core.disks.storage_daemon import Place
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable

# For so long the kernel believes what a daemon said of its file; and some more.
SEEN_SECONDS = 10.0
POLL_SECONDS = 0.1
_DRIVES, _PLAIN, _TREE, _NODE, _RECORD = "drives", "plain", "tree", "node", "record"


@dataclass(frozen=True, slots=True)
class Drive:
    """One that is held: its files' ``tree``, or the block ``device``."""

    name: str
    serial: str
    read_only: bool = False
    volume: NetworkVolume | None = None
    tree: str = ""
    device: str = ""


class Drives:
    """Below the containers' directory."""

    def __init__(self, directory: str, sockets: str, clock: Clock) -> None:
        self._directory = directory
        self._sockets = sockets
        self._clock = clock

    def hold(self, uuid: str, disk: DiskSpec, first_id: int) -> None:
        """After it, ``find`` has it.  Fine when it is held with that serial."""
        known = self.find(uuid).get(disk.name)
        if known is not None and known.serial == disk.serial:
            return
        self.release(uuid, disk.name)
        home = self._home(uuid, disk.name)
        files.make_directory(home)
        place = self._place(uuid, disk.name)
        shown = os.path.join(home, DISK)
        files.on_thread(files.write_file, shown, b"")
        show_source(place, disk, shown)
        # What others may write to is never mounted.
        as_device = disk.read_only or disk.shared
        if as_device or not self._mount(home, shown, first_id):
            files.on_thread(_attach_whole, shown, disk.read_only)
        # Last: what has it is complete.
        record = Drive(disk.name, disk.serial, disk.read_only, volume_of(disk))
        path = os.path.join(home, _RECORD)
        files.on_thread(files.write_file, path, orjson.dumps(record))

    def find(self, uuid: str) -> dict[str, Drive]:
        """Those that are held, by name."""
        names = files.names_in(os.path.join(self._directory, uuid, _DRIVES))
        found = [files.on_thread(_look, self._home(uuid, name)) for name in names]
        return {drive.name: drive for drive in found if drive is not None}

    def release(self, uuid: str, name: str) -> None:
        """It is held no more; fine when it was not.  ``Unavailable`` while it is
        used."""
        held.release(self._home(uuid, name), self._place(uuid, name), self._clock)

    def release_all(self, uuid: str) -> None:
        """None is."""
        for name in files.names_in(os.path.join(self._directory, uuid, _DRIVES)):
            self.release(uuid, name)

    def limit(self, uuid: str, name: str, limits: Limits) -> None:
        """As fast as that; fine when it is not held."""
        drive = self.find(uuid).get(name)
        if drive is not None and drive.volume is not None:
            shown_volume.pace(self._place(uuid, name), dict(limits))

    def grow(self, uuid: str, name: str) -> None:
        """Its device is as long as the volume is now.  ``Unavailable`` when it is not
        held, or its files are mounted: those grow when it is held anew."""
        drive = self.find(uuid).get(name)
        if drive is None or drive.volume is None or not drive.device:
            raise Unavailable(
                f"the files of {name} see its new size when the container is"
                " rebooted, or gets the volume anew"
            )
        length = shown_volume.connect_anew(self._place(uuid, name), drive.volume)
        shown = os.path.join(self._home(uuid, name), DISK)
        give_up = self._clock.monotonic() + SEEN_SECONDS
        while files.on_thread(os.path.getsize, shown) != length:
            if self._clock.monotonic() > give_up:
                raise Unavailable(f"the kernel does not see the new size of {name}")
            concurrency.sleep(POLL_SECONDS)
        files.on_thread(loops.look_again, shown)

    # ---- inside --------------------------------------------------------------

    def _home(self, uuid: str, name: str) -> str:
        return os.path.join(self._directory, uuid, _DRIVES, name)

    def _place(self, uuid: str, name: str) -> Place:
        return Place(Path(self._home(uuid, name)), self._sockets, f"{uuid}-{name}")

    def _mount(self, home: str, disk: str, first_id: int) -> bool:
        """Whether there is a file system in it that can be had."""
        files.on_thread(os.chown, disk, first_id, first_id)
        try:
            found = checking.find_files(disk)
        except Rejected:
            return False
        device = files.on_thread(
            loops.attach, disk, found.offset_bytes, found.length_bytes
        )
        node = os.path.join(home, _NODE)
        files.on_thread(loops.make_node, device, node, first_id)
        try:
            checking.check(node, first_id)
        except Rejected:
            files.on_thread(loops.detach, disk)
            return False
        files.on_thread(_mount, home, device, disk, first_id)
        return True


def _attach_whole(disk: str, read_only: bool) -> None:
    loops.attach_whole(disk, read_only=read_only)


def _mount(home: str, device: str, disk: str, first_id: int) -> None:
    plain, tree = os.path.join(home, _PLAIN), os.path.join(home, _TREE)
    os.makedirs(plain, 0o700)
    os.makedirs(tree, 0o700)
    mounting.mount_ext4(device, plain)
    loops.detach(disk)  # it goes with the mount
    mounting.shifted(plain, tree, first_id, IDENTITIES)
    mounting.unmount(plain)


def _look(home: str) -> Drive | None:
    try:
        record = orjson.loads(Path(home, _RECORD).read_bytes())
    except FileNotFoundError:
        return None
    volume = record.pop("volume")
    known = Drive(**{**record, "volume": volume and NetworkVolume(**volume)})
    tree = os.path.join(home, _TREE)
    if tree in mounting.mounted_below(home):
        return dataclasses.replace(known, tree=tree)
    # One that goes with its last user may be below a mount that the container keeps, or
    # soon be the device of somebody else's disk: it is nothing to give.
    devices = loops.devices_of(os.path.join(home, DISK))
    given = [each for each in devices if not loops.is_going(each)]
    return dataclasses.replace(known, device=given[0]) if given else None
