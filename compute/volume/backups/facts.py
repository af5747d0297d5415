"""What a backup keeps of its volume besides the bytes, and a restored one gets: pure.

Whether servers may boot from it, and both kinds of metadata.  What the volume that is
restored into says itself stays, where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.volume.model import METADATA_ITEMS_MAX, READ_ONLY_KEY
from compute.volume.records import Volume


def facts_of(volume: Volume) -> dict[str, Any]:
    """To be kept with the backup."""
    metadata = {
        key: value for key, value in volume.metadata.items() if key != READ_ONLY_KEY
    }
    return {
        "bootable": volume.bootable,
        "metadata": metadata,
        "image_metadata": dict(volume.image_metadata),
    }


def restored(volume: Volume, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """What changes of a volume that has the bytes of a backup now."""
    if facts is None:
        return {}
    metadata = {**facts["metadata"], **volume.metadata}
    if len(metadata) > METADATA_ITEMS_MAX:
        metadata = dict(volume.metadata)
    return {
        # The bytes decide what can be booted from.
        "bootable": facts["bootable"],
        "metadata": metadata,
        "image_metadata": {**volume.image_metadata, **facts["image_metadata"]},
    }
