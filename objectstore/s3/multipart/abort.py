"""AbortMultipartUpload."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.multipart.claim import claimed
from objectstore.s3.multipart.parts import (
    delete_parts,
    forget_record,
    segments_container,
    upload_name,
)
from objectstore.s3.operation import Operation


def abort_upload(operation: Operation) -> Reply:
    """DELETE ?uploadId.  The marker goes first: no part is taken after that.

    Where a completion was begun its object may be there, or come up when replicas are
    level again: the parts are the sweeper's then, which looks.
    """
    with claimed(operation) as (upload, claim):
        container = segments_container(operation.facts.container)
        name = upload_name(operation.key, upload.upload_id)
        answer = operation.ask("DELETE", container, name, internal=True).discard()
        if not answer.is_success:
            raise operation.failed(answer, missing="NoSuchUpload")
        # From here on nobody takes it over; who did before may be using them.
        if not claim.attempts_before and claim.still_holds():
            delete_parts(operation, upload.upload_id)
            forget_record(operation, upload.upload_id)
    return Reply(204, ())
