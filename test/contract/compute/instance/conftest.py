from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.instance.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A furnished house."""
    found = House(tmp_path)
    found.furnish()
    yield found
    found.close()
