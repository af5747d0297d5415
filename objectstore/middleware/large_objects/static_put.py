"""PUT of a manifest: every segment is looked at, then the manifest is stored.

The segments' HEADs go out a few at a time; a segment that is named several times is
asked for once.  With ``heartbeat=on`` the reply begins at once, white space keeps
the connection alive, and the true status is in the body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from objectstore.kernel import concurrency
from objectstore.kernel.byte_ranges import resolve
from objectstore.kernel.clock import Clock
from objectstore.kernel.conditions import unquoted
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Request
from objectstore.middleware.bulk_operations.report import render_answer, status_line
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.large_objects.manifest import Wanted, bytes_text
from objectstore.middleware.large_objects.segments import (
    Segment,
    encode,
    large_etag,
)
from objectstore.middleware.large_objects.static_read import SLO_ETAG, SLO_SIZE
from objectstore.middleware.subrequest import (
    ask,
    discard,
    read_reply,
    sub_environ,
)
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE, SHOWN_SIZE

# What servers say in the body of a refusal is short.
REPLY_BYTES_MAX = 4096
# Manifests of manifests come beyond it in seven steps, and JSON has no larger numbers.
LARGE_BYTES_MAX = 2**63 - 1

Problem = tuple[str, str]
"""The segment's quoted path, and what is wrong with it."""


class StaticPut:
    """One upload of a manifest."""

    def __init__(
        self,
        outer: Application,
        app: Application,
        request: Request,
        wanted: Sequence[Wanted],
        *,
        at_once: int,
        least: int,
    ) -> None:
        """``outer`` is where segments are looked at: it knows nested manifests."""
        self._outer = outer
        self._app = app
        self._request = request
        self._wanted = wanted
        self._at_once = at_once
        self._least = least
        self._heads: dict[str, Reply] = {}
        self._problems: list[Problem] = []

    def run(self, content_type: str) -> Reply:
        """Do it all; the reply to send."""
        for _ in self._looked_at():
            pass
        return self._finish(content_type)

    def run_with_heartbeat(
        self, content_type: str, clock: Clock, frequency: float
    ) -> Iterator[bytes]:
        """Do it all; the body of the reply that has begun already."""
        yield b" "
        last = clock.monotonic()
        try:
            for _ in self._looked_at():
                if clock.monotonic() - last >= frequency:
                    yield b" "
                    last = clock.monotonic()
            reply = self._finish(content_type)
        except Rejected as error:
            reply = text_reply(error.status, error.text)
        except Unavailable as error:
            reply = text_reply(507 if isinstance(error, InsufficientStorage) else 503)
        yield b"\r\n\r\n" + self._told(content_type, reply)

    # ---- segments ----------------------------------------------------------------

    def _looked_at(self) -> Iterator[None]:
        """HEAD every path; yields now and then."""
        paths = list(dict.fromkeys(entry.path for entry in self._wanted if entry.path))
        for start in range(0, len(paths), self._at_once):
            window = paths[start : start + self._at_once]
            tasks = [concurrency.spawn(self._head, path) for path in window]
            for path, task in zip(window, tasks, strict=True):
                self._heads[path] = concurrency.wait_task(task)
            yield

    def _head(self, path: str) -> Reply:
        version, account, _, _ = self._request.split()
        environ = sub_environ(
            self._request.environ, "HEAD", f"/{version}/{account}{path}"
        )
        for name in ("HTTP_X_STATIC_LARGE_OBJECT", "HTTP_X_OBJECT_MANIFEST"):
            environ.pop(name, None)
        try:
            reply = ask(self._outer, environ)
        except Unavailable:
            return text_reply(503)
        discard(reply)
        return reply

    # ---- the manifest ------------------------------------------------------------

    def _finish(self, content_type: str) -> Reply:
        segments: list[Segment] = []
        last = len(self._wanted) - 1
        for index, entry in enumerate(self._wanted):
            if entry.data:
                segments.append(Segment(data=entry.data))
                continue
            least = 0 if index == last else self._least
            segment, problems = judge(entry, self._heads[entry.path], least)
            named = quote(entry.path)
            self._problems += [(named, problem) for problem in problems]
            if segment is not None:
                segments.append(segment)
        if self._problems:
            body = render_answer("upload", content_type, {}, self._problems)
            return Reply(400, body, content_type=content_type)
        return self._store(segments)

    def _store(self, segments: list[Segment]) -> Reply:
        request = self._request
        etag = large_etag(segments)
        announced = unquoted(request.header("Etag").strip()).lower()
        if announced and announced != etag:
            raise Rejected(422)
        size = sum(segment.length for segment in segments)
        if size > LARGE_BYTES_MAX:
            raise Rejected(413, "The segments are more bytes than can be counted")
        body = encode(segments)
        own_etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        # A face further out may add an ETag of its own to listings.
        listed, semicolon, added = request.header(LISTED_ETAG).partition(";")
        listed = (listed.strip() or own_etag) + semicolon + added
        request.set_header(LISTED_ETAG, f"{listed}; slo_etag={etag}")
        # And it knows the size that a reader gets, where that is another.
        request.set_header(SHOWN_SIZE, request.header(LISTED_SIZE) or str(size))
        request.remove_header(LISTED_SIZE)
        request.set_header(SLO_ETAG, etag)
        request.set_header(SLO_SIZE, str(size))
        request.set_header("Etag", own_etag)
        request.remove_header("Transfer-Encoding")
        request.environ["wsgi.input"] = IterableInput((body,))
        request.environ["CONTENT_LENGTH"] = str(len(body))
        reply = ask(self._app, request.environ)
        if 200 <= reply.status < 300:
            reply.set_header("Etag", f'"{etag}"')
        return reply

    def _told(self, content_type: str, reply: Reply) -> bytes:
        """The reply as the body of one that has begun."""
        facts = {"Response Status": status_line(reply.status), "Response Body": ""}
        if 200 <= reply.status < 300:
            facts["Etag"] = reply.header("Etag")
            facts["Last Modified"] = reply.header("Last-Modified")
            discard(reply)
        else:
            text = b"" if self._problems else read_reply(reply, REPLY_BYTES_MAX)
            reason = status_line(reply.status).partition(" ")[2]
            facts["Response Body"] = text.decode("utf-8", "replace") or reason
        return render_answer("upload", content_type, facts, self._problems)


def judge(entry: Wanted, head: Reply, least: int) -> tuple[Segment | None, list[str]]:
    """The segment that an entry and its object's HEAD make, and what is wrong."""
    if not 200 <= head.status < 300:
        return None, [status_line(head.status)]
    size = int(head.header("Content-Length", "0"))
    etag = unquoted(head.header("Etag"))
    problems = []
    start, stop = 0, size
    if entry.range is not None:
        slices = resolve([entry.range], size)
        if slices:
            start, stop = slices[0]
        else:
            problems.append("Unsatisfiable Range")
    if stop - start < least:
        problems.append(
            f"Too small; each segment must be at least {bytes_text(least)}."
        )
    if entry.size is not None and entry.size != size:
        problems.append("Size Mismatch")
    if entry.etag is not None and entry.etag.strip('"') != etag:
        problems.append("Etag Mismatch")
    segment = Segment(
        entry.path,
        etag,
        size,
        start,
        stop,
        head.header("X-Static-Large-Object") == "True",
        head.header("Content-Type"),
        _iso(head.header("Last-Modified")),
    )
    return segment, problems


def _iso(date: str) -> str:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
