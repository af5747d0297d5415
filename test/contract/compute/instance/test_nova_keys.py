"""Every document of Nova's API has exactly the reference's keys, in every version.

The table (``reference/keys.toml``) is of the reference; ``walk.py`` fetches each of its
documents from a live room with simulated hosts, at every version where something
changes and the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.contract.compute.instance.reference import tables
from test.contract.compute.instance.walk import DOCUMENTS, Place, furnished
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import UNLIMITED

# Answered by a guest's host while the caller waits: ``test_guest_answers`` has them.
WAITING = {"server-diagnostics", "console-output"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory: Path = tmp_path_factory.mktemp("house")
    house = House(directory, **UNLIMITED)
    house.furnish()
    yield furnished(house)
    house.close()


def test_the_walk_fetches_every_document() -> None:
    assert set(DOCUMENTS) == set(tables.names()) - WAITING


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_keys(place: Place, name: str) -> None:
    wrong = []
    for minor in tables.edges(name):
        expected = tables.keys_at(name, minor)
        found = DOCUMENTS[name](place, minor)
        keys = None if found is None else frozenset(found)
        if keys != expected:
            missing = sorted((expected or frozenset()) - (keys or frozenset()))
            added = sorted((keys or frozenset()) - (expected or frozenset()))
            wrong.append((f"2.{minor}", "missing", missing, "added", added))
    assert wrong == []
