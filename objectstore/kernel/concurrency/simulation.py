"""This process in simulated time."""

from __future__ import annotations

from typing import Any

import eventlet.hubs

from objectstore.kernel.concurrency import native_threads, sleeper, turns


def simulate(hub: Any) -> Any:
    """Let this process run in simulated time: on another hub (a class of
    eventlet's kind; its instance is returned), native calls made by the caller."""
    native_threads.offload_nothing()
    # A timer each: the simulation tells by the timer whose life a call belongs to.
    turns.call_by_timers()
    sleeper.time_exactly()
    eventlet.hubs.use_hub(hub)
    return eventlet.hubs.get_hub()
