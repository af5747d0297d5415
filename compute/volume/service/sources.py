"""What a new volume's bytes come from, as far as that is known when ordered: pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from compute.image.client import ImageRecord
from compute.volume import rules
from compute.volume.records import Volume

# What is taken over as it is.
FILE = "file"
# What an image is, as a volume made from it remembers it.
_IMAGE_FACTS = ("container_format", "disk_format", "checksum")


@dataclass(slots=True)
class Source:
    """What the bytes come from, as far as it is known."""

    kind: str = ""
    id: str = ""
    least_gib: int = 0
    type_id: str = ""
    bootable: bool = False
    image_format: str = ""
    is_encrypted: bool = False
    key_of: str = ""  # the volume whose key opens the bytes
    host: str = ""  # where the bytes are, when they are a volume host's
    image_metadata: dict[str, str] = field(default_factory=dict)


def of_image(image: ImageRecord) -> Source:
    """An image, and what it says of itself."""
    known = {
        "image_id": image.id,
        "image_name": image.name,
        "min_disk": str(image.min_disk_gib),
        "min_ram": str(image.min_ram_mib),
        "size": str(image.size_bytes or 0),
        **{name: str(getattr(image, name)) for name in _IMAGE_FACTS},
    }
    bytes_needed = max(image.virtual_bytes or 0, image.size_bytes or 0)
    if image.virtual_bytes:
        bytes_needed = image.virtual_bytes
    return Source(
        "image",
        image.id,
        max(image.min_disk_gib, rules.gib_of(bytes_needed)),
        bootable=True,
        image_format=image.disk_format,
        image_metadata={
            **{
                key: value
                for key, value in image.properties.items()
                if isinstance(value, str) and len(value) <= 255
            },
            **known,
        },
    )


def of_volume(kind: str, key: str, size_gib: int, volume: Volume | None) -> Source:
    """A volume, or the snapshot of one; None: it is gone."""
    if volume is None:
        return Source(kind, key, size_gib)
    return Source(
        kind,
        key,
        size_gib,
        volume.type_id,
        volume.bootable,
        is_encrypted=volume.is_encrypted,
        key_of=volume.id if volume.is_encrypted else "",
        image_metadata=dict(volume.image_metadata),
        host=volume.host,
    )
