"""Request metrics for Prometheus, cheap where requests pass.

The hot path adds to plain numbers; Prometheus' own objects are made when
somebody asks (``collect``).  The registry is handed in: there is none by default.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.http.edge import AccessSink

# From a cache hit on loopback to a stalled replica.
LATENCY_BOUNDS_SECONDS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
SWITCHING_PROTOCOLS = 101
# Any other method counts as one: clients must not invent time series.
KNOWN_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "COPY"})


class MethodTally:
    """One method's sums."""

    __slots__ = ("buckets", "bytes_in", "bytes_out", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(LATENCY_BOUNDS_SECONDS) + 1)
        self.seconds = 0.0
        self.bytes_in = 0
        self.bytes_out = 0


class RequestMetrics(Collector):
    """Counts requests, bytes and durations; an ``AccessSink``."""

    def __init__(self, registry: CollectorRegistry, server: str) -> None:
        """``server`` says which server this is: the label of every series."""
        self._server = server
        self._tallies: dict[str, MethodTally] = {}
        self._handshakes: Callable[[], int] | None = None
        registry.register(self)

    def tell_handshakes(self, failed: Callable[[], int]) -> None:
        """Of a server that speaks TLS: how many failed, since it began."""
        self._handshakes = failed

    def record(self, entry: AccessEntry) -> None:
        """Count one request; none that became a connection of its own, whose time
        and bytes are not those of an answer."""
        if entry.status == SWITCHING_PROTOCOLS:
            return
        self.count(
            entry.method, entry.status, entry.seconds, entry.bytes_in, entry.bytes_out
        )

    def count(
        self, method: str, status: int, seconds: float, bytes_in: int, bytes_out: int
    ) -> None:
        """Count one request, or a call that came otherwise."""
        if method not in KNOWN_METHODS:
            method = "other"
        tally = self._tallies.get(method)
        if tally is None:
            tally = self._tallies[method] = MethodTally()
        statuses = tally.statuses
        statuses[status] = statuses.get(status, 0) + 1
        tally.buckets[bisect_left(LATENCY_BOUNDS_SECONDS, seconds)] += 1
        tally.seconds += seconds
        tally.bytes_in += bytes_in
        tally.bytes_out += bytes_out

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told."""
        labels = ["server", "method"]
        requests = CounterMetricFamily(
            "ringstack_requests", "Requests answered", labels=[*labels, "status"]
        )
        received = CounterMetricFamily(
            "ringstack_received_bytes", "Body bytes received", labels=labels
        )
        sent = CounterMetricFamily(
            "ringstack_sent_bytes", "Body bytes sent", labels=labels
        )
        duration = HistogramMetricFamily(
            "ringstack_request_seconds", "Time to answer", labels=labels
        )
        for method, tally in list(self._tallies.items()):
            values = [self._server, method]
            for status, count in tally.statuses.items():
                requests.add_metric([*values, str(status)], count)
            received.add_metric(values, tally.bytes_in)
            sent.add_metric(values, tally.bytes_out)
            duration.add_metric(values, _cumulated(tally.buckets), tally.seconds)
        yield from (requests, received, sent, duration)
        if self._handshakes is not None:
            failed = CounterMetricFamily(
                "ringstack_failed_handshakes",
                "Callers with whom TLS was not agreed upon",
                labels=["server"],
            )
            failed.add_metric([self._server], self._handshakes())
            yield failed


def _cumulated(counts: Sequence[int]) -> list[tuple[str, float]]:
    """Prometheus' buckets: each holds all that were as fast or faster."""
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip(LATENCY_BOUNDS_SECONDS, counts, strict=False):
        total += count
        buckets.append((repr(bound), total))
    buckets.append(("+Inf", total + counts[-1]))
    return buckets


class AccessSinks:
    """Several access sinks as one: the log and the metrics."""

    __slots__ = ("_sinks",)

    def __init__(self, sinks: Sequence[AccessSink]) -> None:
        self._sinks = tuple(sinks)

    def record(self, entry: AccessEntry) -> None:
        """Tell every sink of the request."""
        for sink in self._sinks:
            sink.record(entry)
