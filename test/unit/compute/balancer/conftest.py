"""Load balancer rooms for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.balancer.house import House

Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """``make(**settings)``: a room with other settings, and a host that lives."""
    made: list[House] = []

    def make_house(**settings: Any) -> House:
        made.append(House(tmp_path, **settings))
        made[-1].network.report()
        made[-1].hear()
        return made[-1]

    yield make_house
    for house in made:
        house.close()


@pytest.fixture
def house(make: Make) -> House:
    return make()
