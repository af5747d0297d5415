"""Series of several workers as one page for Prometheus.

A worker sends its series as plain values; whoever was asked puts a label with the
worker's number on each and renders all of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

WORKER_LABEL = "worker"

Plain = list[Any]
"""[name, documentation, type, [[sample's name, labels, value] ...]] of each family."""


def to_plain(families: Iterable[Metric]) -> Plain:
    """The families as values that JSON can carry."""
    return [
        [
            family.name,
            family.documentation,
            family.type,
            [[sample.name, sample.labels, sample.value] for sample in family.samples],
        ]
        for family in families
    ]


def registered(registry: CollectorRegistry) -> Plain:
    """All series of a registry."""
    return to_plain(registry.collect())


def render(workers: Mapping[int, Sequence[Plain]]) -> bytes:
    """The page: every worker's series, each labelled with its worker."""
    families: dict[str, Metric] = {}
    for worker, parts in sorted(workers.items()):
        for name, documentation, kind, samples in _chained(parts):
            family = families.get(name)
            if family is None:
                family = families[name] = Metric(name, documentation, kind)
            for sample_name, labels, value in samples:
                labelled = {**labels, WORKER_LABEL: str(worker)}
                family.add_sample(sample_name, labelled, value)
    return generate_latest(_Collected(families.values()))


def _chained(parts: Sequence[Plain]) -> Iterator[Any]:
    for part in parts:
        yield from part


class _Collected:
    """What ``generate_latest`` asks of a registry."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        """Every family that was given."""
        return self._families
