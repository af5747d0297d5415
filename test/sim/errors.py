"""Exceptions that no part of the store may ever raise, as its log tells of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.kernel.errors import RingstackError


class _Errors(logging.Handler):
    """Collects exceptions that no part of the store may ever raise."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, RingstackError):
            self._found.append(f"{record.getMessage()}: {error!r}")


@contextmanager
def program_errors() -> Iterator[list[str]]:
    """What the store logs of errors of its own making."""
    found: list[str] = []
    handler = _Errors(found)
    logger = logging.getLogger("objectstore")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
