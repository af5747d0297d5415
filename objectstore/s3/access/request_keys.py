"""The condition keys of a request, looked up when a policy asks for them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from objectstore.s3.dates import iso
from objectstore.s3.operation import Operation

_QUERY_KEYS = {
    "s3:prefix": "prefix",
    "s3:delimiter": "delimiter",
    "s3:max-keys": "max-keys",
    "s3:versionid": "versionId",
}
_HEADER_KEYS = {
    "aws:referer": "Referer",
    "aws:useragent": "User-Agent",
    "s3:x-amz-acl": "X-Amz-Acl",
    "s3:x-amz-copy-source": "X-Amz-Copy-Source",
    "s3:x-amz-metadata-directive": "X-Amz-Metadata-Directive",
    "s3:x-amz-storage-class": "X-Amz-Storage-Class",
    "s3:x-amz-server-side-encryption": "X-Amz-Server-Side-Encryption",
    "s3:x-amz-server-side-encryption-customer-algorithm": (
        "X-Amz-Server-Side-Encryption-Customer-Algorithm"
    ),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": (
        "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"
    ),
    "s3:x-amz-grant-read": "X-Amz-Grant-Read",
    "s3:x-amz-grant-write": "X-Amz-Grant-Write",
    "s3:x-amz-grant-read-acp": "X-Amz-Grant-Read-Acp",
    "s3:x-amz-grant-write-acp": "X-Amz-Grant-Write-Acp",
    "s3:x-amz-grant-full-control": "X-Amz-Grant-Full-Control",
    "s3:x-amz-content-sha256": "X-Amz-Content-Sha256",
    "s3:x-amz-website-redirect-location": "X-Amz-Website-Redirect-Location",
    "s3:object-lock-mode": "X-Amz-Object-Lock-Mode",
    "s3:object-lock-retain-until-date": "X-Amz-Object-Lock-Retain-Until-Date",
    "s3:object-lock-legal-hold": "X-Amz-Object-Lock-Legal-Hold",
    "s3:if-none-match": "If-None-Match",
    "s3:if-match": "If-Match",
}
_EXISTING_TAG = "s3:existingobjecttag/"
_REQUEST_TAG = "s3:requestobjecttag/"


class RequestKeys:
    """Answers what a policy asks about one request.

    ``existing_tags`` fetches the object's tags; it is called at most once, and
    only when a policy asks for them.
    """

    __slots__ = ("_existing_tags", "_operation", "_tags")

    def __init__(
        self, operation: Operation, existing_tags: Callable[[], dict[str, str]]
    ) -> None:
        self._operation = operation
        self._existing_tags = existing_tags
        self._tags: dict[str, str] | None = None

    def __call__(self, key: str) -> tuple[str, ...] | None:
        """The key's values; None when the request has none."""
        operation = self._operation
        parameter = _QUERY_KEYS.get(key)
        if parameter is not None:
            value = operation.query.get(parameter)
            return None if value is None else (value,)
        header = _HEADER_KEYS.get(key)
        if header is not None:
            return (operation.header(header),) if operation.has_header(header) else None
        if key.startswith(_EXISTING_TAG):
            if self._tags is None:
                self._tags = {
                    name.lower(): value for name, value in self._existing_tags().items()
                }
            return _one(self._tags.get(key[len(_EXISTING_TAG) :]))
        if key.startswith(_REQUEST_TAG) or key == "s3:requestobjecttagkeys":
            tags = dict(parse_qsl(operation.header("X-Amz-Tagging")))
            if key == "s3:requestobjecttagkeys":
                return tuple(tags) or None
            wanted = key[len(_REQUEST_TAG) :]
            return _one({name.lower(): tags[name] for name in tags}.get(wanted))
        return self._of_request(key)

    def _of_request(self, key: str) -> tuple[str, ...] | None:
        operation = self._operation
        caller, environ = operation.caller, operation.environ
        if key == "aws:sourceip":
            return _one(environ.get("REMOTE_ADDR"))
        if key == "aws:securetransport":
            return _one(
                "true" if environ.get("wsgi.url_scheme") == "https" else "false"
            )
        if key == "aws:currenttime":
            return _one(iso(operation.now()))
        if key == "aws:epochtime":
            return _one(str(int(operation.now())))
        if key == "aws:principaltype":
            return _one("Anonymous" if caller.is_anonymous else "User")
        if key == "s3:resourceaccount":
            facts = operation.bucket_facts
            return None if facts is None else (facts.account,)
        if caller.verified is None or caller.identity is None:
            return None
        if key == "aws:username":
            return _one(caller.user.rpartition(":")[2])
        if key == "aws:userid":
            return _one(caller.user)
        if key == "aws:principalaccount":
            return _one(caller.account)
        if key == "aws:principalarn":
            user = caller.user.rpartition(":")[2]
            return _one(f"arn:aws:iam::{caller.account}:user/{user}")
        if key == "s3:signatureversion":
            return _one(caller.verified.version)
        if key == "s3:authtype":
            return _one(caller.verified.auth_type)
        if key == "s3:signatureage":
            return _one(str(int(caller.verified.age_seconds * 1000)))
        return None


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)
