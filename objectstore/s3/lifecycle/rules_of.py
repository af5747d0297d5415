"""A bucket's lifecycle rules: as they are known, or as they are now."""

from __future__ import annotations

from objectstore.kernel.errors import Unavailable
from objectstore.s3 import documents
from objectstore.s3.bucket.lifecycle_rules import Rule, parse_lifecycle
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.operation import Operation

NAME = "lifecycle"


def known_rules(facts: BucketFacts) -> tuple[Rule, ...]:
    """The rules that the cached facts hold."""
    if _FIRST_PIECE not in facts.metadata:
        return ()
    return facts.parsed(NAME, parse_lifecycle) or ()


def rules_now(operation: Operation) -> tuple[Rule, ...]:
    """The rules as the store has them now."""
    answer = operation.ask_bucket("HEAD", headers={"X-Newest": "true"}).discard()
    if answer.is_reduced:
        raise Unavailable("a bucket cannot be looked up surely")
    if answer.status == 404:
        return ()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    text = documents.unpack(NAME, answer.headers)
    return parse_lifecycle(text) if text else ()


_FIRST_PIECE = next(iter(documents.pack(NAME, "")))
