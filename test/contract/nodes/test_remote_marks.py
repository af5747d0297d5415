"""What goes along with calls: marks of paid rows, transaction ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.request import CONTEXT_KEY, Environ
from objectstore.kernel.transaction import set_transaction
from objectstore.object.server import object_server
from objectstore.wire.channel.format import PATH as CHANNEL_PATH
from objectstore.wire.paths import object_prefix
from objectstore.wire.peer import Peer
from objectstore.wire.remote_object import RemoteObjectNode
from objectstore.wire.remote_paid import GATHER_COUNT, PaidMarks
from test.contract.nodes.samples import KEY, data, kept, key_of
from test.fakes.nodes import MemoryObjectNode
from test.fakes.servers import SECRET, client_of, serve

SOON_SECONDS = 0.01
NEVER_SECONDS = 600.0


class Recorder:
    """The server, and what came to it."""

    def __init__(self, stack: ExitStack) -> None:
        self.node = MemoryObjectNode()
        self.paths: list[str] = []
        self.transactions: list[str] = []
        self.heard = concurrency.Event()
        self._server = object_server({(0, "sda"): self.node}, SECRET)
        # What comes, comes as a request: this server knows no channels.
        address = serve(self, stack)
        self.peer = Peer(client_of(address, stack), SECRET)

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        reply = self._server(environ, start_response)
        if environ["PATH_INFO"] == CHANNEL_PATH:
            return reply
        self.paths.append(environ["PATH_INFO"])
        self.transactions.append(environ[CONTEXT_KEY].transaction_id)
        self.heard.set()
        return reply

    def marks(self, seconds: float) -> PaidMarks:
        return PaidMarks(self.peer, object_prefix(0, "sda"), seconds)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with ExitStack() as stack:
        yield Recorder(stack)


def test_marks_gather_for_a_while(recorder: Recorder) -> None:
    keys = [key_of(str(number)) for number in range(10)]
    for key in keys:
        kept(recorder.node.put(key, data(5), b"body"))
    marks = recorder.marks(SOON_SECONDS)
    for key in keys:
        marks.add(key, 5)
    assert recorder.heard.wait(10)
    assert recorder.node.owed == {}
    assert recorder.paths == ["/v1/object/0/sda/-/paid"]


def test_many_marks_do_not_wait(recorder: Recorder) -> None:
    marks = recorder.marks(NEVER_SECONDS)
    kept(recorder.node.put(KEY, data(5), b"body"))
    for number in range(GATHER_COUNT - 1):
        marks.add(key_of(str(number)), 5)
    marks.add(KEY, 5)
    assert recorder.heard.wait(10)
    assert recorder.node.owed == {}
    assert len(recorder.paths) == 1


def test_marks_for_a_peer_that_is_away_are_lost_in_silence() -> None:
    with ExitStack() as stack:
        peer = Peer(client_of(("127.0.0.1", 1), stack), SECRET)
        marks = PaidMarks(peer, object_prefix(0, "sda"), NEVER_SECONDS)
        for number in range(2 * GATHER_COUNT):
            marks.add(key_of(str(number)), 5)


def test_the_transaction_id_travels(recorder: Recorder) -> None:
    node = RemoteObjectNode(recorder.peer, 0, "sda")

    def request(transaction: str) -> None:
        set_transaction(transaction)
        kept(node.lookup(KEY, want_body=False))
        kept(node.put(KEY, data(5), b"body"))

    kept(concurrency.promised(request, "txone"))
    kept(concurrency.promised(request, "txtwo"))
    assert recorder.transactions == ["txone", "txone", "txtwo", "txtwo"]


@pytest.mark.parametrize("strange", ["x" * 1000, "-"])
def test_a_strange_transaction_id_is_not_taken(
    recorder: Recorder, strange: str
) -> None:
    node = RemoteObjectNode(recorder.peer, 0, "sda")

    def request() -> None:
        set_transaction(strange)
        kept(node.lookup(KEY, want_body=False))

    kept(concurrency.promised(request))
    (logged,) = recorder.transactions
    assert logged.startswith("tx")
