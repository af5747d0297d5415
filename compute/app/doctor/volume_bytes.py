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


def stray_volumes(volumes: VolumeClient) -> Iterator[Finding]:
    """What the volume host itself finds."""
    for kind, name in volumes.leftovers():
        removal = functools.partial(volumes.remove_leftover, kind, name)
        yield Finding("volume", name, _WORDS[kind], removal)
