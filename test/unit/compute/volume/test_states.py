"""Every (status, action) pair answers 2xx or 4xx as the table says, and ends stable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from compute.volume.model import ACTIONS, STATUSES
from test.unit.compute.volume.house import House
from test.unit.compute.volume.states import (
    BY_ATTACHMENTS,
    QUIET,
    STATES,
    UNLIMITED,
    clear,
    is_stable,
    requests,
)

SEED = 20261121
WALKS, STEPS = 10, 14


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, **UNLIMITED, backup_piece=2**28)
    found.ok("POST", "/types", {"volume_type": {"name": "other"}}, roles="admin")
    # Uploads of a whole GiB each would only take time.
    found.wiring.driver.size = lambda disk: 2**20  # type: ignore[method-assign]
    yield found
    found.close()


def test_every_status_of_the_table_is_one() -> None:
    for action in ACTIONS.values():
        assert action.statuses <= set(STATUSES)


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_action_in_a_status(house: House, state: str) -> None:
    backup_id = house.backup(house.create())
    volume_id = STATES[state](house)
    for name, ask in requests(house, backup_id).items():
        assert house.status(volume_id) == state, (state, name)
        got = ask(volume_id)
        assert 200 <= got.status < 300 or 400 <= got.status < 410, (state, name, got)
        if name in ACTIONS and name not in QUIET | BY_ATTACHMENTS:
            legal = state in ACTIONS[name].statuses
            assert (got.status < 300) == legal, (state, name, got)
        if house.status(volume_id) == state and got.status >= 300:
            continue
        house.work()
        assert is_stable(house, volume_id), (state, name, house.status(volume_id))
        clear(house, volume_id)
        volume_id = STATES[state](house)
    clear(house, volume_id)
    assert house.leftovers() == []


def test_random_walks_end_stable(house: House) -> None:
    random = Random(SEED)
    backup_id = house.backup(house.create())
    asked = requests(house, backup_id)
    for walk in range(WALKS):
        volume_id = house.order()
        steps = []
        for _ in range(STEPS):
            name = random.choice(sorted(asked))
            got = asked[name](volume_id)
            steps.append((name, got.status))
            assert got.status < 300 or 400 <= got.status < 410, (SEED, walk, steps)
            if random.random() < 0.6:
                house.work()
        house.work()
        assert is_stable(house, volume_id), (SEED, walk, steps, house.status(volume_id))
        if house.status(volume_id):
            clear(house, volume_id)
    assert house.leftovers() == []
