"""What somebody wants of a new volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.core.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants.  ``size_gib`` 0: the source's own."""

    size_gib: int = 0
    name: str = ""
    description: str | None = None
    image_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    backup_id: str = ""
    type_key: str = ""
    availability_zone: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    project_id: str = ""
    user_id: str = ""
    group_id: str = ""


def check_one_source(order: Order) -> None:
    """``BadRequest`` for several at once, and for nothing at all."""
    sources = order.image_id, order.snapshot_id, order.source_volume_id, order.backup_id
    given = [each for each in sources if each]
    if len(given) > 1:
        raise BadRequest(
            "Invalid input received: give at most one of imageRef, snapshot_id,"
            " source_volid and backup_id"
        )
    if not given and not order.size_gib:
        raise BadRequest(
            "Invalid input received: a volume needs a size of 1 GiB at least"
        )
