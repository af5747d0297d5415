"""What most tests of the S3 face start from."""

from __future__ import annotations

import pytest

from test.unit.s3.house import House


@pytest.fixture
def house() -> House:
    """A store with an empty bucket of Alice's, ``/bucket``."""
    house = House()
    house.bucket()
    return house
