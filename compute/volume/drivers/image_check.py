"""Whether an image may become a volume."""

from __future__ import annotations

from compute.core.errors import BadRequest

GIB = 2**30


def check_image_size(image_bytes: int, size_bytes: int) -> None:
    """``BadRequest`` when what the image reads as does not fit."""
    if image_bytes > size_bytes:
        needed = -(-image_bytes // GIB)
        raise BadRequest(
            f"Image of {needed} GiB does not fit into a volume of"
            f" {size_bytes // GIB} GiB"
        )


def check_self_contained(names_other_files: bool) -> None:
    """``BadRequest`` for an image whose bytes are elsewhere: it could name any file
    of this host."""
    if names_other_files:
        raise BadRequest("The image refers to other files, which is not allowed")
