"""A WSGI application that exposes the nodes of one process over HTTP.

``NodeServer`` does what is the same for the three kinds: find the node, check
the cluster's secret, read a bounded body, run the handler of the verb, map what
it raises to a reply.  The rooms' ``server.py`` bring the verbs as a table.  Most calls
come on channels (``wire.channel``): ``answer`` is for those.

Order of checks: the secret comes before anything else is looked at, so a
stranger learns nothing, not even which devices are here.
"""

from __future__ import annotations

import hmac
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import (
    InsufficientStorage,
    Rejected,
    RingstackError,
    Unavailable,
)
from objectstore.kernel.reply import STATUS_LINES
from objectstore.kernel.request import CONTEXT_KEY, Environ, StartResponse
from objectstore.kernel.summed_lines import SummedLines
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


class Call(ABC):
    """One call on its way to a handler."""

    __slots__ = ("key", "rest", "wait_seconds")

    def __init__(self, key: bytes, rest: list[str], wait_seconds: float) -> None:
        self.key = key
        self.rest = rest  # what stands in the path behind the verb
        self.wait_seconds = wait_seconds  # for the promise of its answer

    @abstractmethod
    def body(self, limit: int = MESSAGE_BYTES_MAX) -> bytes:
        """The whole body; Rejected 413 over ``limit``, Malformed when cut."""

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


class RequestCall(Call):
    """One that is an HTTP request: its body may be long, or of unknown length."""

    __slots__ = ("_environ",)

    def __init__(
        self, environ: Environ, key: bytes, rest: list[str], wait_seconds: float
    ) -> None:
        super().__init__(key, rest, wait_seconds)
        self._environ = environ

    @property
    def input(self) -> Any:
        """The body as it comes: ``read(n)``, ``readinto(view)``."""
        return self._environ["wsgi.input"]

    def body(self, limit: int = MESSAGE_BYTES_MAX) -> bytes:
        """See ``Call``."""
        text = self._environ.get("CONTENT_LENGTH") or "0"
        length = paths.parse_number(text, codec.INTEGER_MAX)
        if length is None:
            raise codec.Malformed("not a length")
        if length > limit:
            raise _too_large()
        body: bytes = self.input.read(length) if length else b""
        while len(body) < length:
            piece = self.input.read(length - len(body))
            if not piece:
                raise codec.Malformed("the body was cut")
            body += piece
        return body


class MessageCall(Call):
    """One that came whole, on a channel."""

    __slots__ = ("_body",)

    def __init__(
        self, body: bytes, key: bytes, rest: list[str], wait_seconds: float
    ) -> None:
        super().__init__(key, rest, wait_seconds)
        self._body = body

    def body(self, limit: int = MESSAGE_BYTES_MAX) -> bytes:
        """See ``Call``."""
        if len(self._body) > limit:
            raise _too_large()
        return self._body


def _too_large() -> Rejected:
    return Rejected(413, "Request body is too large")


Handler = Callable[[Any, Any], "bytes | Promise[bytes] | Stream"]
Verbs = Mapping[tuple[str, str], Handler]
"""(HTTP method, verb in the path) to its handler, which takes the node and the call."""


class _Address(NamedTuple):
    """What a call's method and target name."""

    verb: tuple[str, str]
    parts: list[str]
    key: bytes
    rest: list[str]


