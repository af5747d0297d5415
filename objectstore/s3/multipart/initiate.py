"""CreateMultipartUpload."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from objectstore.kernel.reply import Reply
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.lifecycle.headers import of_upload
from objectstore.s3.lifecycle.rules_of import known_rules
from objectstore.s3.lifecycle.uploads import enter_upload
from objectstore.s3.multipart.parts import (
    LISTED_OWNER,
    segments_container,
    upload_name,
)
from objectstore.s3.names import KEY_BYTES_MAX
from objectstore.s3.object.customer_key import read_customer_key
from objectstore.s3.object.encryption import sse_headers
from objectstore.s3.object.lock_headers import lock_to_store
from objectstore.s3.object.upload_headers import upload_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import COMPOSITE, FULL_OBJECT, by_name
from objectstore.s3.xml.write import document, text

# What the marker's name adds to the key's: "uploads/", "/" and the ID.
NAME_OVERHEAD_BYTES = 8 + 1 + 40
UPLOAD_CHECKSUM = sysmeta.OBJECT + "upload-checksum"  # ALGORITHM:TYPE
# The account that began it, if that is not the bucket's.
UPLOAD_OWNER = sysmeta.OBJECT + "upload-initiator"


def create_upload(operation: Operation) -> Reply:
    """POST ?uploads of a key."""
    if len(operation.key.encode()) > KEY_BYTES_MAX - NAME_OVERHEAD_BYTES:
        raise S3Error("KeyTooLongError")
    customer_key = read_customer_key(operation)
    headers = upload_headers(operation)
    if customer_key is not None:
        headers[sysmeta.SSE_C] = customer_key.upload_record()
    headers.update(lock_to_store(operation))
    algorithm, kind = wanted_checksum(operation)
    if algorithm:
        headers[UPLOAD_CHECKSUM] = f"{algorithm}:{kind}"
    if operation.caller.account not in ("", operation.facts.account):
        headers[UPLOAD_OWNER] = operation.caller.account
        # Listings tell it too.
        said = quote(operation.caller.account, safe="")
        headers[sysmeta.LISTING_ETAG] = f"; {LISTED_OWNER}={said}"
    upload_id = secrets.token_hex(20)
    name = upload_name(operation.key, upload_id)
    answer = _put(operation, name, headers)
    if answer.status == 404:
        _create_container(operation)
        answer = _put(operation, name, headers)
    if not answer.is_success:
        raise operation.failed(answer)
    rules = known_rules(operation.facts)
    if rules:
        enter_upload(operation, rules)
    reply = of_upload(operation, operation.now())
    if algorithm:
        reply += [
            ("x-amz-checksum-algorithm", algorithm),
            ("x-amz-checksum-type", kind),
        ]
    if customer_key is not None:
        reply += customer_key.reply_headers()
    reply += sse_headers(headers)
    body = document(
        "InitiateMultipartUploadResult",
        text("Bucket", operation.bucket),
        text("Key", operation.key),
        text("UploadId", upload_id),
    )
    return Reply(200, body, reply, "application/xml")


def wanted_checksum(operation: Operation) -> tuple[str, str]:
    """(algorithm, type) that the parts will have; ("", "") when not said."""
    name = operation.header("X-Amz-Checksum-Algorithm")
    kind = operation.header("X-Amz-Checksum-Type").upper()
    if not name:
        if kind:
            raise S3Error(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the "
                "x-amz-checksum-algorithm header.",
            )
        return "", ""
    algorithm = by_name(name)
    if not kind:
        kind = FULL_OBJECT if algorithm.name == "CRC64NVME" else COMPOSITE
    impossible = (kind == FULL_OBJECT and not algorithm.is_crc) or (
        kind == COMPOSITE and algorithm.name == "CRC64NVME"
    )
    if impossible or kind not in (FULL_OBJECT, COMPOSITE):
        raise S3Error(
            "InvalidRequest",
            f"The {kind} checksum type cannot be used with the "
            f"{algorithm.name.lower()} checksum algorithm.",
        )
    return algorithm.name, kind


def _put(operation: Operation, name: str, headers: dict[str, str]) -> Answer:
    container = segments_container(operation.facts.container)
    return operation.ask("PUT", container, name, headers=headers).discard()


def _create_container(operation: Operation) -> None:
    answer = operation.ask_bucket(
        "POST", headers={sysmeta.CONTAINER_MULTIPART: "true"}, internal=True
    ).discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    facts = operation.facts
    operation.house.registry.note_multipart(
        operation.environ, facts.account, facts.container
    )
    answer = operation.ask(
        "PUT", segments_container(operation.facts.container), internal=True
    ).discard()
    if not answer.is_success:
        raise operation.failed(answer)
