"""/v2/images/ID/file and /stage: the bytes."""

from __future__ import annotations

from collections.abc import Iterator

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import ApiError, BadRequest
from compute.image.data.intake import pieces_of
from compute.image.data.transfer import TransferService
from compute.image.holds import HoldService
from compute.image.model import Image
from objectstore.kernel.byte_ranges import content_range, parse_range, resolve
from objectstore.kernel.reply import HeaderList, Reply

OCTETS = "application/octet-stream"
SIZE_HEADER = "X-OpenStack-Image-Size"
STORE_HEADER = "X-Image-Meta-Store"


class DataApi:
    """Handlers of the routes below."""

    def __init__(self, transfer: TransferService, holds: HoldService) -> None:
        self._transfer = transfer
        self._holds = holds

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("PUT", "/v2/images/{image_id}/file", self._upload),
            Route("GET", "/v2/images/{image_id}/file", self._download),
            Route("PUT", "/v2/images/{image_id}/stage", self._stage),
            Route("GET", "/internal/images/{image_id}/file", self._download_kept),
        ]

    def _upload(self, call: ApiCall) -> Reply:
        self._transfer.upload(
            call.context,
            call.parameters["image_id"],
            _body(call),
            bytes_announced=_announced(call),
            store_id=call.header(STORE_HEADER),
        )
        return empty_reply()

    def _stage(self, call: ApiCall) -> Reply:
        self._transfer.stage(
            call.context,
            call.parameters["image_id"],
            _body(call),
            bytes_announced=_announced(call),
        )
        return empty_reply()

    def _download(self, call: ApiCall) -> Reply:
        image_id = call.parameters["image_id"]
        return self._content(call, self._transfer.readable(call.context, image_id))

    def _download_kept(self, call: ApiCall) -> Reply:
        image_id = call.parameters["image_id"]
        return self._content(call, self._holds.kept(call.context, image_id))

    def _content(self, call: ApiCall, image: Image) -> Reply:
        if not image.stores or image.size is None:
            return empty_reply()
        start, stop = 0, image.size
        headers: HeaderList = [("Accept-Ranges", "bytes")]
        status = 200
        asked = _range(call, image.size)
        if asked is not None:
            start, stop = asked
            status = 206
            headers.append(("Content-Range", content_range(asked, image.size)))
        elif image.checksum:
            # A hash of the whole is of no use beside a part.
            headers.append(("Content-MD5", image.checksum))
        headers.append(("Content-Length", str(stop - start)))
        body: Iterator[bytes] = iter(())
        if call.request.method != "HEAD":
            body = self._transfer.read(image, start, stop - start)
        return Reply(status, body, [*headers, *_hashes(image)], OCTETS)


def _body(call: ApiCall) -> Iterator[bytes]:
    if call.header("Content-Type").partition(";")[0].strip().lower() != OCTETS:
        raise ApiError(f"Content-Type must be {OCTETS}", status=415)
    return pieces_of(call.request.body.read)


def _announced(call: ApiCall) -> int | None:
    """How many bytes the sender says there are; ``BadRequest`` when he says two
    things."""
    length = call.request.content_length
    text = call.header(SIZE_HEADER)
    if not text:
        return length
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f"{SIZE_HEADER} must be a whole number, not {text!r}")
    if length is not None and length != int(text):
        raise BadRequest(f"{SIZE_HEADER} contradicts Content-Length")
    return int(text)


def _range(call: ApiCall, size: int) -> tuple[int, int] | None:
    """The one range asked for, as [start, stop); 416 for none that is there, and for
    several, which no client of images asks for."""
    specs = parse_range(call.header("Range"))
    if specs is None:
        return None
    slices = resolve(specs, size)
    if len(specs) != 1 or not slices:
        raise ApiError(
            f"The range is not within the image's {size} bytes, or not a single one",
            status=416,
            headers=(("Content-Range", f"bytes */{size}"),),
        )
    return slices[0]


def _hashes(image: Image) -> HeaderList:
    """For readers who check what they get without asking for the record."""
    if not image.os_hash_value:
        return []
    return [
        ("X-OpenStack-Image-Hash-Algo", "sha512"),
        ("X-OpenStack-Image-Hash-Value", image.os_hash_value),
    ]
