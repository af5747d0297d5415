"""What an operator can choose of the volume service."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compute.volume.model import BACKEND
from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option

GIB = 2**30


class DriverKind(enum.Enum):
    """Where the bytes of volumes are."""

    FILES = "files"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """The volume service."""

    driver: DriverKind = option(
        DriverKind.FILES,
        "Where volumes are: files of this host; memory: nowhere, to try things out",
    )
    directory: Path | None = option(
        None, "Where the files are; default: volume below the cloud's state"
    )
    backend: str = option(
        BACKEND,
        "What this host's volumes are of; types of volumes ask for it by"
        " volume_backend_name",
    )
    tcp_address: str = option(
        "",
        "Where exports to other hosts listen, with TLS and a key for each; default: the"
        " address of the cloud's public_address",
    )
    tcp_port_first: int = option(
        23100, "The first port of such exports", minimum=1, maximum=65535
    )
    tcp_ports: int = option(500, "How many ports there are for them", minimum=1)
    ends_with_us: bool = option(
        False, "Whether exports end with this process (guests lose their volumes)"
    )
    jobs_at_once: int = option(
        4, "Copies and transfers that one process does at once", minimum=1
    )
    jobs_looked_for: Seconds = option(
        5.0,
        "How often the host looks for what other processes ordered of it; where they"
        " share a bus, they tell at once",
        minimum=0.1,
        maximum=10,
    )
    backup_piece: Size = option(
        8 * 2**20, "Bytes of a volume in one object of a backup", minimum=2**16
    )
    quota_volumes: int = option(10, "Volumes of a project; -1: no limit", minimum=-1)
    quota_snapshots: int = option(
        10, "Snapshots of a project; -1: no limit", minimum=-1
    )
    quota_gigabytes: int = option(
        1000, "GiB of a project's volumes and snapshots; -1: no limit", minimum=-1
    )
    quota_per_volume_gigabytes: int = option(
        -1, "GiB of one volume; -1: no limit", minimum=-1
    )
    quota_backups: int = option(10, "Backups of a project; -1: no limit", minimum=-1)
    quota_backup_gigabytes: int = option(
        1000, "GiB of the volumes behind a project's backups; -1: no limit", minimum=-1
    )
    quota_groups: int = option(10, "Groups of a project; -1: no limit", minimum=-1)
    down_after: Seconds = option(
        60.0, "A volume host that is silent for so long is shown as down", minimum=1
    )

    def quotas(self) -> Mapping[str, int]:
        """The usual limits, by the API's names."""
        return {
            "volumes": self.quota_volumes,
            "snapshots": self.quota_snapshots,
            "gigabytes": self.quota_gigabytes,
            "backups": self.quota_backups,
            "backup_gigabytes": self.quota_backup_gigabytes,
            "per_volume_gigabytes": self.quota_per_volume_gigabytes,
            "groups": self.quota_groups,
        }
