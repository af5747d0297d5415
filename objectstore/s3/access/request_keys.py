"""The condition keys of a request, looked up when a policy asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from objectstore.s3.access.asked_document import asked_lock, asked_tags, has_document
from objectstore.s3.access.begun_upload import is_said_once, said_of_upload
from objectstore.s3.caller import Caller
from objectstore.s3.dates import from_iso, iso
from objectstore.s3.operation import Operation
from objectstore.s3.signing.claim import Verified

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
    "s3:x-amz-object-ownership": "X-Amz-Object-Ownership",
    "s3:x-amz-content-sha256": "X-Amz-Content-Sha256",
    "s3:x-amz-website-redirect-location": "X-Amz-Website-Redirect-Location",
    "s3:object-lock-mode": "X-Amz-Object-Lock-Mode",
    "s3:object-lock-retain-until-date": "X-Amz-Object-Lock-Retain-Until-Date",
    "s3:object-lock-legal-hold": "X-Amz-Object-Lock-Legal-Hold",
    "s3:if-none-match": "If-None-Match",
    "s3:if-match": "If-Match",
}
_LOCK_KEYS = frozenset(name for name in _HEADER_KEYS if "object-lock" in name)
_LOCK_DAYS = "s3:object-lock-remaining-retention-days"
_DAY_SECONDS = 86400
_EXISTING_TAG = "s3:existingobjecttag/"
_REQUEST_TAG = "s3:requestobjecttag/"


def _user_name(caller: Caller) -> str:
    return caller.user.rpartition(":")[2]


def _resource_account(operation: Operation) -> str | None:
    facts = operation.bucket_facts
    return None if facts is None else facts.account


# What every request has,
_OF_ALL: dict[str, Callable[[Operation], str | None]] = {
    "aws:sourceip": lambda asked: asked.environ.get("REMOTE_ADDR"),
    "aws:securetransport": lambda asked: (
        "true" if asked.environ.get("wsgi.url_scheme") == "https" else "false"
    ),
    "aws:currenttime": lambda asked: iso(asked.now()),
    "aws:epochtime": lambda asked: str(int(asked.now())),
    "aws:principaltype": lambda asked: (
        "Anonymous" if asked.caller.is_anonymous else "User"
    ),
    "s3:resourceaccount": _resource_account,
}
# what those of a known user have, who signed them,
_OF_USERS: dict[str, Callable[[Caller], str]] = {
    "aws:username": _user_name,
    "aws:userid": lambda caller: caller.user,
    "aws:principalaccount": lambda caller: caller.account,
    "aws:principalarn": lambda caller: (
        f"arn:aws:iam::{caller.account}:user/{_user_name(caller)}"
    ),
}
# and what their signatures say.
_OF_SIGNATURES: dict[str, Callable[[Verified], str]] = {
    "s3:signatureversion": lambda verified: verified.version,
    "s3:authtype": lambda verified: verified.auth_type,
    "s3:signatureage": lambda verified: str(int(verified.age_seconds * 1000)),
}


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
        if key in _LOCK_KEYS and has_document(operation):
            return _one(asked_lock(operation).get(key))
        if is_said_once(operation, key):
            return _one(said_of_upload(operation, key))
        header = _HEADER_KEYS.get(key)
        if header is not None:
            return (operation.header(header),) if operation.has_header(header) else None
        if key == _LOCK_DAYS:
            return self._remaining_days()
        if key.startswith(_EXISTING_TAG):
            if self._tags is None:
                self._tags = self._existing_tags()
            return _tag(self._tags, key[len(_EXISTING_TAG) :])
        if key.startswith(_REQUEST_TAG) or key == "s3:requestobjecttagkeys":
            tags = _tags_of(operation)
            if key == "s3:requestobjecttagkeys":
                return tuple(tags) or None
            return _tag(tags, key[len(_REQUEST_TAG) :])
        return self._of_request(key)

    def _remaining_days(self) -> tuple[str, ...] | None:
        """How many days from now the request wants something to be retained."""
        until = self("s3:object-lock-retain-until-date")
        if until is None:
            return None
        seconds = from_iso(until[0], "InvalidArgument") - self._operation.now()
        return (str(int(seconds // _DAY_SECONDS)),)

    def _of_request(self, key: str) -> tuple[str, ...] | None:
        operation = self._operation
        caller = operation.caller
        if (of_all := _OF_ALL.get(key)) is not None:
            return _one(of_all(operation))
        if caller.verified is None or caller.identity is None:
            return None
        if (of_user := _OF_USERS.get(key)) is not None:
            return _one(of_user(caller))
        said = _OF_SIGNATURES.get(key)
        return None if said is None else _one(said(caller.verified))


def _tag(tags: Mapping[str, str], wanted: str) -> tuple[str, ...] | None:
    """A tag's value; the very tag's, where others differ from it in case only."""
    if wanted in tags:
        return (tags[wanted],)
    folded = {name.lower(): value for name, value in tags.items()}
    return _one(folded.get(wanted.lower()))


def _tags_of(operation: Operation) -> Mapping[str, str]:
    if has_document(operation):
        return asked_tags(operation)
    directive = operation.header("X-Amz-Tagging-Directive")
    if operation.has_header("X-Amz-Copy-Source") and directive != "REPLACE":
        return {}  # the source's tags come along
    # A tag without a value is one too.
    return dict(parse_qsl(operation.header("X-Amz-Tagging"), keep_blank_values=True))


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)
