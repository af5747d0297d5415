"""GET and HEAD of an object where nothing has to be decided but who asks.

Most reads are so: signed in the header by the owner of a bucket that says nothing
about reads (``BucketFacts.reads_plainly``), of the whole object, without conditions.
They go from the signature straight to the object: below the filters that
would only look through the reply for marks of theirs, and the reply's head is turned
into S3's as it comes.

Whatever is not plain is left alone before anything was asked, or, where the reply shows
it (there is no such object; it is made of others; the client's key encrypted it),
after that.  The rules are those of ``object.get``, which does all the rest.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import CONTEXT_KEY, Context, Environ, StartResponse
from objectstore.s3 import sysmeta
from objectstore.s3.caller import Caller
from objectstore.s3.dates import http_date
from objectstore.s3.header_names import header_names
from objectstore.s3.inner import Answer, Store, send
from objectstore.s3.locate import Place
from objectstore.s3.object.reply_headers import (
    TAG_COUNT,
    checksum_pairs,
    target_of,
)
from objectstore.s3.plain_requests import Asked, Owners, straight_path

_MODE = "HTTP_X_AMZ_CHECKSUM_MODE"
# What the filters that are passed by would act upon: the request has to be asked again.
MARKS = frozenset(
    {
        "X-Object-Sysmeta-Slo-Size",
        "X-Object-Manifest",
        "X-Object-Sysmeta-Symlink-Target",
    }
)
# An object with one of these shows another ETag or other names of metadata, or needs
# the client's key.
_NOT_PLAIN = frozenset(
    {
        sysmeta.ETAG,
        sysmeta.SSE_C,
        sysmeta.SPELLING,
        "x-static-large-object",
        "x-object-manifest",
    }
)
_GIVE_UP = "-"
# What becomes of a header of the inner reply, by its name as it comes; "": nothing.
# Names are partly the clients' choice.
_TARGETS_MAX = 2000
_TARGETS: dict[str, str] = {}


class PlainReads:
    """See the module's docstring."""

    __slots__ = ("_owners", "_store")

    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def answer(
        self,
        environ: Environ,
        start_response: StartResponse,
        place: Place,
    ) -> Any:
        """The reply's body, its head sent; or ``Asked``, where the answer turned out
        not to be plain; or None: nothing is known.

        ``environ`` is a GET or HEAD without a query.
        """
        names = header_names(environ)
        if not names.is_plain_read:
            return None
        found = self._owners.find(environ, place, names.amazon)
        if found is None or not found[1].reads_plainly:
            return None
        caller, facts = found
        context: Context = environ[CONTEXT_KEY]
        context.identity = caller.identity
        made = names.inherit(environ)
        made["PATH_INFO"] = straight_path(facts, place.key)
        made["wsgi.input"] = io.BytesIO()
        made[CONTEXT_KEY] = self._store.straight_context(context)
        try:
            answer = send(self._store.straight_app, made)
        except Rejected as rejected:
            return Asked(Answer.of(rejected), caller)
        headers = _headers(answer) if answer.status == 200 else None
        if headers is None:
            return _unless_marked(answer, caller)
        if _MODE in environ and environ[_MODE].upper() == "ENABLED":
            headers += checksum_pairs(answer.get(sysmeta.CHECKSUM))
        request_id = context.transaction_id
        headers.append(("x-amz-request-id", request_id))
        headers.append(("x-amz-id-2", request_id))
        start_response(answer.line, headers)
        return answer.body


def _headers(answer: Answer) -> HeaderList | None:
    """The reply's headers; None when the object is not plain."""
    headers: HeaderList = []
    for name, value in answer.pairs:
        target = _TARGETS.get(name)
        if target is None:
            target = _learned(name)
        if not target:
            continue
        work = _WORK.get(target)
        if work is not None:
            value = work(value)
        if target is _GIVE_UP or not value.isascii():
            return None
        headers.append((target, value))
    return headers


def _learned(name: str) -> str:
    lower = name.lower()
    target = target_of(lower)
    if name in MARKS or lower in _NOT_PLAIN:
        target = _GIVE_UP
    elif lower == "etag":
        target = "ETag"
    elif lower == "accept-ranges":
        target = "Accept-Ranges"
    elif lower == "x-timestamp":
        # And not from ``Last-Modified``, whose second is rounded up.
        target = "Last-Modified"
    if len(_TARGETS) < _TARGETS_MAX:
        _TARGETS[name] = target
    return target


def _quoted(etag: str) -> str:
    return etag if etag[:1] == '"' else f'"{etag}"'


def _tag_count(tags: str) -> str:
    return str(tags.count("=") or 1)


def _modified(timestamp: str) -> str:
    return http_date(float(timestamp))


_WORK: dict[str, Callable[[str], str]] = {
    "ETag": _quoted,
    "Last-Modified": _modified,
    TAG_COUNT: _tag_count,
}


def _unless_marked(answer: Answer, caller: Caller) -> Asked | None:
    if any(name in MARKS for name, _ in answer.pairs):
        answer.close()
        return None
    return Asked(answer, caller)
