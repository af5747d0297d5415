"""PUT of a lifecycle configuration: stored, and its bucket's back-fill begun."""

from __future__ import annotations

import secrets

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.bucket.configuration import checked_body, store
from objectstore.s3.bucket.lifecycle_rules import parse_lifecycle
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.backfill import begin_job
from objectstore.s3.lifecycle.rules_of import NAME
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.render import render

# AWS gives rules without an ID one of about this length.
ID_BYTES = 24


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
    packed = documents.pack(NAME, render(root))
    begin_job(operation, operation.now() + operation.house.settings.lifecycle_settle)
    store(operation, packed)
    return Reply(200, b"")


def _name(rule: Node) -> None:
    """Give a rule without an ID one, as AWS does: replies name rules by it."""
    given = rule.child("ID")
    if given is None:
        given = Node("ID")
        rule.children.insert(0, given)
    given.text = given.text or secrets.token_urlsafe(ID_BYTES)
