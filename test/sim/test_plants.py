"""The simulation finds bugs: each of eleven is caught within a few seeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from test.sim import plants, plants_of_stories
from test.sim.machine import Plant
from test.sim.many import run_apart

# Measured: the first seeds for most of them, every tenth for the rarest.
SEEDS_MAX = 40


@pytest.mark.parametrize(("plant", "is_storm"), plants.ALL + plants_of_stories.ALL)
def test_a_planted_bug_is_found(plant: Callable[[], Plant], is_storm: bool) -> None:
    for seed in range(SEEDS_MAX):
        if run_apart(seed, plant(), is_storm=is_storm).wrong:
            return
    raise AssertionError(f"{plant.__name__} was not found by {SEEDS_MAX} seeds")
