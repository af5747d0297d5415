"""Root disks of containers as trees of files, one after the other:

    root.qcow2 --qemu-storage-daemon, FUSE--> disk (its bytes as a file)
               --loop device--> the root file system's part of it
               --ext4, users shifted--> tree

What is there is seen from the mounts, the loop devices and the daemon themselves, so
there is no record that a killed agent leaves wrong: ``release`` takes down whatever it
finds, and ``hold`` begins with that.  All of it outlives the agent.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from compute.agent.disks import files
from compute.agent.drivers.lxc import checking, copying, loops, mounting
from compute.agent.drivers.lxc.identities import IDENTITIES
from compute.agent.guests import FileSource
from compute.core import qemu_img, storage_daemon
from compute.core.qmp import OrderRefused, order
from compute.core.storage_daemon import LAZY_NODE, NODE, Place
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

# The last of a container's processes are gone within moments, or hang in the kernel.
RELEASE_SECONDS = 15.0
POLL_SECONDS = 0.05
PULL_JOB = "pull"
_DISK, _PLAIN, _TREE, _NODE, _SEED = "disk", "plain", "tree", "node", "seed"
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

    def hold(self, uuid: str, source: FileSource, first_id: int) -> None:
        """After it, ``tree`` has the disk's files.  ``Rejected`` when it has none."""
        self.release(uuid)
        home = os.path.join(self._directory, uuid)
        for name in (_PLAIN, _TREE):
            files.make_directory(os.path.join(home, name))
        files.on_thread(os.chmod, home, PASSABLE_MODE)
        disk, node = os.path.join(home, _DISK), os.path.join(home, _NODE)
        files.on_thread(files.write_file, disk, b"")
        storage_daemon.expose(
            self._place(uuid),
            source.path,
            source.format,
            disk,
            lazy_backing=_lazy(source),
        )
        files.on_thread(os.chown, disk, first_id, first_id)
        root = checking.find_root(disk, first_id)
        device = files.on_thread(
            loops.attach, disk, root.offset_bytes, root.length_bytes
        )
        files.on_thread(loops.make_node, device, node, first_id)
        checking.check(node, first_id)
        files.on_thread(self._mount, uuid, device, disk, first_id)

    def release(self, uuid: str) -> None:
        """After it, nothing of the container is held, and all it wrote is in its
        disk's file.  Fine when nothing was.  ``Unavailable`` while it is used."""
        home = os.path.join(self._directory, uuid)
        if not os.path.isdir(home):
            return
        disk = os.path.join(home, _DISK)
        give_up = self._clock.monotonic() + RELEASE_SECONDS
        while not files.on_thread(_take_down, home, disk):
            if self._clock.monotonic() > give_up:
                raise Unavailable(f"the files of container {uuid} are still in use")
            concurrency.sleep(POLL_SECONDS)
        storage_daemon.stop(self._place(uuid))
        # The daemon took its own mount with it, unless it was killed.
        files.on_thread(_unmount_all, home)
        files.remove_tree(home)

    # ---- the content of a held disk ------------------------------------------

    def copy(self, uuid: str, target: str) -> None:
        """Its content of a moment in which nobody wrote, as a new qcow2 file."""
        place = self._place(uuid)
        disk = os.path.join(self._directory, uuid, _DISK)
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


def _lazy(source: FileSource) -> tuple[str, str, str] | None:
    if source.lazy_backing is None:
        return None
    lazy = source.lazy_backing
    return lazy.socket_path, lazy.export, lazy.format


def _take_down(home: str, disk: str) -> bool:
    """Unmount all but the daemon's; whether nobody uses the disk any more."""
    for path in mounting.mounted_below(home):
        if path == disk:
            continue
        try:
            mounting.unmount(path)
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            if error.errno != errno.EINVAL:  # it has gone meanwhile
                raise
    loops.detach(disk)
    return not loops.devices_of(disk)


def _unmount_all(home: str) -> None:
    for path in mounting.mounted_below(home):
        mounting.unmount(path, lazily=True)
