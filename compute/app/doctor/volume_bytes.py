"""Files, exports and backups of volumes that are not there."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from compute.app.doctor.finding import Finding
from compute.volume.client import VolumeClient

_WORDS = {
    "file": "a file of a volume or snapshot that is not there",
    "export": "an export for an attachment that is not there",
    "backup": "bytes of a backup that is not there",
}

_SILENT = (
    "a volume host that does not answer: what it has is not looked at, and what is"
)
_SILENT += " ordered of its volumes waits until it is back"


def stray_volumes(volumes: VolumeClient) -> Iterator[Finding]:
    """What the volume hosts themselves find."""
    told = volumes.leftovers()
    for each in told.found:
        removal = functools.partial(volumes.remove_leftover, each)
        where = f" on {each.host}" if each.host else ""
        yield Finding("volume", each.name, _WORDS[each.kind] + where, removal)
    for host in told.unasked:
        yield Finding("volume", host, _SILENT, _nothing)


def _nothing() -> None:
    """Who starts that host again repairs it."""
