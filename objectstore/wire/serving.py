"""A WSGI application that exposes the nodes of one process over HTTP.

``NodeServer`` does what is the same for the three kinds: find the node, check
the cluster's secret, read a bounded body, run the handler of the verb, map what
it raises to a reply.  The rooms' ``server.py`` bring the verbs as a table.

Order of checks: the secret comes before anything else is looked at, so a
stranger learns nothing, not even which devices are here.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from objectstore.kernel.errors import InsufficientStorage, Rejected, RingstackError
from objectstore.kernel.reply import STATUS_LINES
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Environ,
    StartResponse,
)
from objectstore.kernel.transaction import (
    NO_TRANSACTION,
    TRANSACTION_CHARACTERS_MAX,
    set_transaction,
)
from objectstore.wire import codec, paths
from objectstore.wire.errors import ERROR_CONTENT_TYPE, encode_error
from objectstore.wire.frames import MESSAGE_BYTES_MAX

SECRET_HEADER = "X-Ringstack-Secret"
SECRET_KEY = "HTTP_X_RINGSTACK_SECRET"
TRANSACTION_HEADER = "X-Trans-Id"
TRANSACTION_KEY = "HTTP_X_TRANS_ID"
# A secret shorter than this can be guessed over the network.
SECRET_CHARACTERS_MIN = 8
# How long a server waits for its own device. Longer than clients wait: a device
# that is slow but alive should finish, and its journal stay in step.
RESPONSE_SECONDS = 60.0
CONTENT_TYPE = "application/x-ringstack"


class Stream(NamedTuple):
    """An answer of known length that is sent as it is read."""

    length: int
    pieces: Iterable[bytes]


class Call:
    """One request on its way to a handler."""

    __slots__ = ("_environ", "key", "rest", "wait_seconds")

    def __init__(
        self, environ: Environ, key: bytes, rest: list[str], wait_seconds: float
    ) -> None:
        self._environ = environ
        self.key = key
        self.rest = rest  # what stands in the path behind the verb
        self.wait_seconds = wait_seconds

    @property
    def input(self) -> Any:
        """The body as it comes: ``read(n)``, ``readinto(view)``."""
        return self._environ["wsgi.input"]

    def body(self, limit: int = MESSAGE_BYTES_MAX) -> bytes:
        """The whole body; Rejected 413 over ``limit``, Malformed when cut."""
        text = self._environ.get("CONTENT_LENGTH") or "0"
        length = paths.parse_number(text, codec.INTEGER_MAX)
        if length is None:
            raise codec.Malformed("not a length")
        if length > limit:
            raise Rejected(413, "Request body is too large")
        body: bytes = self.input.read(length) if length else b""
        while len(body) < length:
            piece = self.input.read(length - len(body))
            if not piece:
                raise codec.Malformed("the body was cut")
            body += piece
        return body

    def message(self) -> Any:
        """The body as one message."""
        return codec.unpack(self.body())

    def number(self, index: int, largest: int = codec.INTEGER_MAX) -> int:
        """A number behind the verb."""
        text = self.rest[index] if index < len(self.rest) else ""
        number = paths.parse_number(text, largest)
        if number is None:
            raise codec.Malformed("not a number in the path")
        return number


Handler = Callable[[Any, Call], bytes | Stream]
Verbs = Mapping[tuple[str, str], Handler]
"""(HTTP method, verb in the path) to its handler."""


class NodeServer:
    """The application.  ``find`` gives the node of a split path, or None;
    ``key_at`` is where the key stands in it.  ``pages`` are further pages by
    path (``/metrics``, ``/recon``), open to everybody as ``/healthcheck`` is."""

    def __init__(
        self,
        kind: str,
        key_at: int,
        find: Callable[[list[str]], Any],
        verbs: Verbs,
        secret: str,
        *,
        pages: Mapping[str, Application] | None = None,
        wait_seconds: float = RESPONSE_SECONDS,
        logger: logging.Logger | None = None,
    ) -> None:
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise ValueError(
                f"the cluster's secret needs {SECRET_CHARACTERS_MIN} characters"
            )
        self._kind = kind
        self._key_at = key_at
        self._find = find
        self._verbs = verbs
        self._secret = secret.encode()
        self._pages = dict(pages or {})
        self._wait_seconds = wait_seconds
        self._logger = logger or logging.getLogger(f"objectstore.{kind}")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """PEP 3333."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/v1/"):
            return self._page(path, environ, start_response)
        sent = environ.get(SECRET_KEY, "").encode("latin-1")
        if not hmac.compare_digest(sent, self._secret):
            return _plain(start_response, 403, b"the cluster's secret is another")
        _adopt_transaction(environ)
        try:
            answer = self._answer(environ, path.split("/"))
        except codec.Malformed as error:
            return _plain(start_response, 400, str(error).encode())
        except RingstackError as error:
            return self._error(error, start_response)
        if type(answer) is bytes:
            length, pieces = len(answer), [answer]
        else:
            length, pieces = answer  # type: ignore[assignment]
        start_response(
            "200 OK",
            [("Content-Type", CONTENT_TYPE), ("Content-Length", str(length))],
        )
        return pieces

    def _answer(self, environ: Environ, parts: list[str]) -> bytes | Stream:
        at = self._key_at
        if len(parts) <= at or parts[2] != self._kind:
            raise codec.Malformed("not an address of this server")
        handler = self._verbs.get(
            (environ["REQUEST_METHOD"], parts[at + 1] if len(parts) > at + 1 else "")
        )
        key = b"" if parts[at] == paths.NO_KEY else paths.parse_key(parts[at])
        if handler is None or key is None:
            raise codec.Malformed("no such verb, or not a key")
        node = self._find(parts)
        if node is None:
            raise InsufficientStorage("the device is not here, or not mounted")
        return handler(node, Call(environ, key, parts[at + 2 :], self._wait_seconds))

    def _error(
        self, error: RingstackError, start_response: StartResponse
    ) -> Iterable[bytes]:
        status, message = encode_error(error)
        if status >= 500:
            self._logger.warning("%s: %s", type(error).__name__, error)
        start_response(
            STATUS_LINES.get(status, f"{status} Rejected"),
            [
                ("Content-Type", ERROR_CONTENT_TYPE),
                ("Content-Length", str(len(message))),
            ],
        )
        return [message]

    def _page(
        self, path: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        page = self._pages.get(path)
        if page is not None:
            return page(environ, start_response)  # type: ignore[no-any-return]
        if path == "/healthcheck":
            return _plain(start_response, 200, b"OK")
        return _plain(start_response, 404, b"no such page")


def _adopt_transaction(environ: Environ) -> None:
    """Log under the id of the client's request, and pass it on from here."""
    sent: str = environ.get(TRANSACTION_KEY, NO_TRANSACTION)
    context = environ.get(CONTEXT_KEY)
    if (
        context is not None
        and sent != NO_TRANSACTION
        and len(sent) <= TRANSACTION_CHARACTERS_MAX
        and sent.isascii()
        and sent.isprintable()
    ):
        context.transaction_id = sent
        set_transaction(sent)


def _plain(start_response: StartResponse, status: int, text: bytes) -> Iterable[bytes]:
    start_response(
        STATUS_LINES[status],
        [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))],
    )
    return [text]
