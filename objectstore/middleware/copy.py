"""copy: server-side copies of objects.

``COPY /v1/account/container/object`` with ``Destination: /container/object`` (and
``Destination-Account`` for another account), or ``PUT`` of the new object with
``X-Copy-From: /container/object`` (and ``X-Copy-From-Account``).  The values are
URL-quoted.  The request has no body.

The source is read with ``X-Newest``, with the request's own ``Range`` and
conditional headers (so a range copies a part), and streamed into the
destination.  Reading needs the right to read the source, writing the right
to write the destination.

Metadata: the source's, and over it what the request brings; with
``X-Fresh-Metadata: true`` only what the request brings.  The content type is
the source's unless the request has one.  A whole copy is checked against the
source's ETag.  ``?multipart-manifest=get`` copies a manifest, not what it names; that
of an S3 multipart upload to its own name only (409 otherwise): its parts go with it.

Reply: that of the PUT, with ``X-Copied-From``, ``X-Copied-From-Account``,
``X-Copied-From-Last-Modified`` and the metadata stored.  400: there is a body;
412: a header is missing or not of the form above; 413: the source is larger
than an object may be; or the source's own refusal (404, 412, 416, 304 ...).

::

    [filter:copy]
    use = egg:ringstack#copy
    max_file_size = 5368709122
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any
from urllib.parse import quote, urlencode

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS, Size
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.copy_places import Source, source_of, turned_into_put
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.subrequest import (
    ask,
    close_body,
    sub_environ,
)

AFTER = ("catch_errors", "gatekeeper", "cors", "tempurl", "tempauth", "ratelimit")
BEFORE = ("account_quotas", "container_quotas")

# What Swift publishes as the largest object: 5 GiB and 2 bytes.
OBJECT_BYTES_MAX = 5 * 2**30 + 2

# Of a source that is a large object or a link: said of how that is stored, listed or
# was uploaded, and wrong for the copy.
_MANIFESTS_OWN = (
    "x-object-sysmeta-slo-",
    "x-object-sysmeta-container-update-override-",
    "x-object-sysmeta-s3-etag",
    "x-object-sysmeta-s3-part-sizes",
)
# Parts of an upload belong to one object, with which they are deleted.
_UPLOAD_ID = "x-object-sysmeta-s3-upload-id"
_PARTS_OF_ANOTHER = (
    "The parts of an S3 upload belong to its object: "
    "copy it without multipart-manifest=get."
)
_SYSTEM_PREFIXES = ("x-object-sysmeta-", "x-object-transient-sysmeta-")
_KEPT_PREFIXES = ("x-object-meta-", *_SYSTEM_PREFIXES)
_KEPT_HEADERS = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "expires",
        "x-delete-at",
        "x-robots-tag",
        "x-symlink-target",
        "x-symlink-target-account",
        "x-symlink-target-etag",
    }
)
# Said of the source; they would be taken for conditions on the destination.
_SOURCE_ONLY = (
    "Range",
    "If-Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "X-Copy-From",
    "X-Copy-From-Account",
    "X-Newest",
    "Expect",
    "Transfer-Encoding",
)


@dataclass(frozen=True, slots=True)
class CopySettings:
    """What may be copied."""

    max_file_size: Size = option(OBJECT_BYTES_MAX, "The largest object to copy")


class Copy:
    """The filter; see the module's docstring."""

    concerns = Concerns(request_keys=("HTTP_X_COPY_FROM",))

    __slots__ = ("_settings", "app")

    def __init__(self, app: Application, settings: CopySettings) -> None:
        self.app = app
        self._settings = settings

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Carry copies out; hand everything else on."""
        method = environ["REQUEST_METHOD"]
        if method == "COPY":
            request = Request(environ)
            if not request.split()[3]:
                return self.app(environ, start_response)
            source = turned_into_put(request)
        elif method == "PUT" and environ.get("HTTP_X_COPY_FROM"):
            request = Request(environ)
            _, account, _, name = request.split()
            if not name:
                return self.app(environ, start_response)
            source = source_of(request, account)
        else:
            return self.app(environ, start_response)
        if request.has_body:
            raise Rejected(400, "Copy requests require a zero byte body")
        return self._copy(request, source)(environ, start_response)

    def _copy(self, request: Request, source: Source) -> Reply:
        read = self._read(request, source)
        if read.status >= 300:
            return read
        length = read.header("Content-Length")
        if not length.isdigit() or int(length) > self._settings.max_file_size:
            close_body(read.body)
            raise Rejected(413)
        keeps_upload = _shares_parts(request, read)
        if keeps_upload and request.split()[1:] != astuple(source):
            close_body(read.body)
            raise Rejected(409, _PARTS_OF_ANOTHER)
        _prepare_write(request, read, keeps_upload=keeps_upload)
        request.environ["wsgi.input"] = IterableInput(read.body)
        request.environ["CONTENT_LENGTH"] = length
        try:
            reply = ask(self.app, request.environ)
        finally:
            close_body(read.body)
        if 200 <= reply.status < 300:
            reply.headers.extend(_told(source, read, request))
        return reply

    def _read(self, request: Request, source: Source) -> Reply:
        version = request.split()[0]
        query = dict(request.query)
        if query.get("multipart-manifest") == "get":
            query["format"] = "raw"
        environ = sub_environ(
            request.environ,
            "GET",
            f"/{version}/{source.account}/{source.container}/{source.object}",
            urlencode(query),
            keep_conditions=True,
        )
        for name in ("X-Copy-From", "X-Copy-From-Account"):
            Request(environ).remove_header(name)
        environ["HTTP_X_NEWEST"] = "true"
        return ask(self.app, environ)


def _shares_parts(request: Request, read: Reply) -> bool:
    """Whether the copy is to be a manifest of an S3 upload's parts."""
    as_manifest = request.query.get("multipart-manifest") == "get"
    is_static = bool(read.header("X-Static-Large-Object"))
    return as_manifest and is_static and bool(read.header(_UPLOAD_ID))


