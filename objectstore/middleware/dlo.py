"""dlo: dynamic large objects, read as one out of all that begins alike.

An object that was PUT with ``X-Object-Manifest: container/prefix`` (URL-quoted) is
read as all objects of that container whose names begin with the prefix, in the order
of their names, as they are listed at that moment.  Its length is the sum of theirs, its
ETag the MD5 of their ETags; ranges and conditions are about the whole.  The reader
needs the right to list the container and to read the segments.

``?multipart-manifest=get`` reads the object itself.  DELETE deletes it, not the
segments.  A POST must send ``X-Object-Manifest`` again, or it becomes a plain object.

Statuses: 400 for a header of another form; the container's own refusal (401, 403, 404)
where it cannot be listed; 409 when a segment is not as it was listed, or the reply is
broken off.

::

    [filter:dlo]
    use = egg:ringstack#dlo
    # segments asked for at one time
    listing_limit = 10000
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.conditions import Conditions, parse_date
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.large_objects.dynamic import (
    Refused,
    Segments,
    check_manifest,
)
from objectstore.middleware.large_objects.ranged_reply import Large
from objectstore.middleware.large_objects.segment_body import (
    Part,
    SegmentChanged,
    open_part,
)
from objectstore.middleware.order import BEFORE_KINDS_OF_OBJECTS
from objectstore.middleware.subrequest import close_body

AFTER = BEFORE_KINDS_OF_OBJECTS

MANIFEST = "X-Object-Manifest"
_MANIFEST_KEY = "HTTP_X_OBJECT_MANIFEST"
_UNCONDITIONAL = (MANIFEST,)


@dataclass(frozen=True, slots=True)
class DloSettings:
    """How segments are listed."""

    listing_limit: int = option(
        10_000, "Segments asked for at one time", minimum=1, maximum=10_000
    )


class Dlo:
    """The filter; see the module's docstring."""

    # Conditions and ranges are about the whole, not about its manifest.
    concerns = Concerns(
        request_keys=(_MANIFEST_KEY, "HTTP_IF_", "HTTP_RANGE"),
        reply_headers=(MANIFEST,),
    )

    def __init__(self, app: Application, settings: DloSettings) -> None:
        self.app = app
        self._page = settings.listing_limit

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("dlo")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Look for manifests in replies, and check them in requests."""
        method = environ["REQUEST_METHOD"]
        if method == "GET" or method == "HEAD":
            return self._read(environ, start_response)
        if _MANIFEST_KEY in environ and method in ("PUT", "POST"):
            request = Request(environ)
            if request.split()[3]:
                manifest = request.header(MANIFEST)
                check_manifest(manifest)
                # Clients may leave names unquoted: readers get a header of ASCII.
                request.set_header(MANIFEST, quote(unquote(manifest)))
        return self.app(environ, start_response)

    def _read(self, environ: Environ, start_response: StartResponse) -> Any:
        request = Request(environ)
        if "multipart-manifest" in environ.get("QUERY_STRING", "") and (
            request.query.get("multipart-manifest") == "get"
        ):
            return self.app(environ, start_response)
        request.context.unconditional_if = _UNCONDITIONAL
        held: list[Any] = []

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            for pair in headers:
                if pair[0] == MANIFEST:
                    held[:] = status, headers, pair[1]
                    return None
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        body = self.app(environ, start)
        if not held:
            return body
        status, headers, manifest = held
        if not status.startswith("200"):
            start_response(status, headers)
            return body
        close_body(body)
        reply = Reply(200, (), headers)
        return self._large(request, reply, manifest)(environ, start_response)

    def _large(self, request: Request, reply: Reply, manifest: str) -> Reply:
        """The reply of the whole, out of the manifest's own head."""
        try:
            segments = Segments(self.app, request, manifest, self._page)
            etag, size = segments.measure()
        except Refused as refused:
            return refused.reply
        except SegmentChanged as error:
            raise Rejected(409, str(error)) from None
        reply.set_header("Etag", f'"{etag}"')
        conditions = Conditions.of(request)
        if conditions is not None:
            modified = parse_date(reply.header("Last-Modified")) or 0
            status = conditions.evaluate(etag, modified)
            if status == 304:
                reply.status = 304
                reply.remove_header("Content-Length")
                return reply
            if status:
                return text_reply(status)
        if request.method == "HEAD":
            reply.set_header("Content-Length", str(size))
            return reply

        def open_one(part: Part) -> Iterable[bytes]:
            return open_part(self.app, request.environ, part)

        return Large(etag, size, segments.parts, open_one).answer(request, reply)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(DloSettings, "dlo", global_conf, local_conf)
    return lambda app: Dlo(app, settings)
