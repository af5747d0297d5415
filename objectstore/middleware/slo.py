"""slo: static large objects, one object out of many.

``PUT /v1/account/container/object?multipart-manifest=put`` with a JSON list of
segments: each ``{"path": "/container/object"}``, optionally with ``etag``,
``size_bytes`` (both checked) and ``range`` (``"0-99"``, of one segment), or
``{"data": "..."}`` in base64.  Every segment is looked at before the manifest is
stored; all that is wrong is told together (400).  A segment may be a manifest itself,
up to ten deep.  ``Etag`` is checked against the large object's (422).
``&heartbeat=on`` answers 202 at once, and the true status in the body.

GET gives the segments one after the other, with ranges (several too) over their
borders and conditions on the large ETag, which is the MD5 of the segments' ETags.
Replies have ``X-Static-Large-Object: True`` and the manifest's own ETag as
``X-Manifest-Etag``.  A segment that is gone or has changed since: 409, or the reply is
broken off.  ``?part-number=N`` gives one segment (206, ``X-Parts-Count``).

``?multipart-manifest=get`` gives the manifest as it is stored, with ``&format=raw`` as
it could be sent again.  DELETE with ``?multipart-manifest=delete`` deletes the segments
too; its reply is like that of a bulk delete.  Listings show the large size, and
``slo_etag`` beside the manifest's hash; the container's bytes count the manifest only.

Statuses: 201; 400; 405 with ``X-Copy-From``; 411; 413 for too many segments or too
large a manifest; 422.  ``X-Static-Large-Object`` on a request is 400.

::

    [filter:slo]
    use = egg:ringstack#slo
    # object-backed segments of one manifest
    max_manifest_segments = 1000
    max_manifest_size = 8388608
    # of every segment but the last
    min_segment_size = 1
    # segments looked at, or deleted, at one time
    concurrency = 2
    delete_concurrency = 2
    # seconds between signs of life
    yield_frequency = 10
    # segments smaller than this are slowed down, after so many of them, to so
    # many a second; 0: never
    rate_limit_under_size = 1048576
    rate_limit_after_segment = 10
    rate_limit_segments_per_sec = 0
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS, Seconds, Size
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.bulk_operations.report import (
    FORMATS,
    deletion_report,
    wanted_format,
)
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.large_objects.manifest import Wanted, parse_manifest
from objectstore.middleware.large_objects.segments import as_sent, decode
from objectstore.middleware.large_objects.static_delete import StaticDelete
from objectstore.middleware.large_objects.static_put import StaticPut
from objectstore.middleware.large_objects.static_read import (
    SLO_ETAG,
    SLO_SIZE,
    Pace,
    StaticRead,
)
from objectstore.middleware.order import BEFORE_LARGE_OBJECTS
from objectstore.middleware.subrequest import ask, pass_unless_marked, read_reply

AFTER = BEFORE_LARGE_OBJECTS

# Only the house can say so: a multipart upload of the S3 face, whose parts are
# counted and bounded there.
S3_UPLOAD = "HTTP_X_OBJECT_SYSMETA_S3_UPLOAD_ID"
S3_SEGMENTS_MAX = 10_000
# Stored manifests say more of each segment than clients do.
STORED_TIMES = 4
_ETAG_IS_AT = (SLO_ETAG,)
_WHOLE_IF = (SLO_SIZE,)


@dataclass(frozen=True, slots=True)
class SloSettings:
    """How large manifests may be, and how much work at one time."""

    max_manifest_segments: int = option(1000, "Segments of a manifest", minimum=1)
    max_manifest_size: Size = option(8 * 2**20, "Bytes of a manifest", minimum=2)
    min_segment_size: Size = option(1, "Of every segment but the last", minimum=1)
    concurrency: int = option(2, "Segments looked at at once", minimum=1, maximum=1000)
    delete_concurrency: int = option(
        2, "Segments deleted at once", minimum=1, maximum=1000
    )
    yield_frequency: Seconds = option(10.0, "How often to give a sign of life")
    rate_limit_under_size: Size = option(2**20, "Smaller segments are slowed down")
    rate_limit_after_segment: int = option(10, "So many small ones go freely")
    rate_limit_segments_per_sec: float = option(
        0.0, "Small segments a second after that; 0: never slowed down", minimum=0
    )


class Slo:
    """The filter; see the module's docstring."""

    # Conditions and ranges are about the whole, not about its manifest.
    concerns = Concerns(
        request_keys=("HTTP_X_STATIC_LARGE_OBJECT", "HTTP_IF_", "HTTP_RANGE"),
        reply_headers=(SLO_SIZE,),
    )

    def __init__(self, app: Application, settings: SloSettings, clock: Clock) -> None:
        self.app = app
        self._settings = settings
        self._clock = clock
        self._pace = Pace(
            settings.rate_limit_segments_per_sec,
            settings.rate_limit_after_segment,
            settings.rate_limit_under_size,
        )
        self._stored_max = settings.max_manifest_size * STORED_TIMES

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        settings = self._settings
        registry.add(
            "slo",
            max_manifest_segments=settings.max_manifest_segments,
            max_manifest_size=settings.max_manifest_size,
            min_segment_size=settings.min_segment_size,
            yield_frequency=int(settings.yield_frequency),
            allow_async_delete=False,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Look for manifests in replies, and for requests about them."""
        method = environ["REQUEST_METHOD"]
        if method == "GET" or method == "HEAD":
            return self._read(environ, start_response)
        if method in ("PUT", "DELETE") and "multipart-manifest" in environ.get(
            "QUERY_STRING", ""
        ):
            request = Request(environ)
            wish = (method, request.query.get("multipart-manifest"))
            if request.split()[3] and wish == ("PUT", "put"):
                return self._put(request)(environ, start_response)
            if request.split()[3] and wish == ("DELETE", "delete"):
                return self._delete(request)(environ, start_response)
        if "HTTP_X_STATIC_LARGE_OBJECT" in environ:
            raise Rejected(
                400,
                "X-Static-Large-Object is a reserved header. To create a static large "
                "object add query param multipart-manifest=put.",
            )
        return self.app(environ, start_response)

    # ---- reading -----------------------------------------------------------------

    def _read(self, environ: Environ, start_response: StartResponse) -> Any:
        request = Request(environ)
        if "multipart-manifest" in environ.get("QUERY_STRING", "") and (
            request.query.get("multipart-manifest") == "get"
        ):
            reply = ask(self.app, environ)
            if reply.header(SLO_SIZE):
                reply = self._manifest(request, reply)
            return reply(environ, start_response)
        context = request.context
        context.etag_is_at, context.whole_if = _ETAG_IS_AT, _WHOLE_IF
        passed = pass_unless_marked(self.app, environ, start_response, SLO_SIZE)
        if not isinstance(passed, Reply):
            return passed
        reading = StaticRead(
            self.app, request, self._stored_max, self._pace, self._clock
        )
        return reading.answer(passed)(environ, start_response)

    def _manifest(self, request: Request, reply: Reply) -> Reply:
        """The manifest itself: as stored, or as it could be sent again."""
        reply.set_header("X-Static-Large-Object", "True")
        if request.query.get("format") != "raw":
            reply.set_header("Content-Type", "application/json; charset=utf-8")
            return reply
        if request.method == "HEAD" or reply.status != 200:
            return reply
        body = as_sent(decode(read_reply(reply, self._stored_max)))
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        reply.set_header("Etag", etag)
        reply.set_header("Content-Length", str(len(body)))
        reply.body = [body]
        return reply

    # ---- writing -----------------------------------------------------------------

    def _put(self, request: Request) -> Reply:
        if request.has_header("X-Copy-From"):
            raise Rejected(405, "Multipart Manifest PUTs cannot be COPY requests")
        settings = self._settings
        if request.content_length is None and not request.is_chunked:
            raise Rejected(411)
        work = StaticPut(
            self,
            self.app,
            request,
            self._wanted(request),
            at_once=settings.concurrency,
            least=settings.min_segment_size,
        )
        try:
            content_type = wanted_format(request.header("Accept"))
        except Rejected:
            content_type = FORMATS[0]
        if request.query.get("heartbeat", "").lower() not in TRUE_WORDS:
            return work.run(content_type)
        pieces = work.run_with_heartbeat(
            content_type, self._clock, settings.yield_frequency
        )
        return Reply(202, pieces, content_type=content_type)

    def _wanted(self, request: Request) -> list[Wanted]:
        settings = self._settings
        try:
            body = request.read_small_body(settings.max_manifest_size)
        except Rejected:
            text = f"Manifest File > {settings.max_manifest_size} bytes"
            raise Rejected(413, text) from None
        _, _, container, name = request.split()
        wanted = parse_manifest(body, f"/{container}/{name}", settings.min_segment_size)
        most = settings.max_manifest_segments
        if S3_UPLOAD in request.environ:
            most = max(most, S3_SEGMENTS_MAX)
        if sum(bool(entry.path) for entry in wanted) > most:
            raise Rejected(413, f"Number of object-backed segments must be <= {most}")
        return wanted

    def _delete(self, request: Request) -> Reply:
        try:
            content_type = wanted_format(request.header("Accept"))
        except Rejected:
            content_type = FORMATS[0]
        report = deletion_report(content_type)
        settings = self._settings
        work = StaticDelete(
            self.app,
            request,
            report,
            manifest_bytes_max=self._stored_max,
            segments_max=settings.max_manifest_segments,
            at_once=settings.delete_concurrency,
        )
        return report.reply_after(work.run(), self._clock, settings.yield_frequency)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(SloSettings, "slo", global_conf, local_conf)
    return lambda app: Slo(app, settings, SystemClock())
