"""Parameters that make a request another verb's, known here or not.  Pure.

AWS names new verbs by parameters without a value.  One that was passed over would turn
into a read, a PUT or a DELETE of the object itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.s3.errors import S3Error

SUBRESOURCES = frozenset(
    {
        "abac",
        "accelerate",
        "acl",
        "analytics",
        "annotation",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "list-type",
        "location",
        "logging",
        "metadataAnnotationTable",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "renameObject",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "session",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versioning",
        "versions",
        "website",
    }
)
# Parameters of writes that may be empty without being a verb's name.
_MAY_BE_EMPTY = frozenset({"partNumber", "versionId", "x-id"})
_NAME_SHOWN_MAX = 64


def subresource_of(query: Mapping[str, str]) -> str:
    """The verb's name in a query; "" without."""
    for name in query:
        if name in SUBRESOURCES:
            return name
    return ""


def refuse_unheard_of(query: Mapping[str, str]) -> None:
    """Raise for a write's query that may name a verb of which nothing is known yet."""
    for name, value in query.items():
        if value or name in _MAY_BE_EMPTY or name.lower().startswith("x-amz-"):
            continue
        raise S3Error("NotImplemented", Header=name[:_NAME_SHOWN_MAX])
