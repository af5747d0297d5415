"""Calls that block or burn CPU, made on native threads while other greenlets go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple

import eventlet.tpool

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_run_native: Callable[..., Any] = eventlet.tpool.execute


def offload(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """Run ``function`` on a native thread; only the calling greenlet waits."""
    return _run_native(function, *arguments)  # type: ignore[no-any-return]


def offload_nothing() -> None:
    """From now on the caller makes such calls itself: for simulated time."""
    global _run_native
    _run_native = _run_at_once


def are_used() -> bool:
    """Whether ``offload`` does so, as it does outside of simulated time."""
    return _run_native is not _run_at_once


def _run_at_once(function: Callable[..., T], *arguments: Any) -> T:
    return function(*arguments)
