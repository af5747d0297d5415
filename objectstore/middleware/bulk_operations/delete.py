"""Deleting what a list names, several at a time."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Request
from objectstore.middleware.bulk_operations.report import Report
from objectstore.middleware.subrequest import status_of, sub_environ

READ_BYTES = 64 * 1024
# A container's and an object's longest names, every byte quoted, and the slashes.
LINE_BYTES_MAX = 3 * (256 + 1024) + 2


class BulkDelete:
    """One request; ``run`` does the work and yields between steps."""

    def __init__(
        self,
        app: Application,
        request: Request,
        report: Report,
        *,
        names_max: int,
        failures_max: int,
        at_once: int,
    ) -> None:
        self._app = app
        self._request = request
        self._report = report
        self._names_max = names_max
        self._failures_max = failures_max
        self._at_once = at_once
        version, account, _, _ = request.split()
        self._root = f"/{version}/{account}/"

    def run(self) -> Iterator[None]:
        """Delete everything; results go to the report.  Raises Rejected."""
        request = self._request
        content_type = request.header("Content-Type")
        if content_type and not content_type.startswith("text/plain"):
            raise Rejected(406)
        if request.content_length is None and not request.is_chunked:
            raise Rejected(411)
        # All of it is read and checked before the first thing is gone.
        names = self._names()
        yield
        for start in range(0, len(names), self._at_once):
            if len(self._report.errors) >= self._failures_max:
                raise Rejected(400, "Max delete failures exceeded")
            window = names[start : start + self._at_once]
            tasks = [concurrency.spawn(self._delete, raw) for raw in window]
            for raw, task in zip(window, tasks, strict=True):
                self._report.note_deletion(quote(raw), concurrency.wait_task(task))
            yield

    def _names(self) -> list[bytes]:
        """The lines, unquoted, without leading slash."""
        names: list[bytes] = []
        rest = b""
        while True:
            piece = self._request.body.read(READ_BYTES)
            *lines, rest = (rest + piece).split(b"\n")
            if not piece:
                lines.append(rest)
            for line in lines:
                if len(line) > LINE_BYTES_MAX:
                    raise Rejected(400, "Invalid File Name")
                name = unquote_to_bytes(line.strip()).lstrip(b"/")
                if name:
                    names.append(name)
            if len(names) > self._names_max:
                text = f"Maximum Bulk Deletes: {self._names_max} per request"
                raise Rejected(413, text)
            if len(rest) > LINE_BYTES_MAX:
                raise Rejected(400, "Invalid File Name")
            if not piece:
                return names

    def _delete(self, raw: bytes) -> int:
        try:
            path = self._root + raw.decode()
        except UnicodeDecodeError:
            return 412
        return status_of(self._app, sub_environ(self._request.environ, "DELETE", path))
