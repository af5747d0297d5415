"""PUT of a notification configuration: targets must be known, and are told."""

from __future__ import annotations

import secrets

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.bucket.configuration import checked_body, store
from objectstore.s3.errors import S3Error
from objectstore.s3.notify.announce import NAME, announce_test
from objectstore.s3.notify.rules import parse_notification
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.render import render

ID_BYTES = 24


def put_notification(operation: Operation) -> Reply:
    """PUT ?notification."""
    root = read_document(checked_body(operation), "NotificationConfiguration")
    rules = parse_notification(render(root))
    for rule in rules:
        if rule.target not in operation.house.targets:
            raise S3Error(
                "InvalidArgument",
                "Unable to validate the following destination configurations",
            )
    for node in root.children:
        _name(node)
    store(operation, documents.pack(NAME, render(root) if rules else ""))
    announce_test(operation, rules)
    return Reply(200, b"")


def _name(node: Node) -> None:
    """Give a configuration without an ID one, as AWS does."""
    given = node.child("Id")
    if given is None:
        given = Node("Id")
        node.children.insert(0, given)
    given.text = given.text or secrets.token_urlsafe(ID_BYTES)