class NodeServer:
    """The application.  ``find`` gives the node of a split path, or None;
    ``key_at`` is where the key stands in it.

    Handlers of ``verbs`` never wait: they give bytes, or the promise of them.  Those of
    ``streams`` read or write more than memory should hold, take a ``RequestCall`` and
    may wait."""

    def __init__(
        self,
        kind: str,
        key_at: int,
        find: Callable[[list[str]], Any],
        verbs: Verbs,
        secret: str,
        *,
        streams: Verbs | None = None,
    ) -> None:
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise ValueError(
                f"the cluster's secret needs {SECRET_CHARACTERS_MIN} characters"
            )
        self._kind = kind
        self._key_at = key_at
        self._find = find
        self._verbs = verbs
        self._streams = streams or {}
        self._secret = secret.encode()
        self._logger = logging.getLogger(f"objectstore.{kind}")
        # Under load, and of a device that is away, there are thousands a second.
        self._failures = SummedLines(self._logger, logging.WARNING, "calls failed")

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        sent = environ.get(SECRET_KEY, "").encode("latin-1")
        if not hmac.compare_digest(sent, self._secret):
            return _plain(start_response, 403, b"the cluster's secret is another")
        _adopt_transaction(environ)
        try:
            answer = self._answer_request(environ, environ["PATH_INFO"].split("/"))
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

    def _answer_request(self, environ: Environ, parts: list[str]) -> bytes | Stream:
        address = self._address(environ["REQUEST_METHOD"], parts)
        known = self._verbs.get(address.verb) or self._streams.get(address.verb)
        node, handler = self._node(address, known)
        call = RequestCall(environ, address.key, address.rest, RESPONSE_SECONDS)
        answer = handler(node, call)
        if isinstance(answer, Promise):
            return answer.wait(call.wait_seconds)
        return answer

    def answer(self, method: str, parts: list[str], body: bytes) -> Promise[bytes]:
        """Of a call that came on a channel, ``parts`` being its target's.  Never
        raises, never waits."""
        try:
            address = self._address(method, parts)
            node, handler = self._node(address, self._verbs.get(address.verb))
            call = MessageCall(body, address.key, address.rest, RESPONSE_SECONDS)
            answer = handler(node, call)
        except Exception as error:  # noqa: BLE001  (handed on, not swallowed)
            return Promise.failed(error)
        if isinstance(answer, Promise):
            return answer
        return Promise.of(answer)  # type: ignore[arg-type]

    def _address(self, method: str, parts: list[str]) -> _Address:
        at = self._key_at
        if len(parts) <= at or parts[2] != self._kind:
            raise codec.Malformed("not an address of this server")
        key = b"" if parts[at] == paths.NO_KEY else paths.parse_key(parts[at])
        if key is None:
            raise codec.Malformed("not a key")
        verb = parts[at + 1] if len(parts) > at + 1 else ""
        return _Address((method, verb), parts, key, parts[at + 2 :])

    def _node(self, address: _Address, handler: Handler | None) -> tuple[Any, Handler]:
        if handler is None:
            raise codec.Malformed("no such verb")
        node = self._find(address.parts)
        if node is None:
            raise InsufficientStorage("the device is not here, or not mounted")
        return node, handler

    def _error(
        self, error: RingstackError, start_response: StartResponse
    ) -> Iterable[bytes]:
        status, message = encode_error(error)
        line = f"{type(error).__name__}: {error}"
        if isinstance(error, Unavailable):
            self._failures.note(line)
        elif status >= 500:
            self._logger.warning("%s", line)
        start_response(
            STATUS_LINES.get(status, f"{status} Rejected"),
            [
                ("Content-Type", ERROR_CONTENT_TYPE),
                ("Content-Length", str(len(message))),
            ],
        )
        return [message]


def _adopt_transaction(environ: Environ) -> None:
    """Log under the id of the client's request, and pass it on from here."""
    sent: str = environ.get(TRANSACTION_KEY, NO_TRANSACTION)
    context = environ.get(CONTEXT_KEY)
    if context is not None and sent != NO_TRANSACTION and adopt_transaction(sent):
        context.transaction_id = sent


def adopt_transaction(sent: str) -> bool:
    """Log under that id from here on; whether it may be one."""
    is_one = (
        len(sent) <= TRANSACTION_CHARACTERS_MAX
        and sent.isascii()
        and sent.isprintable()
    )
    if is_one:
        set_transaction(sent)
    return is_one


def _plain(start_response: StartResponse, status: int, text: bytes) -> Iterable[bytes]:
    start_response(
        STATUS_LINES[status],
        [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))],
    )
    return [text]
