"""The faults that tests plan do happen, and nothing else does."""

from __future__ import annotations

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, Unavailable
from test.contract.nodes.samples import KEY, data, kept
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def node(faults: Faults) -> Faulty:
    return Faulty(MemoryObjectNode(), faults)


def test_down_and_up_again(node: Faulty, faults: Faults) -> None:
    faults.down = True
    with pytest.raises(Unavailable):
        kept(node.put(KEY, data(5), b"body"))
    node.paid(KEY, 5)
    faults.down = False
    assert kept(node.lookup(KEY, want_body=False)).state is None


def test_stale_answers_what_was(node: Faulty, faults: Faults) -> None:
    kept(node.put(KEY, data(5), b"body"))
    faults.stale = True
    with pytest.raises(Unavailable):
        kept(node.put(KEY, data(6, b"newer"), b"newer"))
    assert kept(node.lookup(KEY, want_body=True)).body == b"body"


def test_the_planned_call_fails_once(node: Faulty, faults: Faults) -> None:
    faults.fail("lookup", after=1, error=Corrupt("planned"))
    kept(node.lookup(KEY, want_body=False))
    with pytest.raises(Corrupt):
        kept(node.lookup(KEY, want_body=False))
    kept(node.lookup(KEY, want_body=False))


def test_held_calls_go_on_when_released(node: Faulty, faults: Faults) -> None:
    faults.hold = concurrency.Event()
    put = faults.wait_for("put")
    promise = node.put(KEY, data(5), b"body")
    assert put.is_set()
    assert not promise.done
    faults.hold.set()
    assert kept(promise).stored


def test_uploads_and_reads_meet_faults_too(node: Faulty, faults: Faults) -> None:
    upload = kept(node.begin(KEY, None))
    faults.fail("write")
    with pytest.raises(Unavailable):
        kept(upload.write(memoryview(b"body")))
    kept(upload.write(memoryview(b"body")))
    faults.fail("commit")
    with pytest.raises(Unavailable):
        kept(upload.commit(data(5)))
    kept(upload.commit(data(5)))
    faults.fail("piece", error=Corrupt("bad"))
    with pytest.raises(Corrupt):
        list(kept(node.read(KEY, 5, 0, 4)))
    assert faults.calls.count("write") == 2
