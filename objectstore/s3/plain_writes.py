"""PUT and DELETE of an object where nothing has to be decided but who asks.

Most writes are so: signed in the header by the owner of a bucket that says nothing
about writes (``BucketFacts.writes_straight``), of a small body without metadata,
without conditions.  They go from the signature straight to the object, below the
filters that would do nothing about them.  In a bucket that has had multipart uploads
one HEAD tells first whether the object is made of parts, which are to go with it: such
a write takes the long way.

A body is read and checked before the object is asked for, so what is wrong with it is
raised here; what the store refuses is given back, to be told in S3's words.  The rules
are those of ``object.put`` and ``object.delete``, which do all the rest.
"""

from __future__ import annotations

import io
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import CONTEXT_KEY, Context, Environ, StartResponse
from objectstore.s3.bucket_facts import QUOTA, BucketFacts
from objectstore.s3.header_names import HeaderNames, header_names
from objectstore.s3.inner import Answer, Store, send
from objectstore.s3.locate import Place
from objectstore.s3.multipart.leftovers import replaced_by
from objectstore.s3.object.put import checksum_headers
from objectstore.s3.object.upload_headers import DEFAULT_CONTENT_TYPE
from objectstore.s3.payload.checksums import LISTED_IN, STORED_IN, to_store
from objectstore.s3.payload.open import SMALL_BYTES_MAX, Payload, open_unchained
from objectstore.s3.plain_requests import Asked, Owners, straight_path
from objectstore.s3.signing.claim import CHAINED

_DECODED = "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"
# Of the headers that keep a checksum.
_KEYS = {
    header: "HTTP_" + header.upper().replace("-", "_")
    for header in (STORED_IN, LISTED_IN)
}


class PlainWrites:
    """See the module's docstring."""

    __slots__ = ("_encrypts_all", "_owners", "_store")

    def __init__(self, store: Store, owners: Owners, encrypts: str) -> None:
        """``encrypts`` as ``House`` has it."""
        self._store = store
        self._owners = owners
        # Replies to PUTs say so then.
        self._encrypts_all = encrypts == "all"

    def answer(
        self, environ: Environ, start_response: StartResponse, place: Place
    ) -> Any:
        """The reply's body, its head sent; or ``Asked``, where the store refused; or
        None: nothing was asked, nothing read.  Raises ``Rejected`` for a wrong body.

        ``environ`` is a PUT or DELETE without a query.
        """
        names = header_names(environ)
        if not names.is_straight_write:
            return None
        is_put = environ["REQUEST_METHOD"] == "PUT"
        if is_put and (self._encrypts_all or not _is_small(environ)):
            return None
        found = self._owners.find(environ, place, names.amazon)
        if found is None:
            return None
        caller, facts = found
        context: Context = environ[CONTEXT_KEY]
        if not facts.writes_straight or _has_quota(context, facts):
            return None
        context.identity = caller.identity
        path = straight_path(facts, place.key)
        if facts.may_have_parts and self._is_of_parts(environ, names, path):
            return None
        extra: HeaderList = []
        if is_put:
            payload = open_unchained(environ, environ["HTTP_X_AMZ_CONTENT_SHA256"])
            answer = self._ask(environ, names, path, payload)
            if answer.is_success:
                extra = [("ETag", f'"{answer.get("etag")}"')]
                extra += checksum_headers(payload)
                extra.append(("Content-Length", "0"))
        else:
            answer = self._ask(environ, names, path, None)
        if not answer.is_success:
            return Asked(answer, caller)
        answer.close()
        request_id = context.transaction_id
        extra.append(("x-amz-request-id", request_id))
        extra.append(("x-amz-id-2", request_id))
        start_response("200 OK" if is_put else "204 No Content", extra)
        return []

    def _is_of_parts(self, environ: Environ, names: HeaderNames, path: str) -> bool:
        """Whether the object is, or cannot be looked at just now."""
        made = self._environ(environ, names, path)
        made["REQUEST_METHOD"] = "HEAD"
        made["wsgi.input"] = io.BytesIO()
        answer = self._send(made).discard()
        if answer.status == 404:
            return False
        return not answer.is_success or replaced_by(answer) is not None

    def _environ(self, environ: Environ, names: HeaderNames, path: str) -> Environ:
        made = names.inherit(environ)
        made["PATH_INFO"] = path
        made[CONTEXT_KEY] = self._store.straight_context(environ[CONTEXT_KEY])
        return made

    def _ask(
        self, environ: Environ, names: HeaderNames, path: str, payload: Payload | None
    ) -> Answer:
        made = self._environ(environ, names, path)
        if payload is None:
            made["wsgi.input"] = io.BytesIO()
        else:
            made["wsgi.input"] = payload.stream
            made["CONTENT_LENGTH"] = str(payload.length)
            made["CONTENT_TYPE"] = environ.get("CONTENT_TYPE") or DEFAULT_CONTENT_TYPE
            checksum = payload.checksum
            if checksum is not None:
                for header, value in to_store(*checksum).items():
                    made[_KEYS[header]] = value
        return self._send(made)

    def _send(self, made: Environ) -> Answer:
        try:
            return send(self._store.straight_app, made)
        except Rejected as rejected:
            return Answer.of(rejected)


def _is_small(environ: Environ) -> bool:
    """Whether the body is small, of ordinary type and encoding, and not signed piece
    by piece."""
    kind = environ["HTTP_X_AMZ_CONTENT_SHA256"]
    if kind in CHAINED or not environ.get("CONTENT_TYPE", "").isascii():
        return False
    if environ.get("HTTP_CONTENT_ENCODING", "aws-chunked") != "aws-chunked":
        return False
    # What is said to be large once it is decoded would be read while it is stored.
    return all(
        length.isdigit() and int(length) <= SMALL_BYTES_MAX
        for length in (environ.get("CONTENT_LENGTH", ""), environ.get(_DECODED, "0"))
    )


def _has_quota(context: Context, facts: BucketFacts) -> bool:
    """Whether the account has one, be it a filter's of somebody else, or is not
    known."""
    info = None if context.facts is None else context.facts.account(facts.account)
    return info is None or any(QUOTA in name.lower() for name in info.metadata)
