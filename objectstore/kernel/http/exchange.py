"""One request and its reply: calls the application, sends what it says, and when it
fails says that."""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.edge import ClientGone, Edge
from objectstore.kernel.http.head import RequestHead
from objectstore.kernel.http.outgoing_reply import OutgoingReply
from objectstore.kernel.reply import rejection
from objectstore.kernel.request import Environ

UPGRADE_KEY = "ringstack.upgrade"
"""In the environ of a request that asks for another protocol: a function that takes
the connection over.  ``take_over(headers)`` answers 101 with these headers and returns
the ``Stream``; when the application returns, the connection ends."""


def exchange(
    edge: Edge, head: RequestHead, environ: Environ, reply: OutgoingReply
) -> None:
    """Answer the request.  Never raises for what client or application did."""
    try:
        _answer(edge, head, environ, reply)
    except ClientGone as error:
        reply.give_up(error.status)
    except Rejected as error:
        # The application let a refusal through: say it, if that is possible.
        refusal = rejection(error)
        reply.say(refusal.status, refusal.headers, b"".join(refusal.body))
    except Exception:  # noqa: BLE001  (logged whole, told shortly)
        _fail(edge, head, reply)


def _answer(
    edge: Edge, head: RequestHead, environ: Environ, reply: OutgoingReply
) -> None:
    if head.wants_upgrade:
        environ[UPGRADE_KEY] = reply.take_over
    result = edge.application(environ, reply.start)
    try:
        kind = type(result)
        if kind is list or kind is tuple:
            reply.send_list(result)
        elif hasattr(result, "spans"):
            reply.send_spans(result)
        else:
            reply.send_pieces(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()


def _fail(edge: Edge, head: RequestHead, reply: OutgoingReply) -> None:
    transaction = reply.transaction_id
    edge.logger.exception("%s: %s %.200r failed", transaction, head.method, head.path)
    text = f"An error occurred (transaction {transaction})\n".encode()
    reply.say(500, [("Content-Type", "text/plain; charset=UTF-8")], text)
