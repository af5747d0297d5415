"""A worker's part of ``/metrics`` and ``/recon``, and which release it is of."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import CollectorRegistry

from objectstore.app.device_metrics import device_families
from objectstore.app.devices import LocalDevices
from objectstore.app.figures import device_figures
from objectstore.app.samples import registered, to_plain


def own_figures(
    devices: LocalDevices, registry: CollectorRegistry, now: float
) -> dict[str, Any]:
    """Of this worker's devices and requests; ``now`` in seconds since the epoch."""
    figures = [device_figures(opened, now) for opened in devices.opened.values()]
    series = registered(registry)
    series += to_plain(device_families(figures, devices.unserved))
    return {"devices": figures, "unserved": devices.unserved, "series": series}


def own_version() -> str:
    """The release that is installed."""
    try:
        return version("ringstack")
    except PackageNotFoundError:
        return "unknown"
