"""What the volume room keeps, as frozen records; each is a row of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume.  Moments are seconds since the epoch; ``extending_to_gib`` counts for
    quotas while it grows; ``previous_status`` is where a job goes back to; ``host`` is
    "" for one that nobody took; ``migration_status``: how far it has come on its way to
    another one, or how the last way ended (``model.MIGRATION_MOVES``)."""

    id: str
    project_id: str
    user_id: str
    status: str
    size_gib: int
    created_at: float
    updated_at: float
    type_id: str
    host: str
    availability_zone: str
    name: str = ""
    description: str | None = None
    previous_status: str = ""
    migration_status: str = ""
    extending_to_gib: int = 0
    bootable: bool = False
    read_only: bool = False
    multiattach: bool = False
    snapshot_id: str = ""
    source_volume_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    image_metadata: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    encryption_key_id: str = ""
    group_id: str = ""
    revision: int = 1

    @property
    def is_encrypted(self) -> bool:
        """Whether its bytes are LUKS; the key manager has the key."""
        return bool(self.encryption_key_id)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A volume as it was at one moment."""

    id: str
    project_id: str
    user_id: str
    volume_id: str
    status: str
    size_gib: int
    created_at: float
    updated_at: float
    name: str = ""
    description: str | None = None
    progress: str = "0%"
    metadata: Mapping[str, str] = field(default_factory=dict)
    group_snapshot_id: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Attachment:
    """Who has, or wants, a volume.  ``instance_id`` is "" for hosts that attach it to
    themselves; ``connection``: the way, once there is one (it may hold a secret);
    ``volume_host``: where that leads while a volume in use moves, "": to where the
    volume is."""

    id: str
    volume_id: str
    project_id: str
    status: str
    access: str
    created_at: float
    instance_id: str = ""
    host: str = ""
    mountpoint: str = ""
    connector: Mapping[str, Any] = field(default_factory=dict)
    connection: Mapping[str, Any] = field(default_factory=dict)
    attached_at: float | None = None
    volume_host: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class VolumeType:
    """A kind of volume that users choose."""

    id: str
    name: str
    created_at: float
    updated_at: float | None = None
    description: str | None = None
    is_public: bool = True
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    projects: tuple[str, ...] = ()
    qos_id: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class TypeEncryption:
    """How a type's volumes are encrypted, in Cinder's words."""

    id: str  # the type's
    encryption_id: str
    provider: str
    control_location: str
    created_at: float
    cipher: str | None = None
    key_size: int | None = None
    updated_at: float | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class QosSpecs:
    """Limits of speed that a hypervisor (``front-end``) or we keep."""

    id: str
    name: str
    consumer: str
    created_at: float
    specs: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Backup:
    """A volume's bytes in the ring.  ``manifest_sha256`` protects the list of its
    pieces; ``data_at``: the moment that the bytes are of; ``facts``: what else a volume
    gets that is restored from it (``backups/facts.py``), None where nobody wrote it
    down."""

    id: str
    project_id: str
    user_id: str
    volume_id: str
    status: str
    size_gib: int
    created_at: float
    updated_at: float
    availability_zone: str
    container: str
    name: str = ""
    description: str | None = None
    snapshot_id: str = ""
    parent_id: str = ""
    object_count: int = 0
    manifest_sha256: str = ""
    fail_reason: str | None = None
    data_at: float = 0.0
    metadata: Mapping[str, str] = field(default_factory=dict)
    encryption_key_id: str = ""
    type_id: str = ""  # the volume's, when it is encrypted
    facts: Mapping[str, Any] | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Transfer:
    """A volume on offer; who knows the key may have it.  The key is kept hashed."""

    id: str
    volume_id: str
    project_id: str
    name: str
    key_hash: str
    created_at: float
    with_snapshots: bool = True
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Message:
    """What went wrong with somebody's thing, until it expires."""

    id: str
    project_id: str
    request_id: str
    resource_type: str
    resource_id: str
    event_id: str
    level: str
    text: str
    created_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class DefaultType:
    """The type of a project's volumes when nobody says one."""

    id: str  # the project's
    type_id: str
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Used:
    """What one project has; the mappings are by type's id."""

    volumes: int = 0
    volume_gib: int = 0
    snapshots: int = 0
    snapshot_gib: int = 0
    backups: int = 0
    backup_gib: int = 0
    groups: int = 0
    volumes_of: Mapping[str, int] = field(default_factory=dict)
    gib_of: Mapping[str, int] = field(default_factory=dict)
    snapshots_of: Mapping[str, int] = field(default_factory=dict)
