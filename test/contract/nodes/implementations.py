"""The tables of implementations that the suite runs over.

A maker takes a directory and an ``ExitStack`` for what must be closed, and
returns a node that holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from test.fakes.nodes import (
    Faults,
    Faulty,
    MemoryAccountNode,
    MemoryContainerNode,
    MemoryObjectNode,
)

Maker = Callable[[Path, ExitStack], Any]


def _plain(make: Callable[[], Any]) -> Maker:
    return lambda directory, stack: make()


def _faultless(make: Callable[[], Any]) -> Maker:
    return lambda directory, stack: Faulty(make(), Faults())


OBJECT: dict[str, Maker] = {
    "memory": _plain(MemoryObjectNode),
    "faulty": _faultless(MemoryObjectNode),
}
CONTAINER: dict[str, Maker] = {
    "memory": _plain(MemoryContainerNode),
    "faulty": _faultless(MemoryContainerNode),
}
ACCOUNT: dict[str, Maker] = {
    "memory": _plain(MemoryAccountNode),
    "faulty": _faultless(MemoryAccountNode),
}
