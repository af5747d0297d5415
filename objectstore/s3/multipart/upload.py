"""An upload under way: found by key and ID, as its marker describes it."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.errors import Unavailable
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.initiate import UPLOAD_CHECKSUM
from objectstore.s3.multipart.parts import (
    is_upload_id,
    segments_container,
    upload_name,
)
from objectstore.s3.operation import Operation


@dataclass(frozen=True, slots=True)
class Upload:
    """The upload that a request names."""

    upload_id: str
    marker: Answer

    @property
    def algorithm(self) -> str:
        """The checksum algorithm that it was created with; "" without."""
        return self.marker.get(UPLOAD_CHECKSUM).partition(":")[0]

    @property
    def checksum_type(self) -> str:
        """``FULL_OBJECT``, ``COMPOSITE`` or ""."""
        return self.marker.get(UPLOAD_CHECKSUM).partition(":")[2]


def find_upload(operation: Operation) -> Upload:
    """The request's upload, or ``NoSuchUpload``; ``Unavailable`` when too few replicas
    answer to know."""
    upload_id = operation.query.get("uploadId", "")
    if not is_upload_id(upload_id):
        raise S3Error("NoSuchUpload", UploadId=upload_id[:256])
    marker = operation.ask(
        "HEAD",
        segments_container(operation.facts.container),
        upload_name(operation.key, upload_id),
    ).discard()
    if marker.status == 404 and marker.is_reduced:
        raise Unavailable("an upload cannot be looked up")
    if marker.status == 404:
        raise S3Error("NoSuchUpload", UploadId=upload_id)
    if not marker.is_success:
        raise operation.failed(marker)
    return Upload(upload_id, marker)
