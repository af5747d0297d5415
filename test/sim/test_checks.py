"""The judge of histories: what it calls wrong, and what it does not."""

from __future__ import annotations

from test.sim.checks import check_history
from test.sim.history import DELETE, GET, PUT, History, Op

BOX, NAME = "box", "a"


def _op(history: History, kind: str, timestamp: int, etag: str = "") -> Op:
    """The next request, acknowledged at once, by everybody."""
    number = len(history.ops)
    op = Op(number, 0, "m0", kind, BOX, NAME, float(number), 0, [timestamp], etag)
    op.end, op.end_epoch, op.is_backed = number + 0.05, 0, True
    op.status = {PUT: 201, DELETE: 204, GET: 200}[kind]
    history.add(op)
    return op


def test_a_deletion_of_the_same_moment_wins() -> None:
    history = History()
    _op(history, PUT, 5, "x")
    _op(history, DELETE, 5)
    assert check_history(history) == []


def test_what_is_deleted_at_the_same_moment_is_not_read() -> None:
    history = History()
    _op(history, PUT, 5, "x")
    _op(history, DELETE, 5)
    _op(history, GET, 0).seen = "x"
    assert len(check_history(history)) == 1


def test_a_write_of_the_moment_of_a_deletion_has_no_effect() -> None:
    history = History()
    _op(history, DELETE, 5)
    _op(history, PUT, 5, "x")
    assert len(check_history(history)) == 1


def test_of_two_writes_of_one_moment_the_larger_etag_wins() -> None:
    for first, second, count in (("x", "y", 0), ("y", "x", 1)):
        history = History()
        _op(history, PUT, 5, first)
        _op(history, PUT, 5, second)
        assert len(check_history(history)) == count
