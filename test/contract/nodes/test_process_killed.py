"""kill -9 of a server under load: every call ends, as kept or Unavailable, and
what was acknowledged is there afterwards."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from objectstore.kernel.client import ClientSettings
from objectstore.kernel.concurrency import wait_until
from objectstore.kernel.errors import Unavailable
from objectstore.wire.peer import Peer
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes import implementations
from test.contract.nodes.samples import PATIENCE_SECONDS, data, kept, key_of
from test.contract.nodes.server_process import server_process
from test.fakes.servers import SECRET, client_of

PUTS = 400
KILLED_AFTER = 100
# All puts of the test at once, none waiting for a connection.
SETTINGS = ClientSettings(connections_max=PUTS)


def test_a_server_killed_under_load(tmp_path: Path) -> None:
    keys = [key_of(f"killed {number}") for number in range(PUTS)]
    acknowledged = []
    with ExitStack() as stack, server_process("local", tmp_path) as (process, address):
        peer = Peer(client_of(address, stack, SETTINGS), SECRET)
        node = RemoteObjectNode(peer, 0, implementations.DEVICE)
        kept(node.put(key_of("before"), data(5), b"body"))
        promises = [node.put(key, data(5), b"body") for key in keys]
        upload = kept(node.begin(key_of("upload"), None))
        kept(upload.write(memoryview(b"body")))
        wait_until(
            promises,
            lambda: sum(each.done for each in promises) >= KILLED_AFTER,
            PATIENCE_SECONDS,
        )
        process.kill()
        for key, promise in zip(keys, promises, strict=True):
            try:
                if kept(promise).stored:
                    acknowledged.append(key)
            except Unavailable:
                pass
        try:
            kept(upload.commit(data(5)))
        except Unavailable:
            pass
        else:
            raise AssertionError("an upload was committed by a dead server")
    assert len(acknowledged) >= KILLED_AFTER
    with ExitStack() as stack:
        local = implementations.OBJECT["local"](tmp_path, stack)
        for key in acknowledged:
            assert kept(local.lookup(key, want_body=True)).body == b"body"
        assert kept(local.lookup(key_of("upload"), want_body=True)).state is None
