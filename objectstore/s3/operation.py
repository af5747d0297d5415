"""One S3 request on its way to its verb: what was asked, by whom, of which bucket.

It is also the kernel's ``Request``, so headers and query are decoded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.clock import Clock
from objectstore.kernel.request import Environ, Request
from objectstore.kernel.timestamps import HybridClock
from objectstore.s3.bucket_facts import BucketFacts, BucketFactsCache
from objectstore.s3.caller import ANYBODY, Caller
from objectstore.s3.errors import S3Error, from_status
from objectstore.s3.header_names import header_names
from objectstore.s3.inner import Answer, Store
from objectstore.s3.notify.event import Event
from objectstore.s3.notify.targets import Targets
from objectstore.s3.payload.open import Payload, open_payload
from objectstore.s3.registry import Registry
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing import hoisted


@dataclass(frozen=True, slots=True)
class House:
    """What every verb needs beside its request."""

    settings: S3Settings
    store: Store
    clock: Clock
    buckets: BucketFactsCache
    registry: Registry
    # A filter below keeps Swift's face from breaking object locks.
    is_guarded: bool
    # What a filter below encrypts at rest: "all", "asked" (SSE-S3), or "": nothing.
    encrypts: str
    # Whether that filter has a key of this name for SSE-KMS.
    has_kms_key: Callable[[str], bool]
    # Where notifications can go, by name; and the order of events.
    targets: Targets
    sequence: HybridClock


class Operation(Request):
    """The request; ``bucket`` and ``key`` are "" where it names none.

    ``is_plain_write``: its headers ask for nothing beyond a body to be stored.
    ``extras`` are the ``x-amz-`` headers (as environ keys) beyond those of the
    signature: most requests have none, so verbs look for what they know among these.
    """

    __slots__ = (
        "action",
        "asked",
        "batch",
        "bucket",
        "bucket_facts",
        "caller",
        "document",
        "error_code",
        "events",
        "extras",
        "house",
        "is_plain_write",
        "key",
        "logged_as",
        "payload",
        "reply_headers",
        "request_id",
    )

    def __init__(self, environ: Environ, house: House, bucket: str, key: str) -> None:
        super().__init__(environ)
        self.house = house
        self.bucket = bucket
        self.key = key
        self._sort_headers()
        self.caller: Caller = ANYBODY
        self.bucket_facts: BucketFacts | None = None
        self.request_id = self.context.transaction_id
        # The IAM action, as policies call it.
        self.action = ""
        self.payload: Payload | None = None
        # The body, once it has been read as a document.
        self.document: bytes | None = None
        # The store's answer, where it was asked on behalf of ``caller`` before all this
        # was known: ``plain_requests``.
        self.asked: Answer | None = None
        # What the verb did, for notifications.
        self.events: list[Event] = []
        # For the access log: the error's code; what a request with many keys did to
        # each (key, version, error code); the operation's name, where it is special.
        self.error_code = ""
        self.batch: list[tuple[str, str, str]] = []
        self.logged_as = ""
        # What goes on the reply whatever it says.
        self.reply_headers: list[tuple[str, str]] = []

    def _sort_headers(self) -> None:
        names = header_names(self.environ)
        self.extras = names.extras
        self.is_plain_write = names.is_plain_write

    def take_headers_of_query(self) -> None:
        """Heed the headers that a presigned URL brings; see ``signing.hoisted``."""
        if hoisted.take(self.environ, self.query):
            self._sort_headers()

    @property
    def facts(self) -> BucketFacts:
        """The bucket's facts; only in verbs on a bucket that exists."""
        assert self.bucket_facts is not None, "the verb has no bucket"
        return self.bucket_facts

    @property
    def version_id(self) -> str:
        """``versionId`` of the query; "" without."""
        return self.query.get("versionId", "")

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.house.clock.time()

    def ask(
        self, method: str, container: str = "", name: str = "", **more: Any
    ) -> Answer:
        """An inner request in the bucket's account."""
        return self.house.store.ask(
            self.environ, method, self.facts.account, container, name, **more
        )

    def ask_bucket(self, method: str, **more: Any) -> Answer:
        """An inner request to the bucket's container."""
        return self.ask(method, self.facts.container, **more)

    def ask_object(self, method: str, **more: Any) -> Answer:
        """An inner request to the object."""
        return self.ask(method, self.facts.container, self.key, **more)

    def take_asked(self) -> Answer | None:
        """``asked``, for whoever goes on from there."""
        answer, self.asked = self.asked, None
        return answer

    def open_payload(self, *, is_upload: bool = True) -> Payload:
        """The body, an object's or a part's by default; see ``payload.open``."""
        if self.payload is None:
            self.payload = open_payload(
                self.environ, self.caller.verified, is_upload=is_upload
            )
        return self.payload

    def read_body(self, limit: int, *, required: bool = True) -> bytes:
        """The whole (checked) body of a request that carries a document; a policy may
        have looked at it before the verb does."""
        payload = self.open_payload(is_upload=False)
        if payload.length > limit:
            raise S3Error("MaxMessageLengthExceeded")
        if self.document is None:
            self.document = (
                payload.stream.read(payload.length) if payload.length else b""
            )
        if required and not self.document:
            raise S3Error("MissingRequestBodyError")
        return self.document

    def failed(self, answer: Answer, *, missing: str = "NoSuchKey") -> S3Error:
        """The error for an inner answer that is none of those a verb expects."""
        payload = self.payload
        if payload is not None and isinstance(payload.failure, S3Error):
            answer.close()
            return payload.failure
        text = answer.read(1024).decode("utf-8", "replace")
        if answer.status == 404:
            if missing == "NoSuchKey":
                return S3Error(missing, Key=self.key)
            if missing == "NoSuchBucket":
                return S3Error(missing, BucketName=self.bucket)
            return S3Error(missing)
        if answer.status == 400 and self.version_id:
            # The ID is one; so the bucket never had versions.
            return S3Error("NoSuchVersion", Key=self.key, VersionId=self.version_id)
        if answer.status in (409, 400, 405, 413) and text and not text.startswith("<"):
            return from_status(answer.status, text)
        return from_status(answer.status)
