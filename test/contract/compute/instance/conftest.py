from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.instance.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A furnished house."""
    yield from furnished(tmp_path)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of a module: those that do not mind what others did there."""
    yield from furnished(tmp_path_factory.mktemp("house"))


def furnished(directory: Path) -> Iterator[House]:
    found = House(directory)
    found.furnish()
    yield found
    found.close()
