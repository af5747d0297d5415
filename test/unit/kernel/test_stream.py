"""Streams: what was read too far comes next; overdue waits end."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel import concurrency
from objectstore.kernel.http.limits import SENT_IN_A_ROW_BYTES
from objectstore.kernel.http.patient_socket import NEVER, Faults
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.sweeper import Sweeper
from test.fakes.stepped_clock import SteppedClock


class Gone(Exception):
    pass


class Stalled(Exception):
    pass


class Bad(Exception):
    pass


FAULTS = Faults(Gone, Stalled, Bad)


@pytest.fixture
def clock():
    return SteppedClock()


@pytest.fixture
def pair(clock):
    ours, theirs = socket.socketpair()
    stream = Stream(ours, FAULTS, clock.monotonic, 10.0)
    yield stream, theirs
    stream.close()
    theirs.close()


def test_pieces_lines_and_what_is_put_back(pair):
    stream, theirs = pair
    theirs.sendall(b"first line\r\nsecond\r\nthe rest")
    assert stream.take_line(100) == b"first line"
    assert stream.take(3) == b"sec"
    stream.put_back(b"sec")
    assert stream.take_line(100) == b"second"
    view = memoryview(bytearray(3))
    assert stream.take_into(view) == 3
    assert bytes(view) == b"the"
    assert stream.buffered == 5
    assert stream.receive() == b" rest"
    theirs.close()
    assert stream.take(5) == b""


@given(st.binary(max_size=200), st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_however_it_is_taken_it_is_the_same(data, sizes):
    ours, theirs = socket.socketpair()
    stream = Stream(ours, FAULTS, SteppedClock().monotonic, 10.0)
    theirs.sendall(data)
    theirs.close()
    got = b""
    turn = 0
    while piece := stream.take(sizes[turn % len(sizes)]):
        got += piece
        turn += 1
        if turn % 3 == 0:
            stream.put_back(piece[-1:])
            got = got[:-1]
            got += stream.take(1)
    stream.close()
    assert got == data


@pytest.mark.parametrize("sent", [b"line\nx", b"x" * 20, b"x" * 9 + b"\r\n"])
def test_bad_lines(pair, sent):
    stream, theirs = pair
    theirs.sendall(sent)
    with pytest.raises(Bad):
        stream.take_line(9)


def test_an_end_within_a_line(pair):
    stream, theirs = pair
    theirs.sendall(b"half")
    theirs.close()
    with pytest.raises(Gone):
        stream.take_line(100)


def test_an_overdue_wait_for_data_ends(pair, clock):
    stream, theirs = pair
    sweeper = Sweeper(clock.monotonic, 1000.0)
    sweeper.watch(stream)
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    assert stream.deadline == clock.monotonic() + 10.0
    assert sweeper.sweep() == 0
    clock.advance(10.0)
    assert sweeper.sweep() == 1
    with pytest.raises(Stalled):
        concurrency.wait_task(waiting)
    stream.send(b"408")  # the way out is still open
    assert theirs.recv(10) == b"408"
    sweeper.stop()


def test_an_overdue_wait_for_room_ends(pair, clock):
    stream, _ = pair
    sweeper = Sweeper(clock.monotonic, 1000.0)
    sweeper.watch(stream)
    waiting = concurrency.spawn(stream.send, bytes(10_000_000))
    concurrency.sleep(0)
    clock.advance(10.0)
    assert sweeper.sweep() == 1
    with pytest.raises(Stalled):
        concurrency.wait_task(waiting)
    assert stream.broken
    sweeper.stop()


def test_a_look_that_fails_is_not_the_last(pair, clock):
    class Broken:
        deadline = 0.0
        looks = 0

        def expire(self) -> None:
            self.looks += 1
            if self.looks < 3:
                raise ZeroDivisionError

    broken = Broken()
    sweeper = Sweeper(clock.monotonic, 0.001)
    sweeper.watch(broken)
    with concurrency.deadline(5.0):
        while broken.looks < 3:
            concurrency.sleep(0.001)
    sweeper.stop()


def test_a_limit_ends_a_wait_earlier(pair, clock):
    stream, theirs = pair
    stream.limit = clock.monotonic() + 3.0
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    assert stream.deadline == stream.limit
    theirs.sendall(b"x")
    assert concurrency.wait_task(waiting) == b"x"
    assert stream.deadline == NEVER


def test_a_byte_now_and_then_does_not_keep_a_message_going(pair, clock):
    stream, theirs = pair
    stream.begin_message(patience=10.0, rate_min=2)
    ends = []
    for _ in range(2):
        waiting = concurrency.spawn(stream.receive)
        concurrency.sleep(0)
        ends.append(stream.deadline - clock.monotonic())
        clock.advance(6.0)
        theirs.sendall(b"x")
        concurrency.wait_task(waiting)
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    ends.append(stream.deadline - clock.monotonic())
    assert ends == [10.0, 4.5, -1.0]  # 10 - 6 + 1/2, 10 - 12 + 2/2
    theirs.sendall(bytes(100))
    concurrency.wait_task(waiting)
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    assert stream.deadline == clock.monotonic() + 10.0  # it caught up
    theirs.sendall(b"x")
    concurrency.wait_task(waiting)


def test_time_that_is_not_spent_waiting_for_the_peer_is_not_held_against_it(
    pair, clock
):
    stream, theirs = pair
    stream.begin_message(patience=10.0, rate_min=2)
    clock.advance(100.0)
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    assert stream.deadline == clock.monotonic() + 10.0
    theirs.sendall(b"x")
    concurrency.wait_task(waiting)
    clock.advance(100.0)
    stream.begin_message(patience=5.0, rate_min=2)
    waiting = concurrency.spawn(stream.receive)
    concurrency.sleep(0)
    assert stream.deadline == clock.monotonic() + 5.0
    theirs.sendall(b"x")
    concurrency.wait_task(waiting)


def test_parts_and_files_are_sent_whole(pair, tmp_path):
    stream, theirs = pair
    data = os.urandom(3_000_000)
    path = tmp_path / "body"
    path.write_bytes(data)
    received = bytearray()

    def receive() -> None:
        peer = concurrency.green(theirs)
        while piece := peer.recv(100_000):
            received.extend(piece)

    receiving = concurrency.spawn(receive)
    stream.send_parts(b"head", memoryview(data), b"", b"tail")
    with path.open("rb") as file:
        assert stream.send_file(file.fileno(), 1_000_000, 2_000_000) == 2_000_000
        assert stream.send_file(file.fileno(), 2_999_990, 100) == 10
    stream.end_sending()
    concurrency.wait_task(receiving)
    assert received == b"head" + data + b"tail" + data[1_000_000:] + data[-10:]


def test_a_long_reply_lets_others_have_their_turn(pair):
    stream, _ = pair
    turns = []
    concurrency.spawn(turns.append, "another's")
    stream.send(b"some")
    stream.let_others()
    assert not turns
    stream.sent += SENT_IN_A_ROW_BYTES
    stream.let_others()
    assert turns
    concurrency.spawn(turns.append, "again")
    stream.let_others()
    assert len(turns) == 1


def test_a_vanished_peer(pair):
    stream, theirs = pair
    theirs.close()
    with pytest.raises(Gone):
        stream.send(b"x")
    assert stream.broken
