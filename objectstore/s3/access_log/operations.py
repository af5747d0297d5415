"""What access logs call an operation: REST.GET.OBJECT and the like.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

_OF_BUCKET = {
    "": "BUCKET",
    "list-type": "BUCKET",
    "accelerate": "ACCELERATE",
    "acl": "ACL",
    "cors": "CORS",
    "delete": "MULTI_OBJECT_DELETE",
    "encryption": "ENCRYPTION",
    "lifecycle": "LIFECYCLE",
    "location": "LOCATION",
    "logging": "LOGGING_STATUS",
    "notification": "NOTIFICATION",
    "object-lock": "OBJECT_LOCK_CONFIGURATION",
    "ownershipControls": "OWNERSHIP_CONTROLS",
    "policy": "BUCKETPOLICY",
    "policyStatus": "POLICY_STATUS",
    "publicAccessBlock": "PUBLIC_ACCESS_BLOCK",
    "replication": "REPLICATION",
    "requestPayment": "REQUEST_PAYMENT",
    "tagging": "TAGGING",
    "uploads": "UPLOADS",
    "versioning": "VERSIONING",
    "versions": "BUCKETVERSIONS",
    "website": "WEBSITE",
}
_OF_OBJECT = {
    "": "OBJECT",
    "acl": "ACL",
    "attributes": "OBJECT_ATTRIBUTES",
    "legal-hold": "OBJECT_LOCK_LEGALHOLD",
    "retention": "OBJECT_LOCK_RETENTION",
    "tagging": "OBJECT_TAGGING",
    "uploads": "UPLOADS",
}


def operation_name(
    method: str, query: Iterable[str], *, has_key: bool, is_copy: bool
) -> str:
    """The name of a request with these parameters."""
    names = set(query)
    if has_key and "uploadId" in names:
        if method == "PUT":
            return "REST.COPY.PART" if is_copy else "REST.PUT.PART"
        return f"REST.{method}.UPLOAD"
    if is_copy:
        return "REST.COPY.OBJECT"
    table = _OF_OBJECT if has_key else _OF_BUCKET
    for name in names:
        if name in table:
            return f"REST.{method}.{table[name]}"
    return f"REST.{method}.{table['']}"
