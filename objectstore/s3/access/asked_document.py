"""Condition keys of what a request's document asks for: tags, retention, legal hold.

What an upload says in headers, PutObjectTagging, PutObjectRetention and
PutObjectLegalHold say in XML; policies call it by the same names.  Beside a document
such a header means nothing, so it must not speak for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.s3.object.tags import from_xml
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document

# Ten tags, or a date: anything longer is none of these documents.
DOCUMENT_BYTES_MAX = 64 * 1024
_KINDS = ("tagging", "retention", "legal-hold")


def has_document(operation: Operation) -> bool:
    """Whether what the request asks for stands in its document, not in its head."""
    return any(_is(operation, kind) for kind in _KINDS)


def asked_tags(operation: Operation) -> Mapping[str, str]:
    """The tags that a document asks for; none of a request without one."""
    body = _document(operation, "tagging")
    return from_xml(body) if body else {}


def asked_lock(operation: Operation) -> Mapping[str, str]:
    """The keys of a lock that a document asks for, those that it names."""
    if body := _document(operation, "retention"):
        retention = read_document(body, "Retention")
        found = {
            "s3:object-lock-mode": retention.get("Mode"),
            "s3:object-lock-retain-until-date": retention.get("RetainUntilDate"),
        }
        return {name: value for name, value in found.items() if value}
    if body := _document(operation, "legal-hold"):
        status = read_document(body, "LegalHold").get("Status")
        return {"s3:object-lock-legal-hold": status} if status else {}
    return {}


def _document(operation: Operation, kind: str) -> bytes:
    """The body of a PUT of that kind to an object; it can be read again."""
    return operation.read_body(DOCUMENT_BYTES_MAX) if _is(operation, kind) else b""


def _is(operation: Operation, kind: str) -> bool:
    return operation.method == "PUT" and bool(operation.key) and kind in operation.query
