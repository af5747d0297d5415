"""A seed is the whole run: the same again, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEEDS = (3, 4)


def _last_line(seed: int, hash_seed: str) -> str:
    """Facts and digest of a run in a new interpreter."""
    ran = subprocess.run(
        [sys.executable, "-m", "test.sim", "--seed", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.stdout.splitlines()[-1].partition("digest ")[2]


def test_the_same_seed_is_the_same_run() -> None:
    for seed in SEEDS:
        first, second = _last_line(seed, "1"), _last_line(seed, "2")
        assert first == second
        assert first
    assert _last_line(SEEDS[0], "3") != _last_line(SEEDS[1], "3")
