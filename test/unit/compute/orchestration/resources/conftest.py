"""What tests of resources of stacks share: a house of rooms, and a bench in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.instance.furnished import furnished_house
from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.orchestration.resources.bench import Bench


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Image, network, volume and compute rooms with simulated hosts, furnished."""
    found = furnished_house(tmp_path)
    yield found
    found.close()


@pytest.fixture
def bench(house: House) -> Bench:
    """For a member of OWNER."""
    return Bench(house.parts.callers, house.clock, OWNER, house.work)


@pytest.fixture
def admin(house: House) -> Bench:
    """For an administrator."""
    return Bench(house.parts.callers, house.clock, OWNER, house.work, roles="admin")
