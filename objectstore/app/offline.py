"""Daemons without servers: on devices that nobody serves, opened for them alone."""

from __future__ import annotations

import signal
from dataclasses import asdict
from typing import Any

from objectstore.app.daemons import Ran, loops_of, run_once
from objectstore.app.worker import StoreWorker
from objectstore.kernel import concurrency
from objectstore.kernel.signals import on_signals
from objectstore.settings import StoreSettings


def run_round(settings: StoreSettings, daemon: str) -> list[dict[str, Any]]:
    """Let a daemon do a whole round."""
    worker = StoreWorker(settings, 0, 1)
    try:
        ran = run_once(daemon, worker.open_all())
    finally:
        worker.stop()
    return [asdict(each) for each in ran]


def run_until_told(settings: StoreSettings, daemon: str) -> list[dict[str, Any]]:
    """Run a daemon until we are told to stop."""
    worker = StoreWorker(settings, 0, 1)
    try:
        found = loops_of(daemon, worker.open_all())
        for _, _, loop in found:
            loop.start()
        stop = concurrency.Event()
        on_signals({signal.SIGTERM: stop.set, signal.SIGINT: stop.set})
        stop.wait()
    finally:
        worker.stop()
    return [
        asdict(Ran(device, loop.step.name, room, "")) for device, room, loop in found
    ]
