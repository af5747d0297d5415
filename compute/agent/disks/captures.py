"""Copies of guests' root disks, of one moment: what becomes an image or a backup."""

from __future__ import annotations

from compute.agent.disks import files
from compute.agent.disks.backing import backing_of
from compute.agent.disks.cache import RESERVED_BYTES
from compute.agent.disks.images import virtual_bytes
from compute.agent.disks.layout import ROOT_FILE, Layout
from compute.agent.disks.port import Captured
from compute.core.disks import qemu_img
from objectstore.kernel.errors import InsufficientStorage, Rejected


class Captures:
    """Those of one host.  See ``port.GuestDisks`` for what each method promises."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def path(self, uuid: str, label: str) -> str:
        """Where a copy shall be."""
        files.make_directory(self._layout.directory(uuid))
        path = self._layout.capture(uuid, label)
        if not files.is_file(path):
            self._check_room(uuid)
        return path

    def make(self, uuid: str, label: str) -> Captured:
        """Copy the root disk of a guest that is not active."""
        source = self._layout.file(uuid, ROOT_FILE)
        target = self.path(uuid, label)
        if not files.is_file(target):
            with files.new_file(target) as temporary:
                qemu_img.convert(source, "qcow2", temporary)
        return self.facts(uuid, label)

    def facts(self, uuid: str, label: str) -> Captured:
        """The facts of a copy."""
        path = self._layout.capture(uuid, label)
        if not files.is_file(path):
            raise Rejected(404, f"There is no copy {label} of guest {uuid}")
        return Captured(path, "qcow2", files.size_of(path), virtual_bytes(path))

    def drop(self, uuid: str, label: str) -> None:
        """Remove the copy."""
        files.remove_file(self._layout.capture(uuid, label))

    def _check_room(self, uuid: str) -> None:
        """A copy that fills the disk would stop every guest of the host."""
        root = self._layout.file(uuid, ROOT_FILE)
        below = [path for path in backing_of(root) if files.is_file(path)]
        size = files.allocated_bytes(self._layout.directory(uuid))
        size += sum(files.size_of(path) for path in below)
        if size + RESERVED_BYTES > files.free_bytes(self._layout.guests):
            raise InsufficientStorage("This host has no room for a copy of the disk")
