"""Inspect an image while it passes by: bounded memory, refused as early as possible.

    inspection = Inspection("qcow2")
    for piece in pieces:
        inspection.feed(piece)          # raises ImageRefused
    facts = inspection.finish()

What is kept: the first 256 KiB, the last sectors, and for VHDX up to 1 MiB of metadata.
``feed`` and ``finish`` are pure; a piece is looked at, not kept.
"""

from __future__ import annotations

from compute.core.disks.inspection import (
    optical,
    partitions,
    qcow2,
    vdi,
    vhd,
    vhdx,
    vmdk,
)
from compute.core.disks.inspection.fields import DiskFacts, ImageRefused

HEAD_BYTES = vhdx.HEAD_BYTES
TAIL_BYTES = vmdk.FOOTER_BYTES
DISK_FORMATS = (
    "raw",
    "qcow2",
    "vhd",
    "vhdx",
    "vmdk",
    "vdi",
    "iso",
    "aki",
    "ari",
    "ami",
)
"""What the image API calls disk formats."""

# Formats of hypervisors that are no disk format of the API: never taken for raw.
FOREIGN_MAGICS = (
    b"QED\0",
    b"WithoutFreeSpace",
    b"WithouFreSpacExt",
    b"Bochs Virtual HD",
)
_MATCHERS = {
    "qcow2": qcow2.matches,
    "vmdk": vmdk.matches,
    "vdi": vdi.matches,
    "vhd": vhd.matches,
    "vhdx": vhdx.matches,
    "iso": optical.matches,
    "gpt": partitions.matches,
}
# What may be found in content declared so, beside the format itself.
_ALLOWED = {
    "raw": frozenset({"gpt"}),
    "iso": frozenset({"iso", "gpt"}),  # hybrid disks are both
    "ami": frozenset({"gpt"}),
}
_WITHOUT_MARK = frozenset({"raw", "aki", "ari", "ami"})


def recognised(head: bytes) -> frozenset[str]:
    """The formats whose marks the first bytes bear: usually one, or none (raw)."""
    found = {name for name, matches in _MATCHERS.items() if matches(head)}
    if head.startswith(FOREIGN_MAGICS):
        found.add("foreign")
    return frozenset(found)


class Inspection:
    """One image on its way."""

    def __init__(self, declared: str) -> None:
        """``declared``: one of ``DISK_FORMATS``."""
        if declared not in DISK_FORMATS:
            raise ValueError(f"{declared} is no disk format")
        self._declared = declared
        self._size = 0
        self._head = bytearray()
        self._tail = b""
        self._head_is_checked = False
        self._virtual: int | None = None
        self._wanted: tuple[int, int] | None = None
        self._region = bytearray()

    def feed(self, piece: bytes | memoryview) -> None:
        """The next bytes; ``ImageRefused`` once they give reason to."""
        start, self._size = self._size, self._size + len(piece)
        view = memoryview(piece)
        if len(view) >= TAIL_BYTES:
            self._tail = bytes(view[-TAIL_BYTES:])
        else:
            self._tail = (self._tail + bytes(view))[-TAIL_BYTES:]
        if not self._head_is_checked:
            self._head += view[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES:
                self._check_head()
        if self._wanted is not None:
            self._collect(view, start)

    def finish(self) -> DiskFacts:
        """All bytes were there: the verdict."""
        if not self._head_is_checked:
            self._check_head()
        if self._declared == "vhd" and self._virtual is None:
            footer = self._tail[-vhd.FOOTER_BYTES :]
            self._virtual = vhd.check(footer, at_start=False)
        elif self._declared == "vmdk":
            vmdk.check(bytes(self._head), self._tail)
        elif self._wanted is not None:
            self._virtual = vhdx.check(bytes(self._region))
        elif self._declared in ("raw", "iso"):
            self._virtual = self._size
        return DiskFacts(self._declared, self._virtual)

    def _check_head(self) -> None:
        head = bytes(self._head)
        self._head_is_checked = True
        found = recognised(head)
        self._check_match(found, head)
        if "gpt" in found and self._declared == "raw":
            partitions.check(head)
        if self._declared == "qcow2":
            self._virtual = qcow2.check(head)
        elif self._declared == "vmdk":
            self._virtual = vmdk.check(head)
        elif self._declared == "vdi":
            self._virtual = vdi.check(head)
        elif self._declared == "iso":
            optical.check(head)
        elif self._declared == "vhdx":
            self._wanted = vhdx.metadata_place(head)
        elif "vhd" in found:
            self._virtual = vhd.check(head, at_start=True)
        if self._declared != "vmdk":
            self._head.clear()

    def _check_match(self, found: frozenset[str], head: bytes) -> None:
        declared = self._declared
        allowed = _ALLOWED.get(declared, frozenset({declared}))
        strange = found - allowed
        if declared in _WITHOUT_MARK:
            strange -= {declared}
        elif declared not in found and declared != "vhd":
            shown = ", ".join(sorted(found)) or "not recognised"
            raise ImageRefused(
                f"The content is not {declared}, which the image declares ({shown})"
            )
        if strange:
            shown = ", ".join(sorted(strange))
            raise ImageRefused(
                f"The image declares {declared}, but its content looks like {shown}"
            )

    def _collect(self, view: memoryview, start: int) -> None:
        """Keep what lies in the wanted region."""
        assert self._wanted is not None
        offset, length = self._wanted
        place = offset + len(self._region)
        left = length - len(self._region)
        if left > 0 and start <= place < start + len(view):
            self._region += view[place - start : place - start + left]
