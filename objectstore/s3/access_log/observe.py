"""From a request to its log line: what was asked, and what went out in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objectstore.kernel.reply import Reply
from objectstore.s3.access_log.operations import operation_name
from objectstore.s3.access_log.record import Record
from objectstore.s3.access_log.sink import LogSink
from objectstore.s3.access_log.target import LogTarget, parse_logging
from objectstore.s3.operation import Operation


def observe(operation: Operation, reply: Reply, sink: LogSink, began: float) -> None:
    """Have the reply's end written down, if the bucket wants that.

    ``began``: the monotonic time at which the request came.
    """
    if operation.bucket_facts is None:
        return
    target = operation.facts.parsed("logging", parse_logging)
    if target is not None:
        reply.body = ObservedBody(reply, Line(operation, sink, target, began))


class Line:
    """A line that waits for the end of its reply."""

    def __init__(
        self, operation: Operation, sink: LogSink, target: LogTarget, began: float
    ) -> None:
        self._operation = operation
        self._sink = sink
        self._target = target
        self._began = began
        self._turned = operation.house.clock.monotonic()

    def write(self, reply: Reply, bytes_sent: int) -> None:
        """Write the line, now that the reply is over."""
        operation, facts = self._operation, self._operation.facts
        place = (facts.account, facts.container, self._target)
        record = self._record(reply, bytes_sent)
        self._sink.add(place, record.line(), operation.context.facts)
        for item in operation.batch:
            line = self._record(reply, -1, item).line()
            self._sink.add(place, line, operation.context.facts)

    def _record(
        self, reply: Reply, bytes_sent: int, item: tuple[str, str, str] | None = None
    ) -> Record:
        operation = self._operation
        environ, clock = operation.environ, operation.house.clock
        key, version, code = item or (
            operation.key,
            _version(operation, reply),
            operation.error_code,
        )
        name = operation.logged_as or _name(operation)
        if item is not None:
            name = "BATCH.DELETE.OBJECT"
        verified = operation.caller.verified
        status = reply.status if item is None else (403 if code else 204)
        return Record(
            operation.facts.account,
            operation.bucket,
            clock.time(),
            environ.get("REMOTE_ADDR", ""),
            _requester(operation),
            operation.request_id,
            name,
            key,
            _request_line(operation),
            status,
            code,
            bytes_sent,
            _object_size(operation, reply),
            _milliseconds(clock.monotonic() - self._began),
            _milliseconds(self._turned - self._began),
            operation.header("Referer"),
            operation.header("User-Agent"),
            version,
            "" if verified is None else _signature(verified.version),
            "" if verified is None else _authentication(verified.auth_type),
            operation.header("Host"),
            environ.get("wsgi.url_scheme") == "https",
        )


class ObservedBody:
    """A reply's body that counts what is taken from it."""

    def __init__(self, reply: Reply, line: Line) -> None:
        self._reply = reply
        self._body: Iterable[bytes] = reply.body
        self._line: Line | None = line
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            self._sent += len(piece)
            yield piece

    def close(self) -> None:
        """Whoever sends the reply has done with it."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            line, self._line = self._line, None
            if line is not None:
                line.write(self._reply, self._sent)


def _name(operation: Operation) -> str:
    query = operation.query if operation.environ.get("QUERY_STRING") else {}
    return operation_name(
        operation.method,
        query,
        has_key=bool(operation.key),
        is_copy="HTTP_X_AMZ_COPY_SOURCE" in operation.environ,
    )


def _requester(operation: Operation) -> str:
    caller = operation.caller
    if caller.is_anonymous:
        return ""
    return f"arn:aws:iam::{caller.account}:user/{caller.user.rpartition(':')[2]}"


def _request_line(operation: Operation) -> str:
    environ = operation.environ
    path = environ.get("RAW_PATH_INFO") or environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    protocol = environ.get("SERVER_PROTOCOL", "HTTP/1.1")
    if "X-Amz-Signature" in query or "Signature=" in query:
        # A signed URL is a key to the object: not for logs.
        query = "signed"
    return f"{operation.method} {path}{'?' + query if query else ''} {protocol}"


def _version(operation: Operation, reply: Reply) -> str:
    return reply.header("x-amz-version-id") or operation.version_id


def _object_size(operation: Operation, reply: Reply) -> int:
    if not operation.key or reply.status >= 300:
        return -1
    total = reply.header("Content-Range").rpartition("/")[2]
    if operation.method == "PUT" and operation.payload is not None:
        return operation.payload.length
    text = total or reply.header("Content-Length")
    return int(text) if text.isdigit() and operation.method in ("GET", "HEAD") else -1


def _signature(version: str) -> str:
    return "SigV4" if version.startswith("AWS4") else "SigV2"


def _authentication(kind: str) -> str:
    return {"REST-HEADER": "AuthHeader", "REST-QUERY-STRING": "QueryString"}.get(
        kind, "AuthHeader"
    )


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))
