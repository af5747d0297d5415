"""A device's figures as series for Prometheus; ``doc/api/admin.md`` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric

from objectstore.app.figures import Figures
from objectstore.kernel.journal.figures import SECONDS_BOUNDS, SIZE_BOUNDS

ROOM_LABELS = ("device", "room", "policy")

# (series, where it stands in a room's figures, what it is)
_GAUGES = (
    ("ringstack_quarantined", ("quarantined",), "Bad copies not brought back yet"),
    (
        "ringstack_hung_read_bytes",
        ("hung_read_bytes",),
        "Memory that a disk which hangs has not given back",
    ),
    ("ringstack_log_bytes", ("log", "bytes"), "Bytes of log segments"),
    ("ringstack_log_live_bytes", ("log", "live_bytes"), "Those still needed"),
    ("ringstack_log_segments", ("log", "segments"), "Segments of the log"),
    (
        "ringstack_audit_oldest_seconds",
        ("audit", "oldest_unverified_seconds"),
        "Age of the oldest unverified byte",
    ),
    (
        "ringstack_replication_lag_seconds",
        ("replication", "age_seconds"),
        "Since the end of the last round in which every peer answered",
    ),
    (
        "ringstack_replication_partitions",
        ("replication", "partitions_total"),
        "Partitions of the round",
    ),
    (
        "ringstack_replication_partitions_done",
        ("replication", "partitions_done"),
        "Partitions that the round is through with",
    ),
    (
        "ringstack_replication_eta_seconds",
        ("replication", "eta_seconds"),
        "Until the round under way is through, about",
    ),
    (
        "ringstack_copies_owed",
        ("replication", "copies_owed"),
        "Copies that wait for a device that is away",
    ),
)
_COUNTERS = (
    ("ringstack_quarantines", ("quarantines",), "Bad copies put aside"),
    ("ringstack_commit_failures", ("commit", "failures"), "Commits that failed"),
    ("ringstack_audited_bytes", ("audit", "bytes_verified"), "Bytes verified"),
    ("ringstack_audited_items", ("audit", "items_verified"), "Things verified"),
    ("ringstack_audit_problems", ("audit", "problems"), "Problems found"),
    ("ringstack_audit_rounds", ("audit", "rounds"), "Whole rounds"),
    ("ringstack_replication_rounds", ("replication", "rounds"), "Whole rounds"),
    ("ringstack_replication_keys_sent", ("replication", "keys_sent"), "Keys sent"),
    (
        "ringstack_replication_keys_received",
        ("replication", "keys_received"),
        "Keys fetched",
    ),
    (
        "ringstack_replication_keys_forgotten",
        ("replication", "keys_forgotten"),
        "Handoff copies given up",
    ),
    (
        "ringstack_replication_sent_bytes",
        ("replication", "bytes_sent"),
        "Bytes sent for repair",
    ),
    (
        "ringstack_replication_received_bytes",
        ("replication", "bytes_received"),
        "Bytes fetched for repair",
    ),
    ("ringstack_replication_failures", ("replication", "failures"), "Failed repairs"),
    ("ringstack_copies_healed", ("replication", "copies_healed"), "Copies delivered"),
)
_SPACE = ("total", "free", "reserve", "body_reserve")


def device_families(
    devices: Sequence[Figures], unserved: Iterable[str]
) -> list[Metric]:
    """All series of a worker's devices."""
    rooms = [(device["device"], room) for device in devices for room in device["rooms"]]
    return [
        *_served(devices, unserved),
        *_space(devices),
        *_plain(rooms),
        *_named(rooms),
        *_commits(rooms),
    ]


def _served(devices: Sequence[Figures], unserved: Iterable[str]) -> Iterator[Metric]:
    served = GaugeMetricFamily(
        "ringstack_device_served", "Whether the device is served", labels=["device"]
    )
    failing = GaugeMetricFamily(
        "ringstack_loop_failing", "Loops whose last step failed", labels=["device"]
    )
    for device in devices:
        served.add_metric([device["device"]], 1)
        failing.add_metric([device["device"]], len(device["failing_loops"]))
    for name in unserved:
        served.add_metric([name], 0)
    yield from (served, failing)


def _space(devices: Sequence[Figures]) -> Iterator[Metric]:
    space = GaugeMetricFamily(
        "ringstack_device_bytes",
        "Bytes of the device: all, free, and kept free",
        labels=["device", "kind"],
    )
    for device in devices:
        for kind in _SPACE:
            space.add_metric([device["device"], kind], device[f"{kind}_bytes"])
    yield space


def _plain(rooms: Sequence[tuple[str, Figures]]) -> Iterator[Metric]:
    for family_type, table in (
        (GaugeMetricFamily, _GAUGES),
        (CounterMetricFamily, _COUNTERS),
    ):
        for name, path, text in table:
            family = family_type(name, text, labels=ROOM_LABELS)
            for device, room in rooms:
                value = _at(room, path)
                if value is not None:
                    family.add_metric(_labels(device, room), value)
            yield family


def _named(rooms: Sequence[tuple[str, Figures]]) -> Iterator[Metric]:
    """Queues and counts, which differ from room to room: a label names them."""
    waiting = GaugeMetricFamily(
        "ringstack_waiting", "What waits in a queue", labels=[*ROOM_LABELS, "queue"]
    )
    work = CounterMetricFamily(
        "ringstack_daemon", "What daemons have done", labels=[*ROOM_LABELS, "what"]
    )
    for device, room in rooms:
        labels = _labels(device, room)
        for queue, length in room["waiting"].items():
            waiting.add_metric([*labels, queue], length)
        for what, count in room["counts"].items():
            work.add_metric([*labels, what], count)
    yield from (waiting, work)


def _commits(rooms: Sequence[tuple[str, Figures]]) -> Iterator[Metric]:
    sizes = HistogramMetricFamily(
        "ringstack_commit_records", "Records in one group commit", labels=ROOM_LABELS
    )
    times = HistogramMetricFamily(
        "ringstack_commit_seconds", "Time of one group commit", labels=ROOM_LABELS
    )
    for device, room in rooms:
        labels, commit = _labels(device, room), room["commit"]
        sizes.add_metric(
            labels, _cumulated(SIZE_BOUNDS, commit["sizes"]), commit["records"]
        )
        times.add_metric(
            labels, _cumulated(SECONDS_BOUNDS, commit["times"]), commit["seconds"]
        )
    yield from (sizes, times)


def _labels(device: str, room: Figures) -> list[str]:
    return [device, room["room"], str(room["policy"])]


def _at(figures: Any, path: Sequence[str]) -> Any:
    for name in path:
        if figures is None:
            return None
        figures = figures.get(name)
    return figures


def _cumulated(bounds: Sequence[float], counts: Sequence[int]) -> list[Any]:
    """Prometheus' buckets: each holds all that were as small or smaller."""
    buckets, total = [], 0
    for bound, count in zip(bounds, counts, strict=False):
        total += count
        buckets.append((repr(float(bound)), total))
    buckets.append(("+Inf", total + counts[-1]))
    return buckets
