"""CPU per operation must not creep up: compared with ``baseline.json``.

    tox -e bench

Requests go to a store of its own, in slices of a quarter of a second, and before and
after each slice runs the calibration: what neighbours do to the processor and its
caches they do to both.  A slice's CPU in turns of the calibration, the *lower quartile*
of all rounds, may be 30 % over the baseline: the median is moved more by a crowd, the
least by a single odd calibration.  Rounds go on until all is shown to be well, at
least ``ROUNDS_MIN``, at most ``ROUNDS_MAX``; nothing is asserted about elapsed time.

In a crowd the same slice costs from 0.9 to 1.5 of the baseline, without any change.
The calibration tells: on a calm machine its upper quartile is 2 % above its lower one,
with eight neighbours 8 %.  Where it is more than ``CALM_SPREAD`` there are more rounds,
and their *lower tenth* counts, which is that of the moments when the neighbours were
quiet.  When even that is over the limit, but not by as much as a crowd never does
(``CROWDED_ALLOWED``), nothing is known, and the test is skipped.

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

import pytest

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
# Upper by lower quartile of the calibration.
CALM_SPREAD = 1.04
CROWDED_ALLOWED = 1.60
CROWDED_ROUNDS_MIN = 10
CROWDED_ROUNDS_MAX = 40
CROWDED_SECONDS_MAX = 90.0
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


class Costs:
    """CPU of slices, in turns of the calibration, by kind of request."""

    def __init__(self) -> None:
        self.turns: list[float] = []  # of the calibration, in microseconds
        self.slices: dict[str, list[float]] = {method: [] for method in REQUESTS}

    @property
    def rounds(self) -> int:
        return min(map(len, self.slices.values()))

    @property
    def is_crowded(self) -> bool:
        """Whether others want the processors, too."""
        if len(self.turns) < 2:
            return False
        lower, _, upper = statistics.quantiles(self.turns, n=4, method="inclusive")
        return upper > CALM_SPREAD * lower

    def compared(self) -> dict[str, float]:
        """What may be compared with the baseline."""
        parts = 10 if self.is_crowded else 4
        return {
            method: statistics.quantiles(costs, n=parts, method="inclusive")[0]
            for method, costs in self.slices.items()
        }

    def is_enough(self, limits: dict[str, float], elapsed: float) -> bool:
        """Whether no more rounds are needed, or worth it."""
        least, most, seconds_max = ROUNDS_MIN, ROUNDS_MAX, SECONDS_MAX
        if self.is_crowded:
            least, most = CROWDED_ROUNDS_MIN, CROWDED_ROUNDS_MAX
            seconds_max = CROWDED_SECONDS_MAX
        if not limits:
            return self.rounds >= ROUNDS_RECORDED
        if self.rounds >= least and not grown(self.compared(), limits):
            return True
        return self.rounds >= most or (
            self.rounds >= ROUNDS_MIN and elapsed > seconds_max
        )


class Slices:
    """Measures them."""

    def __init__(self, bench: Bench, sockets: list[socket.socket]) -> None:
        self._bench = bench
        self._sockets = sockets
        self._calibration = Calibration()
        self._turn = self._calibration.microseconds_per_turn()
        self._rounds = 0
        self.costs = Costs()

    def measure(self) -> None:
        """One round."""
        for method in REQUESTS:
            spent = self._slice(method)
            after = self._calibration.microseconds_per_turn()
            self.costs.slices[method].append(2 * spent / (self._turn + after))
            self.costs.turns.append(after)
            self._turn = after
        self._rounds += 1

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


def measured(limits: dict[str, float]) -> Costs:
    """What a request of each kind costs, by all rounds, or by those until none is
    over its limit."""
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
        slices.costs = Costs()
        began = time.monotonic()
        while not slices.costs.is_enough(limits, time.monotonic() - began):
            slices.measure()
    return slices.costs


def grown(costs: dict[str, float], limits: dict[str, float]) -> list[str]:
    """The kinds of requests over their limits."""
    return [method for method, limit in limits.items() if costs[method] > limit]


def test_cpu_per_operation_has_not_grown() -> None:
    baseline = json.loads(BASELINE.read_text())
    limits = {method: ALLOWED * baseline[method] for method in REQUESTS}
    found = measured(limits)
    costs = found.compared()
    shown = {
        method: f"{cost:.1f} turns, {cost / baseline[method] - 1:+.0%}"
        for method, cost in costs.items()
    }
    print(shown)
    if found.is_crowded and grown(costs, limits):
        limits = {method: CROWDED_ALLOWED * baseline[method] for method in REQUESTS}
        if not grown(costs, limits):
            pytest.skip(f"too crowded a machine to tell: {shown}")
    assert not grown(costs, limits), f"against {BASELINE.name}: {shown}"


def recorded(factor: float, turns: list[float]) -> Costs:
    """As if everything cost so much more than the baseline, in rounds as a crowd makes
    them."""
    costs = Costs()
    costs.turns = turns
    seen = [1.34, 1.45, 1.32, 1.44, 0.97, 1.37, 1.33, 1.38, 1.37, 1.36, 1.31, 1.3, 1.0]
    for method in REQUESTS:
        costs.slices[method] = [factor * each for each in seen]
    return costs


CALM = [24.3, 24.5, 24.6, 24.8] * 13
CROWDED = [23.8, 24.4, 25.1, 26.9] * 13
LIMITS = dict.fromkeys(REQUESTS, ALLOWED)


def test_a_crowd_is_told_from_a_growth() -> None:
    crowded = recorded(1.0, CROWDED)
    assert crowded.is_crowded and not grown(crowded.compared(), LIMITS)
    assert crowded.is_enough(LIMITS, 0.0)
    for turns in (CALM, CROWDED):
        assert grown(recorded(1.3, turns).compared(), LIMITS) == list(REQUESTS)
    calm = recorded(1.0, CALM)
    assert not calm.is_crowded and grown(calm.compared(), LIMITS) == list(REQUESTS)


def test_rounds_end() -> None:
    crowded, calm = recorded(1.3, CROWDED), recorded(1.3, CALM)
    assert not crowded.is_enough(LIMITS, SECONDS_MAX + 1)
    assert crowded.is_enough(LIMITS, CROWDED_SECONDS_MAX + 1)
    assert not calm.is_enough(LIMITS, SECONDS_MAX - 1)
    assert calm.is_enough(LIMITS, SECONDS_MAX + 1)
    assert not Costs().is_enough(LIMITS, SECONDS_MAX + 1)


def main() -> None:
    """Write the baseline anew."""
    found = measured({})
    if found.is_crowded:
        raise SystemExit("others use this machine: the baseline stays as it is")
    costs = {method: round(cost, 2) for method, cost in found.compared().items()}
    BASELINE.write_text(json.dumps(costs, indent=1) + "\n")
    print(costs)


if __name__ == "__main__":
    main()
