"""The answer of a bulk operation: counts, errors, and the status it would have had.

As text, JSON or XML, as ``Accept`` wants.  The HTTP status is always 200: the
reply begins before the work is done, so that nobody in between loses patience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

import orjson

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import STATUS_LINES

FORMATS = ("text/plain", "application/json", "application/xml", "text/xml")


Work = Iterator[None]
"""Yields now and then; the answer may then need a sign of life."""


class Report:
    """What has come of it so far."""

    def __init__(self, root: str, content_type: str, *counts: str) -> None:
        self.counts = dict.fromkeys(counts, 0)
        self.errors: list[tuple[str, str]] = []
        self.status = 0
        self.text = ""
        self._root = root
        self._content_type = content_type
        self._has_server_faults = False

    @property
    def is_xml(self) -> bool:
        """Whether the answer is XML."""
        return self._content_type.endswith("/xml")

    def fail(self, name: str, status: int) -> None:
        """Remember that one thing could not be done."""
        self.errors.append((name, status_line(status)))
        self._has_server_faults |= status // 100 == 5

    def conclude(self, good: int, empty_text: str) -> None:
        """Decide the status: ``good`` when all went well; 502 when a server was
        at fault, else 400, when not; 400 with ``empty_text`` for nothing at all."""
        if self.status:
            return
        if self.errors:
            self.status = 502 if self._has_server_faults else 400
        elif any(self.counts.values()):
            self.status = good
        else:
            self.status, self.text = 400, empty_text

    def render(self) -> bytes:
        """The body."""
        facts = {
            **{name: str(count) for name, count in self.counts.items()},
            "Response Body": self.text,
            "Response Status": status_line(self.status),
        }
        return render_answer(
            self._root, self._content_type, facts, self.errors, self.counts
        )

    def told_after(
        self, work: Work, good: int, empty_text: str, clock: Clock, seconds: float
    ) -> Iterator[bytes]:
        """The reply's body: a sign of life every so many ``seconds`` while the work
        goes on, then what came of it (see ``conclude``)."""
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
            self.status, self.text = error.status, error.text
        self.conclude(good, empty_text)
        yield separator + self.render()


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
