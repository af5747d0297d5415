"""Volume rooms for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.volume.house import House, Make


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """``make(**settings)``: a room with other settings."""
    made: list[House] = []

    def make_house(**settings: Any) -> House:
        made.append(House(tmp_path, **settings))
        return made[-1]

    yield make_house
    for house in made:
        house.close()


@pytest.fixture
def house(make: Make) -> House:
    return make()
