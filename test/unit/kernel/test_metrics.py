"""Request metrics: what was recorded is what Prometheus is told."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.metrics import AccessSinks, RequestMetrics
from objectstore.kernel.request import Context


def recorded(metrics, method="GET", status=200, seconds=0.003) -> None:
    metrics.record(
        AccessEntry("::1", method, "/", status, 10, 4096, seconds, Context(), "")
    )


def test_counts_bytes_and_durations():
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry, "proxy")
    sinks = AccessSinks([metrics])
    for seconds in (0.0001, 0.003, 0.005, 99.0):
        recorded(sinks, seconds=seconds)
    recorded(sinks, status=404)
    recorded(sinks, method="FROBNICATE")

    def value(name, **labels):
        return registry.get_sample_value(name, {"server": "proxy", **labels})

    assert value("ringstack_requests_total", method="GET", status="200") == 4
    assert value("ringstack_requests_total", method="GET", status="404") == 1
    assert value("ringstack_requests_total", method="other", status="200") == 1
    assert value("ringstack_sent_bytes_total", method="GET") == 5 * 4096
    assert value("ringstack_received_bytes_total", method="GET") == 50
    bucket = "ringstack_request_seconds_bucket"
    assert value(bucket, method="GET", le="0.0005") == 1
    assert value(bucket, method="GET", le="0.005") == 4
    assert value(bucket, method="GET", le="30.0") == 4
    assert value(bucket, method="GET", le="+Inf") == 5
    assert value("ringstack_request_seconds_count", method="GET") == 5


def test_what_became_a_connection_of_its_own_is_no_answer():
    registry = CollectorRegistry()
    recorded(RequestMetrics(registry, "node"), status=101, seconds=3600.0)
    labels = {"server": "node", "method": "GET"}
    assert registry.get_sample_value("ringstack_request_seconds_sum", labels) is None
