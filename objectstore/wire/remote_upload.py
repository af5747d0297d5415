"""An upload to a device of another process: one chunked request, cut or whole.

The request is begun with ``Expect: 100-continue``, so ``begin`` is kept only when
the device wants the body: a full or missing one shows while the caller still has
every byte.  Then frames (``wire.frames``) follow.  Closing the connection
anywhere before the end throws it away at the other side.
"""

from __future__ import annotations

from objectstore.kernel.client import Call
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import Rejected, RingstackError, Unavailable
from objectstore.wire import codec
from objectstore.wire.frames import COMMIT, DATA, FRAME_HEAD
from objectstore.wire.nodes import WRITE_BYTES_MAX
from objectstore.wire.peer import Peer
from objectstore.wire.records import ObjectState, Receipt


class RemoteUpload:
    """``Upload`` over a call whose body is open."""

    def __init__(self, peer: Peer, call: Call) -> None:
        self._peer = peer
        self._call = call
        self._failure: RingstackError | None = None
        self._is_over = False

    def write(self, piece: memoryview) -> Promise[None]:
        """Kept when the system has taken the piece: a slow peer slows us."""
        assert len(piece) <= WRITE_BYTES_MAX, "a piece is too large"
        if self._is_over:
            return Promise.failed(self._failure or Rejected(409, "the upload is over"))
        return promised(self._write, piece)

    def _write(self, piece: memoryview) -> None:
        try:
            self._call.write(FRAME_HEAD.pack(DATA, len(piece)))
            self._call.write(piece)
            if self._call.refused:
                # It has answered already, and that is what went wrong.
                raise self._refusal()
        except RingstackError as error:
            self._is_over = True
            self._failure = error
            raise

    def _refusal(self) -> RingstackError:
        response = self._call.finish()
        if response.status == 200:
            response.close()
            return Unavailable("a node's server ended an upload early")
        return self._peer.error_of(response)

    def commit(self, state: ObjectState, *, row_owed: bool = True) -> Promise[Receipt]:
        """Send the state and the end; kept with the device's receipt."""
        if self._is_over:
            return Promise.failed(self._failure or Rejected(409, "the upload is over"))
        self._is_over = True
        try:
            message = codec.pack((codec.encode_state(state), row_owed))
        except Rejected as error:
            self._call.abort()
            return Promise.failed(error)
        return promised(self._commit, message)

    def _commit(self, message: bytes) -> Receipt:
        self._call.write(FRAME_HEAD.pack(COMMIT, len(message)) + message)
        return self._peer.take(self._call.finish(), decode_receipt)

    def abort(self) -> None:
        """Close the connection: the other side throws away what it has."""
        if not self._is_over:
            self._is_over = True
            self._call.abort()

    def __del__(self) -> None:
        # Given up by a caller that stopped waiting for ``begin``.
        self.abort()


def decode_receipt(message: bytes) -> Receipt:
    """The ``Receipt`` of a reply."""
    return codec.decode_receipt(codec.unpack(message))
