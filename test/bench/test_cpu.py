"""CPU per operation must not creep up: compared with ``baseline.json``.

    tox -e bench

Requests go to a store of its own, in slices of a quarter of a second, and before and
after each slice runs the calibration: what neighbours do to the processor and its
caches they do to both.  A slice's CPU in turns of the calibration, the *lower quartile*
of all rounds, may be 30 % over the baseline: the median is moved more by a crowd, the
least by a single odd calibration.  Rounds go on until all is shown to be well, at
least ``ROUNDS_MIN``, at most ``ROUNDS_MAX``; nothing is asserted about elapsed time.

So that a slice costs the same however the machine is loaded, requests come in volleys:
one on each connection, and the next volley when all are answered.  Server and test
share one processor and neither is woken into the other's turn, or what is answered
together, and so the cost of one, would depend on who else wants the processors.

After a change that is meant to cost, or that saves much, run
``python -m test.bench.test_cpu`` and commit what it writes.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from test.bench.calibration import Calibration
from test.bench.driver import request
from test.bench.processes import cpu_seconds
from test.bench.store import CONTAINERS, WORKS, Bench, store

BASELINE = Path(__file__).with_name("baseline.json")
ALLOWED = 1.30
ROUNDS_MIN = 5
ROUNDS_MAX = 20
# Of the baseline: on a quiet machine, for once.
ROUNDS_RECORDED = 20
# No round is begun afterwards: a crowded machine takes some seconds for one.
SECONDS_MAX = 30.0
CONNECTIONS = 16
# Of one slice: long enough for the 10 ms that CPU time is counted in.
REQUESTS = {"PUT": 480, "GET": 1440, "HEAD": 1440, "DELETE": 480}
BODY = b"x" * 4096
RECEIVE_BYTES = 256 * 1024


@contextmanager
def one_processor() -> Iterator[None]:
    """This process, and those that it starts, on one processor and as batch jobs, which
    do not interrupt each other.  As far as the system allows it."""
    allowed, policy = os.sched_getaffinity(0), os.sched_getscheduler(0)
    with suppress(OSError):
        os.sched_setaffinity(0, {max(allowed)})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, policy, os.sched_param(0))
        os.sched_setaffinity(0, allowed)


class Slices:
    """CPU of slices, in turns of the calibration, by kind of request."""

    def __init__(self, bench: Bench, sockets: list[socket.socket]) -> None:
        self._bench = bench
        self._sockets = sockets
        self._calibration = Calibration()
        self._turn = self._calibration.microseconds_per_turn()
        self._rounds = 0
        self.costs: dict[str, list[float]] = {method: [] for method in REQUESTS}

    def measure(self) -> None:
        """One round."""
        for method in REQUESTS:
            spent = self._slice(method)
            after = self._calibration.microseconds_per_turn()
            self.costs[method].append(2 * spent / (self._turn + after))
            self._turn = after
        self._rounds += 1

    def quartiles(self) -> dict[str, float]:
        """The lower ones, so far."""
        return {
            method: statistics.quantiles(costs, n=4, method="inclusive")[0]
            for method, costs in self.costs.items()
        }

    def _slice(self, method: str) -> float:
        """CPU microseconds of a request."""
        count = REQUESTS[method]
        requests = [self._request(method, number) for number in range(count)]
        before = cpu_seconds(self._bench.pid)
        for first in range(0, count, CONNECTIONS):
            for connection, each in zip(self._sockets, requests[first:], strict=False):
                connection.sendall(each)
            for connection in self._sockets:
                receive(connection, has_body=method != "HEAD")
        return (cpu_seconds(self._bench.pid) - before) / count * 1e6

    def _request(self, method: str, number: int) -> bytes:
        """GET, HEAD and DELETE ask for what PUT has made in the same round."""
        number %= REQUESTS["PUT"]
        name = f"4k-{number % CONTAINERS}/{self._rounds}-{number}"
        body = BODY if method == "PUT" else b""
        return request(method, f"{self._bench.path}/{name}", self._bench.token, body)


def receive(connection: socket.socket, *, has_body: bool) -> None:
    """One reply, which must be a good one."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(RECEIVE_BYTES)
        assert piece, "the server has closed a connection"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert head[9:10] == b"2", head
    _, _, length = head.lower().partition(b"\r\ncontent-length:")
    left = int(length.partition(b"\r\n")[0]) if length and has_body else 0
    left -= len(body)
    while left > 0:
        left -= len(connection.recv(RECEIVE_BYTES))


def measured(limits: dict[str, float]) -> dict[str, float]:
    """What a request of each kind costs, by all rounds, or by those until none is
    over its limit."""
    rounds_min = ROUNDS_MIN if limits else ROUNDS_RECORDED
    with one_processor(), store(workers=1) as bench, ExitStack() as stack:
        bench.seed(next(work for work in WORKS if work.name == "put-4k"))
        sockets = [
            stack.enter_context(socket.create_connection(("127.0.0.1", bench.port)))
            for _ in range(CONNECTIONS)
        ]
        for each in sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        slices = Slices(bench, sockets)
        # The first is for what is done but once.
        slices.measure()
        for costs in slices.costs.values():
            costs.clear()
        began = time.monotonic()
        for number in range(1, ROUNDS_MAX + 1):
            slices.measure()
            if number >= rounds_min and not grown(slices.quartiles(), limits):
                break
            if number >= ROUNDS_MIN and time.monotonic() - began > SECONDS_MAX:
                break
    return slices.quartiles()


def grown(costs: dict[str, float], limits: dict[str, float]) -> list[str]:
    """The kinds of requests over their limits."""
    return [method for method, limit in limits.items() if costs[method] > limit]


def test_cpu_per_operation_has_not_grown() -> None:
    baseline = json.loads(BASELINE.read_text())
    limits = {method: ALLOWED * baseline[method] for method in REQUESTS}
    costs = measured(limits)
    shown = {
        method: f"{cost:.1f} turns, {cost / baseline[method] - 1:+.0%}"
        for method, cost in costs.items()
    }
    print(shown)
    assert not grown(costs, limits), f"against {BASELINE.name}: {shown}"


def main() -> None:
    """Write the baseline anew."""
    costs = {method: round(cost, 2) for method, cost in measured({}).items()}
    BASELINE.write_text(json.dumps(costs, indent=1) + "\n")
    print(costs)


if __name__ == "__main__":
    main()
