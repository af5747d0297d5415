"""Volume rooms for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.many import houses
from test.unit.compute.volume.house import House, Make


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """``make(**settings)``: a room with other settings."""
    with houses(House, tmp_path) as make_house:
        yield make_house


@pytest.fixture
def house(make: Make) -> House:
    return make()
