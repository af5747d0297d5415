"""What an order for a server may not say, judged from values alone.

Pure: each check raises ``BadRequest`` or ``QuotaExceeded`` with what is wrong.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.errors import BadRequest, QuotaExceeded
from compute.image.client import ImageRecord
from compute.instance.records import Flavor
from compute.instance.service.quotas import UNLIMITED

Body = Mapping[str, Any]
_GIB = 1 << 30


def image_snapshot(image: ImageRecord) -> dict[str, Any]:
    """What a server keeps of its image."""
    return {
        "name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "properties": dict(image.properties),
    }


def checked_user_data(text: str) -> str:
    """``BadRequest`` unless it is base64."""
    try:
        base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("user_data is not valid base64") from None
    return text


def check_metadata(metadata: Mapping[str, str], limits: Mapping[str, int]) -> None:
    """``QuotaExceeded`` for more items than allowed."""
    limit = limits["metadata_items"]
    if limit != UNLIMITED and len(metadata) > limit:
        raise QuotaExceeded(
            f"Maximum number of metadata items exceeds {limit}", status=403
        )


def check_files(files: Sequence[Body], limits: Mapping[str, int]) -> None:
    """``QuotaExceeded`` for too many or too large ones, ``BadRequest`` for others."""
    if len(files) > limits["injected_files"] != UNLIMITED:
        raise QuotaExceeded("Personality file limit exceeded")
    for each in files:
        if len(each["path"]) > limits["injected_file_path_bytes"] != UNLIMITED:
            raise QuotaExceeded("Personality file path exceeds maximum")
        try:
            content = base64.b64decode(each["contents"], validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest(
                f"Personality content for {each['path']} cannot be decoded"
            ) from None
        if len(content) > limits["injected_file_content_bytes"] != UNLIMITED:
            raise QuotaExceeded("Personality file content exceeds maximum")


def check_no_growth_down(old: Body, new: Flavor, *, has_root: bool = True) -> None:
    """A disk cannot be made smaller; the root only counts where it is the flavor's.
    ``BadRequest``."""
    shrinks = has_root and new.disk < old["disk"]
    if shrinks or new.ephemeral < old["ephemeral"]:
        raise BadRequest("The target flavor's disk is smaller than the server's.")


def check_fit(flavor: Flavor, image: ImageRecord, *, has_root: bool = True) -> None:
    """The image fits into the flavor, if the root disk is the flavor's (``has_root``).
    ``BadRequest``."""
    if image.min_ram_mib > flavor.ram:
        raise BadRequest("Flavor's memory is too small for requested image.")
    if not flavor.disk or not has_root:
        return  # as large as the image is
    needed = max(image.min_disk_gib * _GIB, image.virtual_bytes or 0)
    if image.disk_format == "raw":
        needed = max(needed, image.size_bytes or 0)
    if needed > flavor.disk * _GIB:
        raise BadRequest(
            "Flavor's disk is too small for requested image. Flavor disk is"
            f" {flavor.disk * _GIB} bytes, image is {needed} bytes."
        )
