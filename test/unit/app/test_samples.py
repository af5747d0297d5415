"""One page for all workers: what Prometheus' own parser makes of it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from objectstore.app.device_metrics import device_families
from objectstore.app.samples import registered, render, to_plain
from objectstore.kernel.journal.figures import CommitFigures


def room(**more: object) -> dict[str, object]:
    figures = CommitFigures()
    figures.count(3, 0.002)
    figures.count(300, 9.0)
    return {
        "room": "objects",
        "policy": 0,
        "commit": {
            "batches": figures.batches,
            "records": figures.records,
            "failures": figures.failures,
            "seconds": figures.seconds,
            "sizes": figures.sizes,
            "times": figures.times,
        },
        "waiting": {"rows_owed": 4},
        "counts": {"expired": 2},
        "quarantined": 1,
        "quarantines": 5,
        "audit": {"bytes_verified": 10, "oldest_unverified_seconds": 7.5},
        "replication": None,
        **more,
    }


DEVICE = {
    "device": "d1",
    "total_bytes": 100,
    "free_bytes": 60,
    "reserve_bytes": 10,
    "body_reserve_bytes": 20,
    "failing_loops": [],
    "rooms": [room()],
}


def parsed(page: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_workers_are_told_apart() -> None:
    pages = {}
    for worker in (0, 1):
        registry = CollectorRegistry()
        Counter("jobs", "Jobs", registry=registry).inc(worker + 5)
        Gauge("load", "Load", registry=registry).set(worker)
        pages[worker] = [registered(registry)]
    page = render(pages)
    assert page.count(b"# TYPE jobs_total") == 1
    samples = parsed(page)
    for worker in (0, 1):
        label = frozenset({("worker", str(worker))})
        assert samples["jobs_total", label] == worker + 5
        assert samples["load", label] == worker


def test_a_device() -> None:
    families = to_plain(device_families([DEVICE], ["d2"]))
    samples = parsed(render({0: [families]}))
    here = {("device", "d1"), ("room", "objects"), ("policy", "0"), ("worker", "0")}

    def value(name: str, *more: tuple[str, str]) -> float:
        return samples[name, frozenset({*here, *more})]

    assert value("ringstack_waiting", ("queue", "rows_owed")) == 4
    assert value("ringstack_daemon_total", ("what", "expired")) == 2
    assert value("ringstack_audit_oldest_seconds") == 7.5
    assert value("ringstack_quarantined") == 1
    assert value("ringstack_commit_records_bucket", ("le", "4.0")) == 1
    assert value("ringstack_commit_records_bucket", ("le", "+Inf")) == 2
    assert value("ringstack_commit_records_sum") == 303
    assert value("ringstack_commit_seconds_bucket", ("le", "0.0025")) == 1
    served = frozenset({("device", "d2"), ("worker", "0")})
    assert samples["ringstack_device_served", served] == 0
