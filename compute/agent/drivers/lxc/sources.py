"""Where a disk's bytes are, shown as a file by a storage daemon."""

from __future__ import annotations

from compute.agent.guests import DiskSpec, FileSource, NbdSource
from compute.core.disks import shown_volume, storage_daemon
from compute.core.disks.shown_volume import NetworkVolume
from compute.core.disks.storage_daemon import Place


def show_source(place: Place, disk: DiskSpec, file: str) -> None:
    """After it, the regular file, which is there, has the disk's bytes.
    ``Unavailable``."""
    source = disk.source
    if isinstance(source, NbdSource):
        passphrase = "" if source.luks is None else source.luks.passphrase
        volume, limits = volume_of(disk), dict(disk.limits)
        assert volume is not None
        shown_volume.show(place, volume, file, limits, passphrase)
        return
    lazy = _lazy(source)
    storage_daemon.expose(place, source.path, source.format, file, lazy_backing=lazy)


def volume_of(disk: DiskSpec) -> NetworkVolume | None:
    """The volume behind the disk; None when it is a file of this host."""
    source = disk.source
    if isinstance(source, FileSource):
        return None
    return NetworkVolume(
        source.socket_path, source.export, disk.read_only, source.luks is not None
    )


def _lazy(source: FileSource) -> tuple[str, str, str] | None:
    if source.lazy_backing is None:
        return None
    lazy = source.lazy_backing
    return lazy.socket_path, lazy.export, lazy.format
