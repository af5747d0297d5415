"""Root disks of containers as trees of files, one after the other:

    root.qcow2 --qemu-storage-daemon, FUSE--> disk (its bytes as a file)
               --loop device--> the root file system's part of it
               --ext4, users shifted--> tree

What is there is seen from the mounts, the loop devices and the daemon themselves, so
there is no record that a killed agent leaves wrong: ``release`` takes down whatever it
finds, and ``hold`` begins with that.  All of it outlives the agent.  ``drives`` are the
container's further disks, which go when its root does.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from compute.agent.disks import files
from compute.agent.drivers.lxc import checking, copying, held, loops, mounting
from compute.agent.drivers.lxc.drives import Drives
from compute.agent.drivers.lxc.held import DISK
from compute.agent.drivers.lxc.identities import IDENTITIES
from compute.agent.drivers.lxc.sources import show_source
from compute.agent.guests import DiskSpec
from compute.core.disks import qemu_img
from compute.core.disks.qmp import OrderRefused, order
from compute.core.disks.storage_daemon import LAZY_NODE, NODE, Place
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock

POLL_SECONDS = 0.05
PULL_JOB = "pull"
_PLAIN, _TREE, _NODE, _SEED = "plain", "tree", "node", "seed"
# Containers' users pass through to what is theirs; the directory above is closed to
# everybody else of the host.
PASSABLE_MODE = 0o711


class Roots:
    """Below one directory, which daemons with mounts of their own share."""

    def __init__(
        self, directory: str, sockets: str, clock: Clock, *, seen_at: str = ""
    ) -> None:
        """``seen_at``: where libvirt and its containers see the directory."""
        self._directory = directory
        self._seen_at = seen_at or directory
        self._sockets = sockets
        self._clock = clock
        self.drives = Drives(directory, sockets, clock)

    def open(self) -> None:
        """What is mounted below is seen by whoever starts after this.  Who was killed
        while a copy began left its container frozen: it goes on."""
        files.make_directory(self._directory)
        files.on_thread(mounting.share, self._directory)
        files.on_thread(os.chmod, self._directory, PASSABLE_MODE)
        for uuid in self.known():
            files.on_thread(mounting.thaw_if_frozen, self._tree(uuid))

    def seed(self, uuid: str) -> str:
        """Where what stands for its config drive shall be put."""
        return os.path.join(self._directory, uuid, _SEED)

    def seen_tree(self, uuid: str) -> str:
        """Where libvirt sees the container's files, once they are held."""
        return os.path.join(self._seen_at, uuid, _TREE)

    def seen_seed(self, uuid: str) -> str:
        """And what stands for its config drive."""
        return os.path.join(self._seen_at, uuid, _SEED)

    def known(self) -> list[str]:
        """The containers that have something here."""
        return files.names_in(self._directory)

    def hold(self, uuid: str, root: DiskSpec, first_id: int) -> None:
        """After it, ``tree`` has the disk's files.  ``Rejected`` when it has none."""
        self.release(uuid)
        home = os.path.join(self._directory, uuid)
        for name in (_PLAIN, _TREE):
            files.make_directory(os.path.join(home, name))
        files.on_thread(os.chmod, home, PASSABLE_MODE)
        disk, node = os.path.join(home, DISK), os.path.join(home, _NODE)
        files.on_thread(files.write_file, disk, b"")
        show_source(self._place(uuid), root, disk)
        files.on_thread(os.chown, disk, first_id, first_id)
        place = checking.find_root(disk, first_id)
        device = files.on_thread(
            loops.attach, disk, place.offset_bytes, place.length_bytes
        )
        files.on_thread(loops.make_node, device, node, first_id)
        checking.check(node, first_id)
        files.on_thread(self._mount, uuid, device, disk, first_id)

    def release(self, uuid: str) -> None:
        """After it, nothing of the container is held, and all it wrote is in its
        disk's file.  Fine when nothing was.  ``Unavailable`` while it is used."""
        self.drives.release_all(uuid)
        home = os.path.join(self._directory, uuid)
        held.release(home, self._place(uuid), self._clock)

    # ---- the content of a held disk ------------------------------------------

    def copy(self, uuid: str, target: str) -> None:
        """Its content of a moment in which nobody wrote, as a new qcow2 file."""
        place = self._place(uuid)
        disk = os.path.join(self._directory, uuid, DISK)
        qemu_img.create(target, files.on_thread(os.path.getsize, disk))
        self._end_pull(place)
        copying.copy(place, target, _Still(self._tree(uuid)))

    def pull(self, uuid: str, bytes_per_second: int) -> bool:
        """See to it that what is read lazily comes into the disk's own file; whether
        it is all there."""
        place = self._place(uuid)
        found = order(place.monitor, "query-named-block-nodes", {"flat": True})
        nodes = {each["node-name"]: each for each in found}
        if LAZY_NODE not in nodes or not nodes[NODE]["backing_file_depth"]:
            return True
        if not self._pulls(place):
            job = {"job-id": PULL_JOB, "device": NODE, "speed": bytes_per_second}
            order(place.monitor, "block-stream", job)
        return False

    def _pulls(self, place: Place) -> bool:
        jobs = order(place.monitor, "query-jobs")
        return any(each["id"] == PULL_JOB for each in jobs)

    def _end_pull(self, place: Place) -> None:
        while self._pulls(place):
            with suppress(OrderRefused):  # it has just come to its end
                order(place.monitor, "block-job-cancel", {"device": PULL_JOB})
            concurrency.sleep(POLL_SECONDS)

    # ---- inside --------------------------------------------------------------

    def _tree(self, uuid: str) -> str:
        return os.path.join(self._directory, uuid, _TREE)

    def _place(self, uuid: str) -> Place:
        return Place(Path(self._directory, uuid), self._sockets, f"{uuid}-root")

    def _mount(self, uuid: str, device: str, disk: str, first_id: int) -> None:
        plain = os.path.join(self._directory, uuid, _PLAIN)
        mounting.mount_ext4(device, plain)
        loops.detach(disk)  # it goes with the mount
        mounting.shifted(plain, self._tree(uuid), first_id, IDENTITIES)
        mounting.unmount(plain)


class _Still:
    """A mounted file system at rest, for as long as the block runs."""

    def __init__(self, tree: str) -> None:
        self._tree = tree
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = files.on_thread(mounting.freeze, self._tree)

    def __exit__(self, *_: object) -> None:
        files.on_thread(mounting.thaw, self._descriptor)
