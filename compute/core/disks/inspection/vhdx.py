"""VHDX: no parent, nothing unknown that is required, closed cleanly.

The region table says where the metadata are, these how large the disk is; the latter
lie anywhere in the file, so the stream is asked for them once their place is known.
Layout: Microsoft, [MS-VHDX] (numbers are little-endian).
"""

from __future__ import annotations

from uuid import UUID

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

MAGIC = b"vhdxfile"
HEADERS_AT = (64 * 1024, 128 * 1024)
REGIONS_AT = 192 * 1024
REGIONS_BYTES = 64 * 1024
HEAD_BYTES = REGIONS_AT + REGIONS_BYTES
METADATA_BYTES_MAX = 1024 * 1024
REGIONS_MAX = METADATA_ENTRIES_MAX = 2047
ENTRY_BYTES = 32
LOG_GUID_AT = 48

REGION_BAT = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
REGION_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
FILE_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
VIRTUAL_DISK_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
KNOWN = frozenset(
    {
        FILE_PARAMETERS,
        VIRTUAL_DISK_SIZE,
        UUID("beca12ab-b2e6-4523-93ef-c309e000c746"),  # page 83 data
        UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f"),  # logical sector size
        UUID("cda348c7-445d-4471-9cc9-e9885251c556"),  # physical sector size
    }
)
HAS_PARENT = 2
REQUIRED = 4


def matches(head: bytes) -> bool:
    """Whether it begins like VHDX."""
    return head[:8] == MAGIC


def metadata_place(head: bytes) -> tuple[int, int]:
    """(offset, length) of the metadata, which lie behind ``head``."""
    fields = Fields(head, "VHDX header")
    _check_log(fields)
    if fields.raw(REGIONS_AT, 4) != b"regi":
        raise ImageRefused("The VHDX has no region table")
    count = fields.little(REGIONS_AT + 8, 4)
    if count > REGIONS_MAX:
        raise ImageRefused("The VHDX has too many regions")
    place = None
    for number in range(count):
        entry = REGIONS_AT + 16 + number * ENTRY_BYTES
        kind = UUID(bytes_le=fields.raw(entry, 16))
        if kind == REGION_METADATA:
            place = fields.little(entry + 16, 8), fields.little(entry + 24, 4)
        elif kind != REGION_BAT and fields.little(entry + 28, 4) & 1:
            raise ImageRefused("The VHDX requires a region not known here")
    if place is None or place[0] < HEAD_BYTES:
        raise ImageRefused("The VHDX has no metadata")
    return place[0], min(place[1], METADATA_BYTES_MAX)


def check(metadata: bytes) -> int:
    """The virtual size, from the metadata region."""
    fields = Fields(metadata, "VHDX metadata")
    if fields.raw(0, 8) != b"metadata":
        raise ImageRefused("The VHDX has no metadata table")
    count = fields.little(10, 2)
    if count > METADATA_ENTRIES_MAX:
        raise ImageRefused("The VHDX has too much metadata")
    size = None
    for number in range(count):
        entry = 32 + number * ENTRY_BYTES
        kind = UUID(bytes_le=fields.raw(entry, 16))
        place = fields.little(entry + 16, 4)
        if kind == FILE_PARAMETERS and fields.little(place + 4, 4) & HAS_PARENT:
            raise ImageRefused("The VHDX has a parent")
        if kind == VIRTUAL_DISK_SIZE:
            size = fields.little(place, 8)
        if kind not in KNOWN and fields.little(entry + 24, 4) & REQUIRED:
            raise ImageRefused("The VHDX requires metadata not known here")
    if size is None:
        raise ImageRefused("The VHDX does not say its size")
    return virtual_size(size, "VHDX")


def _check_log(fields: Fields) -> None:
    """A log that is not empty is written back when the file is opened: what was
    inspected would not be what is used."""
    headers = [at for at in HEADERS_AT if fields.raw(at, 4) == b"head"]
    if not headers:
        raise ImageRefused("The VHDX has no header")
    current = max(headers, key=lambda at: fields.little(at + 8, 8))
    if any(fields.raw(current + LOG_GUID_AT, 16)):
        raise ImageRefused("The VHDX was not closed cleanly: its log is not empty")
