"""GetObjectAttributes."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import sysmeta
from objectstore.s3.bucket.listing_query import page_size
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.amend import head_object
from objectstore.s3.object.customer_key import read_customer_key, require_no_key
from objectstore.s3.object.encrypted_read import open_stored
from objectstore.s3.object.part_checksums import part_checksums
from objectstore.s3.object.part_sizes import read_part_sizes
from objectstore.s3.object.reply_headers import s3_etag, version_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import ALGORITHMS
from objectstore.s3.xml.write import document, element, flag, text

_KNOWN = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


def get_attributes(operation: Operation) -> Reply:
    """GET ?attributes of an object."""
    wanted = {
        name.strip()
        for name in operation.header("X-Amz-Object-Attributes").split(",")
        if name.strip()
    }
    if not wanted or not wanted <= _KNOWN:
        raise S3Error("InvalidArgument", "Invalid attribute name specified.")
    head = head_object(operation)
    size = int(head.get("content-length", "0"))
    key = read_customer_key(operation)
    if key is not None:
        size = open_stored(key, head).size
    else:
        require_no_key(operation, head)
    elements = []
    if "ETag" in wanted:
        elements.append(text("ETag", s3_etag(head)))
    if "Checksum" in wanted:
        elements.append(_checksum(head))
    if "ObjectParts" in wanted:
        elements.append(_parts(operation, head))
    if "StorageClass" in wanted:
        elements.append(
            text("StorageClass", head.get(sysmeta.STORAGE_CLASS) or "STANDARD")
        )
    if "ObjectSize" in wanted:
        elements.append(text("ObjectSize", size))
    headers = [("Last-Modified", head.modified), *version_headers(head)]
    body = document("GetObjectAttributesResponse", *elements)
    return Reply(200, body, headers, content_type="application/xml")


def _checksum(head: Answer) -> str:
    stored = head.get(sysmeta.CHECKSUM)
    if not stored:
        return ""
    name, kind, value = stored.split(":", 2)
    return element(
        "Checksum",
        text(ALGORITHMS[name].element, value.partition("-")[0]),
        text("ChecksumType", kind),
    )


def _parts(operation: Operation, head: Answer) -> str:
    sizes = read_part_sizes(head.get(sysmeta.PART_SIZES))
    if not sizes:
        return ""
    given = operation.header("X-Amz-Max-Parts")
    limit = int(given) if given.isascii() and given.isdigit() else 1000
    limit = min(limit, page_size(operation, "max-parts", 1000))
    marker_text = operation.header("X-Amz-Part-Number-Marker")
    marker = int(marker_text) if marker_text.isascii() and marker_text.isdigit() else 0
    shown = list(enumerate(sizes, 1))[marker : marker + limit]
    checksums = part_checksums(operation, head, sizes, marker, len(shown))
    return element(
        "ObjectParts",
        text("PartsCount", len(sizes)),
        text("PartNumberMarker", marker),
        text("NextPartNumberMarker", shown[-1][0] if shown else marker),
        text("MaxParts", limit),
        flag("IsTruncated", marker + len(shown) < len(sizes)),
        *[
            element("Part", text("PartNumber", number), text("Size", size), checksum)
            for (number, size), checksum in zip(shown, checksums, strict=True)
        ],
    )
