"""Any run of the simulation keeps the contract."""

from __future__ import annotations

from test.sim.many import run_apart


def test_seed(seed: int) -> None:
    outcome = run_apart(seed)
    assert not outcome.wrong, outcome.report()
    assert outcome.acknowledged > 0
