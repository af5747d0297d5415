"""One HTTP reply: status, headers, body; itself a WSGI application.

Header values are text here and become latin-1-carried UTF-8 bytes on the way
out, as PEP 3333 wants.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Environ, StartResponse

HeaderList = list[tuple[str, str]]

STATUS_LINES = {
    status.value: f"{status.value} {status.phrase}" for status in HTTPStatus
}
# What HTTPStatus calls otherwise, or does not know, in the words clients know.
STATUS_LINES[412] = "412 Precondition Failed"
STATUS_LINES[413] = "413 Request Entity Too Large"
STATUS_LINES[414] = "414 Request-URI Too Long"
STATUS_LINES[416] = "416 Requested Range Not Satisfiable"
STATUS_LINES[422] = "422 Unprocessable Entity"
STATUS_LINES[497] = "497 Blacklisted"
STATUS_LINES[498] = "498 Rate Limited"
STATUS_LINES[499] = "499 Client Disconnect"
STATUS_LINES[507] = "507 Insufficient Storage"


# What a person who meets the page is told.
SENTENCES = {
    202: "The request is accepted for processing.",
    400: "The request is malformed or otherwise incorrect.",
    401: "The server could not verify that you may access this resource.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method is not allowed for this resource.",
    408: "The request took too long to arrive.",
    409: "There was a conflict when trying to complete your request.",
    411: "A Content-Length header is required.",
    412: "A precondition of this request was not met.",
    413: "The body of the request is too large for this server.",
    416: "The requested range is not available.",
    422: "The contents of the request could not be processed.",
    500: "The server has met an error that it did not expect.",
    503: "The server is currently unavailable. Please try again later.",
    507: "There is not enough space to store the resource.",
}


class Reply:
    """What goes back.  Calling it with (environ, start_response) sends it."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        status: int,
        body: Iterable[bytes] | bytes | str = b"",
        headers: HeaderList | None = None,
        content_type: str | None = None,
    ) -> None:
        self.status = status
        self.headers: HeaderList = headers if headers is not None else []
        if isinstance(body, str):
            body = body.encode()
        if isinstance(body, bytes):
            # Whoever streams (or answers HEAD) sets the length himself.
            self.headers.append(("Content-Length", str(len(body))))
            body = [body] if body else []
        self.body: Iterable[bytes] = body
        if content_type is not None:
            self.headers.append(("Content-Type", content_type))

    def header(self, name: str, default: str = "") -> str:
        """The first header of that name."""
        lower = name.lower()
        for key, value in self.headers:
            if key.lower() == lower:
                return value
        return default

    def set_header(self, name: str, value: str) -> None:
        """Set or replace a header."""
        self.remove_header(name)
        self.headers.append((name, value))

    def remove_header(self, name: str) -> None:
        """Take every header of that name away."""
        lower = name.lower()
        self.headers = [pair for pair in self.headers if pair[0].lower() != lower]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Send it, as a WSGI application."""
        headers = [
            (name, value if value.isascii() else value.encode().decode("latin-1"))
            for name, value in self.headers
        ]
        start_response(STATUS_LINES.get(self.status, f"{self.status} Unknown"), headers)
        return self.body


def text_reply(status: int, text: str = "", headers: HeaderList | None = None) -> Reply:
    """A short plain-text reply; without text, the small HTML page that Swift's
    clients know: the status phrase, and a sentence where there is one."""
    if text:
        return Reply(status, text, headers, "text/plain; charset=UTF-8")
    phrase = STATUS_LINES.get(status, str(status)).partition(" ")[2]
    sentence = SENTENCES.get(status)
    page = f"<html><h1>{phrase}</h1>{f'<p>{sentence}</p>' if sentence else ''}</html>"
    return Reply(status, page, headers, "text/html; charset=UTF-8")


def no_content(headers: HeaderList | None = None) -> Reply:
    """204.  Swift tells the type of its pages even where there is none, and clients
    look for it."""
    return Reply(204, (), headers, "text/html; charset=UTF-8")


def rejection(error: Rejected) -> Reply:
    """The reply that tells the caller what was wrong."""
    return text_reply(error.status, error.text, list(error.headers))
