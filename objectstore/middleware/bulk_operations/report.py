"""The answer to a bulk operation: counts, errors, and the status it would have had.

As text, JSON or XML, as ``Accept`` wants.  The HTTP status is always 200: the
reply begins before the work is done, so that nobody in between loses patience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

import orjson

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import STATUS_LINES, Reply

FORMATS = ("text/plain", "application/json", "application/xml", "text/xml")
CREATED = "Number Files Created"
DELETED = "Number Deleted"
NOT_FOUND = "Number Not Found"

Work = Iterator[None]
"""Yields now and then; the answer may then need a sign of life."""


class Report:
    """What has come of an operation so far.

    ``root`` is the XML answer's element.  The status will be ``good`` when something
    was done and nothing failed, and 400 with ``empty_text`` when there was nothing.
    """

    def __init__(
        self,
        root: str,
        content_type: str,
        *counts: str,
        good: int,
        empty_text: str,
    ) -> None:
        self.counts = dict.fromkeys(counts, 0)
        self.errors: list[tuple[str, str]] = []
        self._status = 0
        self._text = ""
        self._root = root
        self._content_type = content_type
        self._good = good
        self._empty_text = empty_text
        self._has_server_faults = False

    @property
    def is_xml(self) -> bool:
        """Whether the answer is XML."""
        return self._content_type.endswith("/xml")

    def fail(self, name: str, status: int) -> None:
        """Remember that one thing could not be done."""
        self.errors.append((name, status_line(status)))
        self._has_server_faults |= status // 100 == 5

    def note_deletion(self, name: str, status: int) -> None:
        """Count what a DELETE came to."""
        if status // 100 == 2:
            self.counts[DELETED] += 1
        elif status == 404:
            self.counts[NOT_FOUND] += 1
        else:
            self.fail(name, status)

    def reply_after(self, work: Work, clock: Clock, seconds: float) -> Reply:
        """The reply: a sign of life every so many ``seconds`` while the work goes on,
        then what came of it."""
        pieces = self._told_after(work, clock, seconds)
        return Reply(200, pieces, content_type=self._content_type)

    def _told_after(self, work: Work, clock: Clock, seconds: float) -> Iterator[bytes]:
        if self.is_xml:
            yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
        separator = b""
        last = clock.monotonic()
        try:
            for _ in work:
                now = clock.monotonic()
                if now - last >= seconds:
                    separator, last = b"\r\n\r\n", now
                    yield b" "
        except Rejected as error:
            self._status, self._text = error.status, error.text
        else:
            self._conclude()
        yield separator + self._render()

    def _conclude(self) -> None:
        if self.errors:
            self._status = 502 if self._has_server_faults else 400
        elif any(self.counts.values()):
            self._status = self._good
        else:
            self._status, self._text = 400, self._empty_text

    def _render(self) -> bytes:
        facts = {
            **{name: str(count) for name, count in self.counts.items()},
            "Response Body": self._text,
            "Response Status": status_line(self._status),
        }
        return render_answer(
            self._root, self._content_type, facts, self.errors, self.counts
        )


def deletion_report(content_type: str) -> Report:
    """The report of an operation that only deletes; see ``note_deletion``."""
    return Report(
        "delete",
        content_type,
        DELETED,
        NOT_FOUND,
        good=200,
        empty_text="Invalid bulk delete.",
    )


def render_answer(
    root: str,
    content_type: str,
    facts: Mapping[str, str],
    errors: Sequence[tuple[str, str]],
    counts: Mapping[str, int] | None = None,
) -> bytes:
    """Facts and errors in that content type; ``counts`` are numbers in JSON."""
    if content_type == "application/json":
        return orjson.dumps({**facts, **(counts or {}), "Errors": errors})
    if content_type.endswith("/xml"):
        return _xml(root, facts, errors)
    lines = [f"{name}: {facts[name]}" for name in sorted(facts)]
    failed = "\n".join(f"{name}, {status}" for name, status in errors)
    return ("\n".join([*lines, "Errors:"]) + "\n" + failed).encode()


def _xml(
    root: str, facts: Mapping[str, str], errors: Sequence[tuple[str, str]]
) -> bytes:
    lines = []
    for name in sorted(facts):
        tag = name.replace(" ", "_").lower()
        lines.append(f"<{tag}>{escape(facts[name])}</{tag}>")
    lines.append("<errors>")
    for name, status in errors:
        lines.append(
            f"<object><name>{escape(name)}</name>"
            f"<status>{escape(status)}</status></object>"
        )
    lines.append("</errors>")
    body = "\n".join(lines)
    return f"<{root}>\n{body}\n</{root}>\n".encode()


def status_line(status: int) -> str:
    """``404 Not Found``."""
    return STATUS_LINES.get(status, str(status))


def wanted_format(accept: str) -> str:
    """Which of our formats the ``Accept`` header likes best; Rejected 406 for none."""
    if not accept.strip():
        return FORMATS[0]
    liked: list[tuple[float, int, str]] = []
    for order, part in enumerate(accept.split(",")):
        kind, *parameters = (piece.strip() for piece in part.lower().split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _quality(parameter[2:])
        for ours in FORMATS:
            matches = kind in (ours, "*/*", ours.partition("/")[0] + "/*")
            if matches and quality > 0:
                liked.append((-quality, order, ours))
                break
    if not liked:
        raise Rejected(406)
    return min(liked, key=lambda entry: entry[:2])[2]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
