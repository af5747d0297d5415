"""A process elsewhere, as the remote nodes of its devices call it.

Calls go on a channel (``wire.channel``) to whoever has one, and else as a request each,
with a greenlet: send the request, read the bounded reply, turn it
into a value or one of the three roots.  Bodies of unknown length and messages that are
too long for a channel are always requests.  Whatever is wrong with the peer itself,
its answers included, is ``Unavailable``; only what its *node* says can be
``Rejected`` or ``Corrupt`` (see ``wire.errors``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from objectstore.kernel.client import Call, Client, Response
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable
from objectstore.kernel.transaction import current_transaction
from objectstore.wire.channel.calling import Asked, Channel
from objectstore.wire.channel.format import CALL_BYTES_MAX
from objectstore.wire.codec import Malformed
from objectstore.wire.errors import ERROR_CONTENT_TYPE, decode_error
from objectstore.wire.frames import HEAD_BYTES_MAX, MESSAGE_BYTES_MAX
from objectstore.wire.serving import SECRET_HEADER, TRANSACTION_HEADER

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]

# How long a reply may take to begin: a healthy device answers in milliseconds,
# a busy one in a second or two, and the proxy has other replicas.
RESPONSE_SECONDS = 10.0

# One piece of a streamed body: what one receive call brings at most.
READ_BYTES = 256 * 1024

_SECRET_NAME = SECRET_HEADER.encode()
_TRANSACTION_NAME = TRANSACTION_HEADER.encode()
_ERROR_TYPE = ERROR_CONTENT_TYPE.encode()
_EXPECT = (b"Expect", b"100-continue")


class Peer:
    """One address and the cluster's secret."""

    def __init__(
        self,
        client: Client,
        secret: str,
        *,
        response_seconds: float = RESPONSE_SECONDS,
    ) -> None:
        self.response_seconds = response_seconds
        self._client = client
        self._secret = (_SECRET_NAME, secret.encode())
        self._channel = Channel(client, [self._secret], self._by_request)

    def call(
        self,
        method: str,
        target: str,
        encode: Callable[[], bytes] | None,
        decode: Callable[[bytes], T],
        *,
        response_seconds: float | None = None,
    ) -> Promise[T]:
        """One exchange of bounded messages.

        ``encode`` gives the body; it runs at once, so that the caller may go on
        changing what it sends.
        """
        try:
            body = b"" if encode is None else encode()
        except Rejected as error:
            return Promise.failed(error)
        if response_seconds is None:
            response_seconds = self.response_seconds
        transaction = current_transaction()
        asked = Asked(method, target, transaction, body, decode, response_seconds)
        if len(body) <= CALL_BYTES_MAX:
            self._channel.ask(asked)
        else:
            self._by_request(asked)
        return asked.promise

    def _by_request(self, asked: Asked) -> None:
        """Make a call that cannot go on a channel."""
        headers = [self._secret, _transaction(asked.transaction)]
        promise = promised(
            self._exchange,
            asked.method,
            asked.target,
            headers,
            asked.body,
            asked.decode,
            asked.seconds,
        )
        promise.when_done(asked.promise.follow)

    def _exchange(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes,
        decode: Callable[[bytes], T],
        response_seconds: float,
    ) -> T:
        response = self._client.request(
            method, target, headers, body, timeout=response_seconds
        )
        return self.take(response, decode)

    def take(self, response: Response, decode: Callable[[bytes], T]) -> T:
        """The value of a reply; raises what it says is wrong."""
        if response.status != 200:
            raise self.error_of(response)
        message = _read(response, MESSAGE_BYTES_MAX)
        try:
            return decode(message)
        except Malformed as error:
            raise Unavailable(f"a node sent nonsense: {error}") from None

    def stream(self, target: str, length: int) -> Promise[RemoteBody]:
        """A body of that length, read as it comes."""
        return promised(self._stream, target, self._headers(), length)

    def _stream(self, target: str, headers: Headers, length: int) -> RemoteBody:
        response = self._client.request(
            "GET", target, headers, timeout=self.response_seconds
        )
        if response.status != 200:
            raise self.error_of(response)
        if response.length != length:
            response.close()
            raise Unavailable("a node sent a body of another length")
        return RemoteBody(response)

    def open(self, method: str, target: str, wrap: Callable[[Call], T]) -> Promise[T]:
        """Begin a request of unknown length; kept once the peer wants its body."""
        return promised(self._open, method, target, self._headers(), wrap)

    def _open(
        self, method: str, target: str, headers: Headers, wrap: Callable[[Call], T]
    ) -> T:
        headers.append(_EXPECT)
        call = self._client.open(method, target, headers, timeout=self.response_seconds)
        refusal = call.go_ahead()
        if refusal is not None:
            raise self.error_of(refusal)
        return wrap(call)

    def error_of(self, response: Response) -> RingstackError:
        """What a reply that is not 200 says."""
        status = response.status
        if response.header(b"content-type") != _ERROR_TYPE:
            response.close()
            return Unavailable(f"a node's server answered {status}")
        message = _read(response, HEAD_BYTES_MAX)
        try:
            return decode_error(message)
        except Malformed as error:
            return Unavailable(f"a node sent nonsense: {error}")

    def _headers(self) -> Headers:
        return [self._secret, _transaction(current_transaction())]


class RemoteBody:
    """The bytes of a ``read``; raises ``Unavailable`` where they stop coming."""

    __slots__ = ("_response",)

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> RemoteBody:
        return self

    def __next__(self) -> bytes:
        piece: bytes = self._response.read1(READ_BYTES)
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        """No more of it is wanted."""
        self._response.close()

    def __del__(self) -> None:
        # Whoever gave up waiting for the promise never sees this body, and its
        # connection would stay taken for ever.
        self._response.close()


def _transaction(transaction: str) -> tuple[bytes, bytes]:
    return _TRANSACTION_NAME, transaction.encode("ascii", "replace")


def _read(response: Response, limit: int) -> bytes:
    if response.length is None or response.length > limit:
        response.close()
        raise Unavailable("a node's reply is too long")
    return response.read(response.length)
