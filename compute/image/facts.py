"""What the image service tells of an image, and what it is told of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RESERVED_PREFIX = "os_glance_"
"""Properties that the service sets itself; users may read but not write them."""
# What the API says of an image beside its free properties.
BASE_KEYS = frozenset(
    {
        "id",
        "name",
        "status",
        "visibility",
        "owner",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "os_hidden",
        "protected",
        "min_disk",
        "min_ram",
        "disk_format",
        "container_format",
        "created_at",
        "updated_at",
        "tags",
        "self",
        "file",
        "schema",
        "stores",
        "direct_url",
        "locations",
    }
)


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as the API tells it.

    ``size_bytes`` is None until there are bytes, ``virtual_bytes`` until (and unless)
    the format says it; ``hash_algorithm`` and ``hash_hex`` are "" until then.
    Moments are ISO 8601 texts.  ``properties`` are without those that the service sets
    itself: they tell of this image, and of none that is made after it.
    """

    id: str
    name: str
    status: str
    visibility: str
    owner: str
    size_bytes: int | None
    virtual_bytes: int | None
    checksum: str
    hash_algorithm: str
    hash_hex: str
    disk_format: str
    container_format: str
    min_disk_gib: int
    min_ram_mib: int
    protected: bool
    is_hidden: bool
    created_at: str
    updated_at: str
    tags: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether its bytes can be read."""
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class NewImage:
    """What to create.  ``owner``: a project; "": the token's own (another one needs
    the house's token).  ``id``: "" lets the service choose."""

    name: str
    disk_format: str
    container_format: str = "bare"
    id: str = ""
    owner: str = ""
    visibility: str = ""
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    protected: bool = False
    tags: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)


def image_record(document: Mapping[str, Any]) -> ImageRecord:
    """The record of the API's JSON."""
    return ImageRecord(
        id=document["id"],
        name=document.get("name") or "",
        status=document["status"],
        visibility=document["visibility"],
        owner=document.get("owner") or "",
        size_bytes=document.get("size"),
        virtual_bytes=document.get("virtual_size"),
        checksum=document.get("checksum") or "",
        hash_algorithm=document.get("os_hash_algo") or "",
        hash_hex=document.get("os_hash_value") or "",
        disk_format=document.get("disk_format") or "",
        container_format=document.get("container_format") or "",
        min_disk_gib=document["min_disk"],
        min_ram_mib=document["min_ram"],
        protected=document["protected"],
        is_hidden=document["os_hidden"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        tags=tuple(document.get("tags", ())),
        properties={
            key: value
            for key, value in document.items()
            if key not in BASE_KEYS and not key.startswith(RESERVED_PREFIX)
        },
    )


def new_document(image: NewImage) -> dict[str, Any]:
    """The API's JSON of a new image."""
    document: dict[str, Any] = {
        **image.properties,
        "name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "protected": image.protected,
    }
    optional = {
        "id": image.id,
        "owner": image.owner,
        "visibility": image.visibility,
        "tags": list(image.tags),
    }
    document.update({key: value for key, value in optional.items() if value})
    return document
