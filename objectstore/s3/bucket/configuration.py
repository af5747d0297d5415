"""Configuration documents of a bucket: put, get, delete, all by one table.

Each is an XML document that is checked by its own ``parse``, stored normalised
in the container's system metadata, and given back as it was understood.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.errors import S3Error
from objectstore.s3.object.put import content_md5
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import announced
from objectstore.s3.payload.digested_input import wrong_md5
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.render import render, render_document

# AWS takes CORS of 64 KB and lifecycles of some hundred KB; what matters is
# whether the packed form fits (documents.pack).
CONFIGURATION_BYTES_MAX = 512 * 1024


@dataclass(frozen=True, slots=True)
class Configuration:
    """One kind of document.

    ``missing`` is the error code where there is none, or ``default`` the
    document (as XML text) that stands for none.
    """

    name: str
    root: str
    parse: Callable[[str], Any]
    missing: str = ""
    default: str = ""
    # Whether Content-MD5 or a checksum must come with it, as AWS demands.
    needs_digest: bool = False

    def put(self, operation: Operation) -> Reply:
        """PUT of the document."""
        body = checked_body(operation, needs_digest=self.needs_digest)
        text = render(read_document(body, self.root))
        self.parse(text)
        store(operation, documents.pack(self.name, text))
        return Reply(200, b"")

    def get(self, operation: Operation) -> Reply:
        """GET of the document."""
        text = stored(operation, self.name) or self.default
        if not text:
            raise S3Error(self.missing, BucketName=operation.bucket)
        return Reply(200, render_document(text), content_type="application/xml")

    def delete(self, operation: Operation) -> Reply:
        """DELETE of the document."""
        store(operation, documents.pack(self.name, ""))
        return Reply(204, ())


def checked_body(
    operation: Operation,
    *,
    needs_digest: bool = False,
    required: bool = True,
    most: int = CONFIGURATION_BYTES_MAX,
) -> bytes:
    """The body of a request that configures, its digests verified."""
    md5 = content_md5(operation)
    if needs_digest and not md5 and announced(operation.environ) is None:
        # SDKs of old sent Content-MD5, today's a checksum; a signed payload hash
        # says as much.
        verified = operation.caller.verified
        if verified is not None and len(verified.payload) != 64:
            raise S3Error(
                "InvalidRequest",
                "Missing required header for this request: Content-MD5 OR "
                "x-amz-checksum-*",
            )
    body = operation.read_body(most, required=required)
    if md5:
        check_md5(body, md5)
    return body


def check_md5(body: bytes, md5: str) -> None:
    """Raise ``BadDigest`` unless the body has that MD5."""
    found = hashlib.md5(body, usedforsecurity=False)
    if found.hexdigest() != md5:
        raise wrong_md5(md5, found.digest())


def store(operation: Operation, headers: dict[str, str]) -> None:
    """Write system metadata of the bucket's container."""
    answer = operation.ask_bucket("POST", headers=headers).discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")


def stored(operation: Operation, name: str) -> str:
    """A document as it is now: asked of the store, not of the cached facts."""
    answer = operation.ask_bucket("HEAD").discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    return documents.unpack(name, answer.headers)
