"""Failures on purpose.

A ``Fault`` is asked before each call that changes something takes effect, and again
after it: a call that fails *after* it took effect is the killed agent's case.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal

Moment = Literal["before", "after"]
Fault = Callable[[str, str, Moment], Exception | None]
"""``fault(method, uuid, moment)``: what to raise there, or None."""


def perhaps_fail(fault: Fault | None, method: str, uuid: str, moment: Moment) -> None:
    """Raise what the fault wants raised there."""
    error = fault(method, uuid, moment) if fault is not None else None
    if error is not None:
        raise error


@contextlib.contextmanager
def perhaps_failing(fault: Fault | None, method: str, uuid: str) -> Iterator[None]:
    """What is done within may fail before, or after it was done."""
    perhaps_fail(fault, method, uuid, "before")
    yield
    perhaps_fail(fault, method, uuid, "after")
