"""Houses with settings of their own, as many as a test makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar


class Closing(Protocol):
    def close(self) -> None: ...


H = TypeVar("H", bound=Closing)


@contextmanager
def houses(kind: Callable[..., H], directory: Path) -> Iterator[Callable[..., H]]:
    """``make(**settings)``: a house in that directory, closed at the end."""
    with ExitStack() as stack:

        def make(**settings: Any) -> H:
            house = kind(directory, **settings)
            stack.callback(house.close)
            return house

        yield make
