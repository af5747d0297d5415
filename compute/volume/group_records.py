"""Groups of volumes, their types and their snapshots, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GroupType:
    """A kind of group that users choose; ``group_specs`` are operators' notes."""

    id: str
    name: str
    created_at: float
    updated_at: float
    description: str | None = None
    is_public: bool = True
    group_specs: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Volumes that are snapshotted at one moment.  A volume says which group it is in.
    ``type_ids``: the types that its volumes may have."""

    id: str
    project_id: str
    user_id: str
    status: str
    created_at: float
    updated_at: float
    group_type_id: str
    type_ids: tuple[str, ...]
    availability_zone: str
    name: str = ""
    description: str | None = None
    group_snapshot_id: str = ""
    source_group_id: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A snapshot of each volume of a group, all of one moment.  Each of them says
    which group snapshot it is of."""

    id: str
    project_id: str
    user_id: str
    group_id: str
    group_type_id: str
    status: str
    created_at: float
    updated_at: float
    name: str = ""
    description: str | None = None
    revision: int = 1
