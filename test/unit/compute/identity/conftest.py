"""A fresh room for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.unit.compute.identity.house import House, make_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = make_house(tmp_path)
    yield made
    made.parts.database.close()
