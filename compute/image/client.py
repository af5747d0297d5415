"""What other rooms and the agents know of images, and how they get at the bytes.

    images = ImageClient(caller, service_tokens)
    image = images.get(image_id, token=users_token)
    images.read_range(image_id, 0, 65536)

A method without a token acts with the house's own, which may see and do everything:
give the user's wherever it is the user who wants something.  ``Rejected`` carries
the image service's own status and text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.context import TokenSource
from compute.core.rooms.wire import RoomWire
from compute.image.facts import (
    BASE_KEYS,
    RESERVED_PREFIX,
    ImageRecord,
    NewImage,
    image_record,
    new_document,
)
from objectstore.client.caller import Answer, Caller, Content
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable

__all__ = [
    "BASE_KEYS",
    "RESERVED_PREFIX",
    "ImageClient",
    "ImageRecord",
    "NewImage",
    "image_record",
]

PATCH_TYPE = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
# The service answers an upload once the last segment is safe and hashed.
UPLOAD_TIMEOUT_SECONDS = 180.0
PAGE = 200


class ImageClient:
    """Speaks to the image service."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        """``caller`` leads to the service's root (``/v2/images`` is below it)."""
        self._wire = RoomWire(caller, service, _refusal)

    # ---- records ---------------------------------------------------------------

    def get(self, image_id: str, token: str = "") -> ImageRecord:
        """One image; ``Rejected`` 404 when there is none that the token may see."""
        return image_record(self._json("GET", _path(image_id), token))

    def list(
        self, filters: Mapping[str, str] | None = None, token: str = ""
    ) -> Iterator[ImageRecord]:
        """Images that match the API's own filters (``name``, ``status``, ``owner``,
        properties ...), page by page."""
        asked = {**(filters or {}), "limit": str(PAGE)}
        while True:
            page = self._json("GET", f"/v2/images?{urlencode(asked)}", token)
            for document in page["images"]:
                yield image_record(document)
            if "next" not in page:
                return
            asked["marker"] = page["images"][-1]["id"]

    def create(self, image: NewImage, token: str = "") -> ImageRecord:
        """A queued image, without bytes yet.  ``Rejected`` 409 when its id is taken,
        413 beyond the quota."""
        return image_record(
            self._json("POST", "/v2/images", token, new_document(image))
        )

    def update(
        self, image_id: str, changes: Mapping[str, Any], token: str = ""
    ) -> ImageRecord:
        """Set attributes and properties; None removes a property."""
        operations = [
            {"op": "remove", "path": f"/{_pointer(key)}"}
            if value is None
            else {"op": "add", "path": f"/{_pointer(key)}", "value": value}
            for key, value in changes.items()
        ]
        found = self._wire.json(
            "PATCH", _path(image_id), operations, token=token, headers=PATCH_TYPE
        )
        return image_record(found)

    def delete(self, image_id: str, token: str = "") -> bool:
        """Remove the image; whether it was there.  ``Rejected`` 403 when it is
        protected."""
        answer = self._wire.send("DELETE", _path(image_id), token=token, accept=(404,))
        answer.close()
        return answer.status != 404

    def set_status(self, image_id: str, status: str) -> None:
        """``active`` or ``deactivated`` (an image with bytes), ``killed`` (one whose
        bytes will never come).  The house only.  ``Rejected`` 409 for other moves."""
        path = f"/internal/images/{quote(image_id, safe='')}/status"
        self._wire.json("PUT", path, {"status": status})

    # ---- holds -----------------------------------------------------------------

    def hold(self, holder: str, image_id: str) -> None:
        """Keep the image's bytes for a host even when it is deleted, until the host
        says otherwise or is not heard of for long.  ``Rejected`` 404 when the image
        is not there (any more).  The house only."""
        path = f"/internal/holds/{quote(holder, safe='')}/{quote(image_id, safe='')}"
        self._wire.send("PUT", path).close()

    def hold_only(self, holder: str, image_ids: Iterable[str]) -> frozenset[str]:
        """Renew a host's holds of these images and give up all its others; those of
        them that are kept."""
        path = f"/internal/holds/{quote(holder, safe='')}"
        found = self._json("PUT", path, "", {"images": sorted(image_ids)})
        return frozenset(found["images"])

    def held(self) -> frozenset[str]:
        """The images that some host holds."""
        return frozenset(self._json("GET", "/internal/holds", "")["images"])

    def kept(self, image_id: str) -> ImageRecord:
        """An image, be it deleted as long as somebody holds it."""
        return image_record(self._json("GET", _kept_path(image_id), ""))

    def read_kept(self, image_id: str, offset: int, length: int) -> bytes:
        """``read_range`` of such an image."""
        return self._read(_kept_path(image_id, "/file"), offset, length, "")

    # ---- bytes -----------------------------------------------------------------

    def read_range(
        self, image_id: str, offset: int, length: int, token: str = ""
    ) -> bytes:
        """Exactly these bytes of the image, fewer only at its end."""
        return self._read(_path(image_id, "/file"), offset, length, token)

    def download(self, image_id: str, token: str = "") -> Answer:
        """The whole image: iterate over the answer, or close it."""
        return self._wire.send("GET", _path(image_id, "/file"), token=token)

    def upload(self, image_id: str, content: Content, token: str = "") -> None:
        """Give a queued image its bytes, whole or piece by piece; returns when it is
        active.  ``Rejected`` 409 when another upload won, 400 or 415 when the bytes
        are not what the format promises, 413 beyond the quota."""
        answer = self._wire.send(
            "PUT",
            _path(image_id, "/file"),
            content,
            token=token,
            headers={"Content-Type": "application/octet-stream"},
            timeout=UPLOAD_TIMEOUT_SECONDS,
        )
        answer.close()

    # ---- inside ----------------------------------------------------------------

    def _read(self, path: str, offset: int, length: int, token: str) -> bytes:
        if length <= 0:
            return b""
        headers = {"Range": f"bytes={offset}-{offset + length - 1}"}
        answer = self._wire.send(
            "GET", path, token=token, headers=headers, accept=(416,)
        )
        with answer:
            if answer.status in (204, 416):  # no bytes, or all before the offset
                return b""
            if answer.status != 206:
                raise Unavailable(f"{path}: a range was not honoured")
            return answer.read(length)

    def _json(self, method: str, path: str, token: str, value: Any = None) -> Any:
        return self._wire.json(method, path, value, token=token)


def _path(image_id: str, rest: str = "") -> str:
    return f"/v2/images/{quote(image_id, safe='')}{rest}"


def _kept_path(image_id: str, rest: str = "") -> str:
    return f"/internal/images/{quote(image_id, safe='')}{rest}"


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _refusal(answer: Answer, what: str) -> Exception:
    """The service's own words, with whose fault it was."""
    if answer.status == 507:
        return InsufficientStorage(f"{what}: the image store is full")
    if answer.status >= 500:
        return Unavailable(f"{what}: the image service answered {answer.status}")
    try:
        text = str(answer.json()["message"])
    except (Unavailable, TypeError, KeyError):
        text = ""
    return Rejected(answer.status, text or f"{what}: refused with {answer.status}")
