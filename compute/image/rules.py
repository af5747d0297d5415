"""Who may do what with images, and when: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import ApiError, BadRequest, Conflict, Forbidden, NotFound
from compute.core.policy import Policy
from compute.image.facts import RESERVED_PREFIX
from compute.image.model import (
    ACTIVE,
    DEACTIVATED,
    LIVE,
    MEMBERS_MAX,
    MOVES,
    PROPERTIES_MAX,
    QUEUED,
    SHARED,
    STAGED,
    TAGS_MAX,
    UPLOADING,
    Image,
)


class TooMuch(ApiError):
    """Beyond a quota; this API says so with 413."""

    status_default = 413
    kind_default = "LimitExceeded"


def target_of(image: Image, context: RequestContext) -> dict[str, Any]:
    """What policy rules see of an image."""
    member = context.project_id if image.is_member else ""
    return {
        "project_id": image.owner,
        "owner": image.owner,
        "visibility": image.visibility,
        "member_id": member if image.visibility == SHARED else "",
    }


def check_seen(policy: Policy, context: RequestContext, image: Image | None) -> Image:
    """The image, if the caller may know of it; ``NotFound`` otherwise."""
    if image is None:
        raise NotFound("No image found with the given ID")
    if not policy.allows(context, "get_image", target_of(image, context)):
        raise NotFound(f"No image found with ID {image.id}")
    return image


def check_may(policy: Policy, context: RequestContext, name: str, image: Image) -> None:
    """Raise ``PolicyNotAuthorized`` unless the caller may do that to it."""
    policy.enforce(context, name, target_of(image, context))


def check_visibility(policy: Policy, context: RequestContext, image: Image) -> None:
    """Whether the caller may give an image that visibility."""
    if image.visibility == "public":
        check_may(policy, context, "publicize_image", image)
    if image.visibility == "community":
        check_may(policy, context, "communitize_image", image)


def check_limits(image: Image) -> None:
    """Raise ``TooMuch`` when the record has too many parts."""
    count = sum(not name.startswith(RESERVED_PREFIX) for name in image.properties)
    if count > PROPERTIES_MAX:
        raise TooMuch(
            f"The limit has been exceeded on the number of allowed image properties. "
            f"Attempted: {count}, Maximum: {PROPERTIES_MAX}"
        )
    if len(image.tags) > TAGS_MAX:
        raise TooMuch(
            f"The limit has been exceeded on the number of allowed image tags. "
            f"Attempted: {len(image.tags)}, Maximum: {TAGS_MAX}"
        )


def check_member_count(count: int) -> None:
    """Raise ``TooMuch`` when one more member is too many."""
    if count >= MEMBERS_MAX:
        raise TooMuch(
            f"The limit has been exceeded on the number of allowed image members "
            f"for this image. Attempted: {count + 1}, Maximum: {MEMBERS_MAX}"
        )


def moved(image: Image, status: str, now: float) -> Image:
    """The image in its next state; ``Conflict`` when there is no way to it."""
    if status not in MOVES[image.status]:
        raise Conflict(
            f"Image status transition from {image.status} to {status} is not allowed"
        )
    return replace(image, status=status, updated_at=now)


def fallen_back(image: Image, now: float) -> Image:
    """The image after its bytes did not come: queued, and nothing known of them."""
    properties = {
        name: value
        for name, value in image.properties.items()
        if not name.startswith(RESERVED_PREFIX)
    }
    return replace(
        image,
        status=QUEUED,
        updated_at=now,
        size=None,
        virtual_size=None,
        checksum=None,
        os_hash_value=None,
        properties=properties,
    )


def check_formats(image: Image) -> None:
    """Bytes mean nothing before both formats are said."""
    for name in ("disk_format", "container_format"):
        if not getattr(image, name):
            raise BadRequest(f"Property {name} must be set prior to saving data.")


def check_readable(image: Image, is_admin: bool) -> None:
    """Whether there are bytes for this caller: a deactivated image's are for
    administrators only."""
    if image.status == DEACTIVATED and not is_admin:
        raise Forbidden("The requested image has been deactivated.")


def check_import(image: Image, method: str) -> None:
    """Whether an import of that kind can begin; ``Conflict`` otherwise."""
    if method == "copy-image":
        if image.status != ACTIVE:
            raise Conflict("Only images with status active can be targeted for copying")
        return
    if image.status == ACTIVE:
        raise Conflict("Image with status active cannot be target for import")
    if method == "glance-direct":
        if image.status != UPLOADING or not image.in_state(STAGED):
            raise Conflict(
                "Image needs to be staged before 'glance-direct' method can be used"
            )
    elif image.status != QUEUED:
        raise Conflict(f"Image needs to be in 'queued' state to use '{method}' method")
    for name in ("container_format", "disk_format"):
        if not getattr(image, name):
            raise Conflict(f"'{name}' needs to be set before import")


def check_store_removable(image: Image, store_id: str) -> None:
    """Whether the bytes in one store can go: not the only ones."""
    if store_id not in image.stores:
        raise NotFound(f"Image {image.id} is not in store {store_id}")
    if len(image.in_state(LIVE)) == 1:
        raise Forbidden("Cannot delete image data from its only location")
    if image.protected:
        raise Forbidden(f"Image {image.id} is protected and cannot be deleted.")
