"""What tests of instances share: a house of the rooms they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.instance.furnished import furnished_house
from test.unit.compute.instance.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A furnished house."""
    found = furnished_house(tmp_path)
    yield found
    found.close()


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[House]:
    house = furnished_house(tmp_path, hosts=3)
    house.flavor("large", ram=1024, vcpus=2, disk=2)
    yield house
    house.close()
