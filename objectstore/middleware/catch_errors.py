"""catch_errors: a transaction id for every request, a reply for every error.

The first filter of every pipeline.  It gives the request its transaction id
and its ``Context``, and turns whatever is raised further in into a reply:

* ``Rejected``: its own status and text;
* ``Unavailable``: 503, ``InsufficientStorage``: 507, with a line in the log for the
  first of a minute, and one for all that follow;
* anything else: 500, with the transaction id in the body and the traceback in
  the log only.

It also keeps the books of replies: a body that ends before its
``Content-Length`` breaks the connection (the client must not take the next
reply for the rest of this one); what exceeds it is cut off and logged.

Reply headers: ``X-Trans-Id`` and ``X-Openstack-Request-Id``, of the form
``tx`` + 21 hex digits + ``-`` + 10 hex digits (seconds since the epoch) +
suffix.  A client's ``X-Trans-Id-Extra`` (32 characters of it) is appended.

::

    [filter:catch_errors]
    use = egg:ringstack#catch_errors
    # appended to every transaction id, to tell clusters apart
    trans_id_suffix =
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, rejection, text_reply
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    StartResponse,
)
from objectstore.kernel.settings import option
from objectstore.kernel.summed_lines import SummedLines
from objectstore.kernel.transaction import NO_TRANSACTION, set_transaction
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER: tuple[str, ...] = ()

EXTRA_CHARACTERS_MAX = 32

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CatchErrorsSettings:
    """How transaction ids look."""

    trans_id_suffix: str = option("", "Appended to every transaction id")


class CatchErrors:
    """The filter; see the module's docstring."""

    __slots__ = ("_clock", "_suffix", "_unavailable", "app")

    def __init__(
        self, app: Application, settings: CatchErrorsSettings, clock: Clock
    ) -> None:
        self.app = app
        self._clock = clock
        self._suffix = quote(settings.trans_id_suffix)
        # Under too much load this is what most requests are told.
        self._unavailable = SummedLines(
            _logger, logging.WARNING, "requests answered 503 or 507"
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Run the rest of the pipeline (PEP 3333)."""
        context = environ.get(CONTEXT_KEY)
        if context is None:
            context = environ[CONTEXT_KEY] = Context()
        extra = environ.get("HTTP_X_TRANS_ID_EXTRA", "")
        transaction_id = self.new_id(context.transaction_id, extra)
        context.transaction_id = transaction_id
        set_transaction(transaction_id)
        length = -1

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            nonlocal length
            length = _body_length(status, headers)
            headers = [
                *headers,
                ("X-Trans-Id", transaction_id),
                ("X-Openstack-Request-Id", transaction_id),
            ]
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            body = self.app(environ, start)
        except Exception as error:  # noqa: BLE001  (this is the place for all)
            reply = self._reply_for(error, transaction_id)
            exc_info = sys.exc_info()
            return reply(
                environ, lambda status, headers: start(status, headers, exc_info)
            )
        if environ["REQUEST_METHOD"] == "HEAD" or hasattr(body, "spans"):
            # Spans hand out exactly what was promised, or raise.
            return body
        kind = type(body)
        if (kind is list or kind is tuple) and length in (-1, sum(map(len, body))):
            return body
        return CountedBody(body, length, transaction_id)

    def _reply_for(self, error: Exception, transaction_id: str) -> Reply:
        if isinstance(error, Rejected):
            return rejection(error)
        if isinstance(error, Unavailable):
            self._unavailable.note(f"{transaction_id}: unavailable: {error}")
            return text_reply(507 if isinstance(error, InsufficientStorage) else 503)
        _logger.error("%s: internal error", transaction_id, exc_info=error)
        return text_reply(
            500, f"An internal error stopped this request ({transaction_id})"
        )

    def finish(self) -> None:
        """Nobody asks any more: tell what was not told yet."""
        self._unavailable.close()

    def new_id(self, given: str, extra: str) -> str:
        """A transaction id; ``extra`` is the client's wish for its end.

        It begins with the one that the edge has ``given`` the request, which
        marks the lines of the log; "-": behind an edge that gives none.
        """
        made = given
        if given == NO_TRANSACTION:
            made = f"tx{os.urandom(11).hex()[:21]}-{int(self._clock.time()):010x}"
        made += self._suffix
        if extra:
            made = f"{made}-{quote(extra[:EXTRA_CHARACTERS_MAX])}"
        return made


class CountedBody:
    """A reply's body that raises when it ends early and stops when it should."""

    __slots__ = ("_body", "_left", "_transaction_id")

    def __init__(self, body: Iterable[bytes], length: int, transaction_id: str) -> None:
        self._body = body
        self._left = length
        self._transaction_id = transaction_id

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._left < 0:
                yield from self._body
            else:
                yield from self._counted()
        except Unavailable as error:
            _logger.warning("%s: reply broken off: %s", self._transaction_id, error)
            raise
        except Exception:
            _logger.exception("%s: reply broken off", self._transaction_id)
            raise

    def _counted(self) -> Iterator[bytes]:
        for piece in self._body:
            if len(piece) > self._left:
                _logger.error("%s: reply is longer than it said", self._transaction_id)
                piece = piece[: self._left]
            self._left -= len(piece)
            if piece:
                yield piece
        if self._left > 0:
            raise Unavailable(f"the reply ended {self._left} bytes early")

    def close(self) -> None:
        """Close the body underneath."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _body_length(status: str, headers: HeaderList) -> int:
    """The length that the head promises; -1 when it promises none."""
    if status[:3] in ("204", "304"):
        return -1
    for name, value in headers:
        if len(name) == 14 and name.lower() == "content-length":
            return int(value)
    return -1


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(
        CatchErrorsSettings, "catch_errors", global_conf, local_conf
    )
    return lambda app: CatchErrors(app, settings, SystemClock())
