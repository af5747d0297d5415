"""s3_guard: what S3's object lock forbids on Swift's face too.

A protected version must stay whoever asks, and however: by a plain request, in a
bulk delete, by a temporary URL.  So this filter stands below those that send
requests of their own, and lets through what the S3 face (which looks locks up)
and the house itself ask.  For everybody else, in a bucket with object lock:

* versions are not deleted, versioning stays on, nothing gets a date on which it
  would expire, no manifest is deleted together with its parts: 403;
* the parts of its multipart uploads are read-only: 403;
* the records of locks (``<bucket>+locks``) are nobody's to touch: 403.

It is also where the S3 face learns of every write, whichever face it came through:
lifecycles need that (see ``write_watch``).

And it says which objects only S3's face can open: those with a key of the client's
(SSE-C).  Reading one otherwise is 400, as itself, as a segment, a version, through a
link or as a copy's source; HEAD tells of the key and the size of the bytes that it
opens.

Without this filter below it the S3 face refuses to create buckets with a lock, and
lifecycle configurations.

::

    [filter:s3_guard]
    use = egg:ringstack#s3_guard
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    StartResponse,
    path_parts,
)
from objectstore.kernel.settings import Reader
from objectstore.s3 import sysmeta
from objectstore.s3.inner import SEALED
from objectstore.s3.names import LOCKS_SUFFIX, SEGMENTS_SUFFIX
from objectstore.s3.write_watch import WRITES, WriteWatch

AFTER = (
    "catch_errors",
    "gatekeeper",
    "s3",
    "tempurl",
    "formpost",
    "tempauth",
    "staticweb",
    "bulk",
    "copy",
)
BEFORE = ("slo", "object_versioning", "symlink", "versioned_writes")

_LOCK = (sysmeta.CONTAINER + "object-lock").title()
# The header as a reply says it.
_SEALED_HEADER = ("X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGING_KEYS = frozenset(
    {
        "HTTP_X_VERSIONS_ENABLED",
        "HTTP_X_REMOVE_VERSIONS_ENABLED",
        "HTTP_X_DELETE_AT",
        "HTTP_X_DELETE_AFTER",
    }
)


class LockGuard:
    """The filter; see the module's docstring."""

    concerns = Concerns(
        container_metadata=(sysmeta.CONTAINER.title(),),
        container_suffixes=(LOCKS_SUFFIX, SEGMENTS_SUFFIX),
        reply_headers=SEALED,
    )

    __slots__ = ("app", "watch")

    def __init__(self, app: Application) -> None:
        self.app = app
        # Set by the S3 face that stands above, if there is one.
        self.watch: WriteWatch | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Refuse what a lock forbids; hand everything else on."""
        context: Context | None = environ.get(CONTEXT_KEY)
        if context is not None:
            context.sealed_if = SEALED
            # What filters below read for a write or a deletion goes to no reader.
            context.opens_sealed = context.is_s3 or environ["REQUEST_METHOD"] != "GET"
            if environ["REQUEST_METHOD"] == "HEAD" and not context.is_s3:
                start_response = _telling_of_keys(start_response)
        if environ["REQUEST_METHOD"] not in _READS or "+locks" in environ["PATH_INFO"]:
            refusal = _refusal(environ)
            if refusal is not None:
                return refusal(environ, start_response)
            if self.watch is not None and environ["REQUEST_METHOD"] in WRITES:
                return self.watch.pass_on(self.app, environ, start_response)
        return self.app(environ, start_response)


def find_guard(application: object) -> LockGuard | None:
    """The guard in what ``application`` wraps; None where there is none."""
    layer: object | None = application
    while layer is not None:
        if isinstance(layer, LockGuard):
            return layer
        layer = getattr(layer, "app", None)
    return None


def _refusal(environ: Environ) -> Reply | None:
    context: Context | None = environ.get(CONTEXT_KEY)
    if context is None or context.is_s3 or context.is_internal:
        return None
    _, account, container, _ = path_parts(environ)
    if container.endswith(LOCKS_SUFFIX):
        return text_reply(403)
    if container.endswith(SEGMENTS_SUFFIX):
        container = container.removesuffix(SEGMENTS_SUFFIX)
    elif not _could_break(environ):
        return None
    if context.facts is None or not container:
        return None
    info = context.facts.container(account, container)
    if info is None or _LOCK not in info.metadata:
        return None
    return text_reply(403, "The container has S3 object lock: use S3 for this.")


def _telling_of_keys(start_response: StartResponse) -> StartResponse:
    """Make a HEAD of an object sealed with a client's key say so."""

    def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
        stored = [value for name, value in headers if name == SEALED[0]]
        if stored:
            length = stored[0].rpartition(":")[2]
            headers = [
                (name, length if name == "Content-Length" else value)
                for name, value in headers
            ]
            headers.append(_SEALED_HEADER)
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    return start


def _could_break(environ: Environ) -> bool:
    if environ["REQUEST_METHOD"] == "DELETE":
        query = environ.get("QUERY_STRING", "")
        return "version-id" in query or "multipart-manifest" in query
    return not _CHANGING_KEYS.isdisjoint(environ)


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[Application], LockGuard]:
    """PasteDeploy's entry point; there are no options."""
    reader = Reader(global_conf.get("__file__", ""))
    reader.read_several((), local_conf, "filter:s3_guard")
    reader.finish()
    return LockGuard
