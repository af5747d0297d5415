"""Network rooms for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from test.unit.compute.many import houses
from test.unit.compute.network.house import House

Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """``make(**settings)``: a room with other settings."""
    with houses(House, tmp_path) as make_house:
        yield make_house


@pytest.fixture
def house(make: Make) -> House:
    return make()
