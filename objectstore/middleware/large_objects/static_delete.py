"""Deleting a manifest with everything it names: segments first, manifests last.

Should it end half way, the manifest is still there to be deleted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Environ,
    Request,
)
from objectstore.middleware.bulk_operations.report import NOT_FOUND, Report
from objectstore.middleware.large_objects.segments import Segment, decode
from objectstore.middleware.large_objects.static_read import SLO_SIZE
from objectstore.middleware.subrequest import (
    ask,
    discard,
    read_reply,
    status_of,
    sub_environ,
)

# Ten times a manifest's segments: nested manifests are opened as they come.
BUFFERED_TIMES = 10


class StaticDelete:
    """One request; ``run`` does the work and yields between steps."""

    def __init__(
        self,
        app: Application,
        request: Request,
        report: Report,
        *,
        manifest_bytes_max: int,
        segments_max: int,
        at_once: int,
    ) -> None:
        self._app = app
        self._request = request
        self._report = report
        self._bytes_max = manifest_bytes_max
        self._buffered_max = segments_max * BUFFERED_TIMES
        self._at_once = at_once
        version, account, container, name = request.split()
        self._root = f"/{version}/{account}"
        self._own_path = f"/{container}/{name}"
        self._version = request.query.get("version-id", "")

    def run(self) -> Iterator[None]:
        """Delete everything; results go to the report.  Raises Rejected."""
        window: list[str] = []
        manifests: list[str] = []
        for path in self._segments(manifests):
            window.append(path)
            if len(window) >= self._at_once:
                self._delete(window)
                window = []
                yield
        self._delete(window)
        yield
        # The innermost first: what is left can always be deleted again.
        for path in reversed(manifests):
            self._delete([path])
            yield

    def _segments(self, manifests: list[str]) -> Iterator[str]:
        """Paths of all segments; those that are manifests go to ``manifests``."""
        waiting = [self._own_path]
        seen = 0
        while waiting:
            path = waiting.pop(0)
            segments = self._open(path)
            if segments is None:
                continue
            manifests.append(path)
            for segment in segments:
                if segment.data:
                    continue
                if segment.is_manifest:
                    waiting.append(segment.path)
                    seen += 1
                    if seen > self._buffered_max:
                        raise Rejected(400, "Too many buffered slo segments to delete.")
                else:
                    yield segment.path

    def _open(self, path: str) -> list[Segment] | None:
        """The manifest's segments; None, and a line in the report, for none."""
        environ = self._environ("GET", path)
        environ[CONTEXT_KEY].whole_if = (SLO_SIZE,)
        # Of something large that is no manifest one byte is enough.
        environ["HTTP_RANGE"] = "bytes=-1"
        try:
            reply = ask(self._app, environ)
        except Unavailable:
            self._report.fail(quote(path), 503)
            return None
        if reply.status == 404:
            self._report.counts[NOT_FOUND] += 1
        elif reply.status == 401:
            discard(reply)
            raise Rejected(401)
        elif reply.status == 403:
            self._report.fail(quote(path), 403)
        elif reply.status not in (200, 206, 416):
            self._report.errors.append(
                (quote(path), "Unable to load SLO manifest or segment.")
            )
        elif not reply.header(SLO_SIZE):
            self._report.errors.append((quote(path), "Not an SLO manifest"))
        else:
            try:
                return decode(read_reply(reply, self._bytes_max))
            except Corrupt:
                text = "Unable to load SLO manifest"
                self._report.errors.append((quote(path), text))
                return None
        discard(reply)
        return None

    def _environ(self, method: str, path: str) -> Environ:
        query = ""
        if self._version and path == self._own_path:
            query = urlencode({"version-id": self._version})
        environ = sub_environ(self._request.environ, method, self._root + path, query)
        environ[CONTEXT_KEY].etag_is_at = ()
        return environ

    def _delete(self, paths: list[str]) -> None:
        tasks = [concurrency.spawn(self._delete_one, path) for path in paths]
        for path, task in zip(paths, tasks, strict=True):
            self._report.note_deletion(quote(path), concurrency.wait_task(task))

    def _delete_one(self, path: str) -> int:
        return status_of(self._app, self._environ("DELETE", path))
