"""PUT and GET of a lifecycle configuration: stored, and its bucket's back-fill begun.

With it goes which objects are too small for another storage class.  Nothing is moved
here, but clients (Terraform) wait until they hear what they said, or AWS's default.
"""

from __future__ import annotations

import secrets

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3 import documents, sysmeta
from objectstore.s3.bucket.configuration import checked_body, store
from objectstore.s3.bucket.lifecycle_rules import parse_lifecycle
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.backfill import begin_job
from objectstore.s3.lifecycle.rules_of import NAME
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.render import render, render_document

# AWS gives rules without an ID one of about this length.
ID_BYTES = 24
_SMALLEST = "X-Amz-Transition-Default-Minimum-Object-Size"
_DEFAULT_SMALLEST = "all_storage_classes_128K"
_STORED_SMALLEST = sysmeta.CONTAINER + "lifecycle-smallest"  # where not the default


def put_lifecycle(operation: Operation) -> Reply:
    """PUT ?lifecycle.  The job comes first: rules without it would miss what is
    there already, a job without rules finds nothing to do."""
    if not operation.house.is_guarded:
        raise S3Error(
            "NotImplemented", "Lifecycles need the filter s3_guard in the pipeline"
        )
    body = checked_body(operation, needs_digest=True)
    root = read_document(body, "LifecycleConfiguration")
    parse_lifecycle(render(root))
    for rule in root.all("Rule"):
        _name(rule)
    smallest = operation.header(_SMALLEST) or _DEFAULT_SMALLEST
    if smallest not in (_DEFAULT_SMALLEST, "varies_by_storage_class"):
        raise S3Error(
            "InvalidArgument", ArgumentName=_SMALLEST.lower(), ArgumentValue=smallest
        )
    packed = documents.pack(NAME, render(root))
    packed[_STORED_SMALLEST] = "" if smallest == _DEFAULT_SMALLEST else smallest
    begin_job(operation, operation.now() + operation.house.settings.lifecycle_settle)
    store(operation, packed)
    return Reply(200, b"", _told(smallest))


def get_lifecycle(operation: Operation) -> Reply:
    """GET ?lifecycle."""
    answer = operation.ask_bucket("HEAD").discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    text = documents.unpack(NAME, answer.headers)
    if not text:
        raise S3Error("NoSuchLifecycleConfiguration", BucketName=operation.bucket)
    told = _told(answer.get(_STORED_SMALLEST) or _DEFAULT_SMALLEST)
    return Reply(200, render_document(text), told, "application/xml")


def _told(smallest: str) -> HeaderList:
    return [(_SMALLEST.lower(), smallest)]


def _name(rule: Node) -> None:
    """Give a rule without an ID one, as AWS does: replies name rules by it."""
    given = rule.child("ID")
    if given is None:
        given = Node("ID")
        rule.children.insert(0, given)
    given.text = given.text or secrets.token_urlsafe(ID_BYTES)