def _prepare_write(request: Request, read: Reply, *, keeps_upload: bool) -> None:
    """Give the PUT the source's metadata under its own."""
    is_fresh = request.header("X-Fresh-Metadata").lower() in TRUE_WORDS
    is_manifest = _follow_manifest(request, read)
    if keeps_upload:
        request.set_header(_UPLOAD_ID, read.header(_UPLOAD_ID))
    for name, value in _metadata(read.headers, is_fresh=is_fresh):
        if not request.has_header(name):
            request.set_header(name, value)
    if request.has_header("X-Delete-After"):
        # The request's own wish counts, not when the source ends.
        request.remove_header("X-Delete-At")
    if not request.header("Content-Type"):
        request.set_header("Content-Type", read.header("Content-Type"))
    if read.status == 200 and not is_manifest:
        request.set_header("ETag", read.header("ETag").strip('"'))
    for name in _SOURCE_ONLY:
        request.remove_header(name)


def _metadata(headers: HeaderList, *, is_fresh: bool) -> Iterator[tuple[str, str]]:
    prefixes = _SYSTEM_PREFIXES if is_fresh else _KEPT_PREFIXES
    left_out: tuple[str, ...] = (_UPLOAD_ID,)
    if any(
        name in ("X-Static-Large-Object", "X-Symlink-Target") for name, _ in headers
    ):
        left_out += _MANIFESTS_OWN
    for name, value in headers:
        lower = name.lower()
        if lower.startswith(left_out):
            continue
        if lower.startswith(prefixes) or (not is_fresh and lower in _KEPT_HEADERS):
            yield name, value


def _follow_manifest(request: Request, read: Reply) -> bool:
    """Adjust the query for large objects; whether the ETag is not the body's."""
    is_static = bool(read.header("X-Static-Large-Object"))
    dynamic = read.header("X-Object-Manifest")
    query = dict(request.query)
    as_manifest = query.get("multipart-manifest") == "get"
    if as_manifest and is_static:
        query["multipart-manifest"] = "put"
    elif as_manifest and dynamic:
        del query["multipart-manifest"]
        request.set_header("X-Object-Manifest", dynamic)
    query.pop("version-id", None)
    if query != request.query:
        request.set_query(query, urlencode(query))
    return is_static or (bool(dynamic) and not as_manifest)


def _told(source: Source, read: Reply, request: Request) -> Iterator[tuple[str, str]]:
    """What the reply says of the copy."""
    yield "X-Copied-From-Account", quote(source.account)
    yield "X-Copied-From", quote(f"{source.container}/{source.object}")
    modified = read.header("Last-Modified")
    if modified:
        yield "X-Copied-From-Last-Modified", modified
    yield from request.headers_with_prefix("X-Object-Meta-")
    if request.has_header("X-Delete-At"):
        yield "X-Delete-At", request.header("X-Delete-At")


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(CopySettings, "copy", global_conf, local_conf)
    return lambda app: Copy(app, settings)
