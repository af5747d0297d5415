"""What must end in time: a block of code that is left when its seconds are over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import eventlet

from objectstore.kernel.errors import DeadlineExceeded


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise ``DeadlineExceeded`` in this greenlet after ``seconds`` (None: never)."""
    if seconds is None:
        yield
        return
    timer = eventlet.Timeout(seconds)
    try:
        yield
    except eventlet.Timeout as caught:
        if caught is not timer:
            raise
        raise DeadlineExceeded(f"no answer within {seconds:g} s") from None
    finally:
        timer.cancel()
