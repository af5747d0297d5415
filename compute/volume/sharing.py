"""Volumes that several servers have at once (*multiattach*): pure decisions.

A volume is one because its type said so when it was made, or when it became of the
type; what becomes of the type's extra specs afterwards changes no volume.
"""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.errors import BadRequest
from compute.volume.errors import InvalidStatus
from compute.volume.model import (
    ATTACHED,
    ATTACHING,
    AVAILABLE,
    RESERVED,
    SHARED_ATTACHMENTS_MAX,
)
from compute.volume.records import Attachment, Volume, VolumeType

RULE = "volume:multiattach"
BOOTABLE_RULE = "volume:multiattach_bootable_volume"


def is_multiattach(volume_type: VolumeType) -> bool:
    """Whether servers may share volumes of the type."""
    wanted = volume_type.extra_specs.get("multiattach", "")
    return wanted.replace(" ", "").lower() == "<is>true"


def check_room(volume: Volume, attachments: Sequence[Attachment]) -> None:
    """``InvalidStatus`` when as many share it as may."""
    if len(attachments) >= SHARED_ATTACHMENTS_MAX:
        raise InvalidStatus(
            f"Invalid volume: Volume {volume.id} has {len(attachments)} attachments:"
            f" at most {SHARED_ATTACHMENTS_MAX} share it"
        )


def is_free(volume: Volume, attachments: Sequence[Attachment]) -> bool:
    """Whether nobody has it, whom a status that says that one more is to come hides."""
    has_it = any(each.status == ATTACHED for each in attachments)
    return not (has_it and volume.status in (RESERVED, ATTACHING))


def check_plain(*, is_shared: bool, is_encrypted: bool) -> None:
    """``BadRequest`` for what is to be shared and encrypted: QEMU's LUKS has one
    writer, who alone knows its header."""
    if is_shared and is_encrypted:
        raise BadRequest(
            "Invalid input received: a volume that servers share (multiattach) cannot"
            " be encrypted"
        )


def check_growing(volume: Volume, attachments: Sequence[Attachment]) -> None:
    """``InvalidStatus`` for a volume that several may have: to let it grow cuts off
    all who have it."""
    if volume.multiattach and attachments:
        raise InvalidStatus(
            f"Invalid volume: Volume {volume.id} is multiattach and {volume.status}:"
            " it can be extended while it is available only"
        )


def check_change(volume: Volume, attachments: Sequence[Attachment]) -> None:
    """``InvalidStatus`` unless it may become one that servers share, or cease to be
    one: only while nobody has it."""
    if attachments or volume.status != AVAILABLE:
        raise InvalidStatus(
            f"Invalid volume: Volume {volume.id} is {volume.status}: whether it is"
            " multiattach can be changed while it is available only"
        )
